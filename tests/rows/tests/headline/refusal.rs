//! Tokens that the service refuses although they should be good.

use framekey::{Error, Service};
use tokio::task::JoinSet;

use super::stage::{Gate, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_06_a_thousand_calls_in_flight_survive_the_end_of_their_token() {
    let stage = Stage::new();
    let client = stage.client(Gate::together(1000));
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let call = client.tags().list();
        calls.spawn(async move { call.response().await.map(|answer| answer.attempts()) });
    }
    // All have a token; the last one opens the gate, and by then it is good no more.
    while stage.exchanges() < 1 || stage.emulator.revoke_access_tokens() == 0 {
        tokio::task::yield_now().await;
    }
    let answers: Result<Vec<u32>, Error> = calls.join_all().await.into_iter().collect();
    assert!(answers.unwrap().iter().all(|attempts| *attempts == 2));
    assert_eq!(stage.exchanges(), 2);
    assert_eq!(stage.emulator.calls(Service::ApiVideo, "tags.list"), 2000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_08_a_service_that_refuses_every_token_is_asked_twice_a_call() {
    let stage = Stage::new();
    let client = stage.client(Gate::narrow(32));
    client.tags().list().await.unwrap();
    stage.emulator.switch(|switches| switches.api_video.refuse_access_tokens = true);
    stage.emulator.clear_journal();
    let error = client.tags().list().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("auth.key_rejected", 2));
    assert_eq!(stage.emulator.journal().len(), 3);
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let call = client.tags().list();
        calls.spawn(async move { call.await.map(drop) });
    }
    for answer in calls.join_all().await {
        assert_eq!(answer.unwrap_err().code(), "auth.key_rejected");
    }
    // The first one, and the one that the first refusal asked for.
    assert_eq!(stage.exchanges(), 2);
    assert!(stage.emulator.calls(Service::ApiVideo, "tags.list") <= 2 * 1002);
}
