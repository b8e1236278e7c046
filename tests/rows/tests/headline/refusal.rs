//! Tokens that the service refuses although they should be good.

use std::sync::Arc;

use framekey::upload::{SMALLEST_PART, Upload};
use framekey::{Error, Service};
use tokio::task::JoinSet;

use super::stage::{Gate, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_06_a_thousand_calls_in_flight_survive_the_end_of_their_token() {
    let stage = Stage::new();
    let gate = Gate::together(1000);
    let client = stage.client(gate.clone());
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let call = client.tags().list();
        calls.spawn(async move { call.response().await.map(|answer| answer.attempts()) });
    }
    while stage.emulator.revoke_access_tokens() == 0 {
        tokio::task::yield_now().await;
    }
    // All have the token, which is good no more.
    gate.open().await;
    let answers: Result<Vec<u32>, Error> = calls.join_all().await.into_iter().collect();
    assert!(answers.unwrap().iter().all(|attempts| *attempts == 2));
    assert_eq!(stage.exchanges(), 2);
    assert_eq!(stage.emulator.calls(Service::ApiVideo, "tags.list"), 2000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_08_e03_a_service_that_refuses_every_token_is_asked_twice_a_call() {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e03_an_upload_outlives_its_token() {
    let stage = Arc::new(Stage::new());
    let client = stage.client(Gate::narrow(32));
    let video = client.videos().create("Holiday").await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(10 * SMALLEST_PART).unwrap();
    let service = Arc::clone(&stage);
    let upload = Upload::file(file.path()).part_size(SMALLEST_PART).on_progress(move |done| {
        if done.parts == 3 {
            service.emulator.revoke_access_tokens();
        }
    });
    let sent = upload.to_video(client.dynamic(), &video.video_id).await.unwrap();
    assert_eq!(sent["videoId"], video.video_id.as_str());
    // One more exchange, and the fourth part twice.
    assert_eq!(stage.exchanges(), 2);
    assert_eq!(stage.emulator.calls(Service::ApiVideo, "videos.upload"), 11);
    assert_eq!(client.videos().list().await.unwrap().data.len(), 1);
}
