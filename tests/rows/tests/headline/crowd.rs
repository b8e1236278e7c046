//! Everyone at once: at a token that has ended, at an exchange that fails, at a leader who leaves.

use std::time::Duration;

use framekey::blocking::Wait;
use framekey::{ApiVideo, Error, Service};
use framekey_emulator::Fault;
use tokio::task::JoinSet;

use super::stage::{Gate, Stage};

const EXCHANGE: &str = "access_tokens.create";

/// A client whose token has ended, and whose next exchange takes 300 ms, so that all arrive before.
async fn ended(stage: &Stage, gate: Gate) -> ApiVideo {
    let client = stage.client(gate);
    client.tags().list().await.unwrap();
    stage.pass(Duration::from_secs(7200));
    let slow = Fault { delay: Some(0.3), ..Fault::of(Service::ApiVideo, EXCHANGE) };
    stage.emulator.fault(slow);
    client
}

async fn at_once(client: &ApiVideo, count: usize) -> Vec<Result<(), Error>> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let call = client.tags().list();
        calls.spawn(async move { call.await.map(drop) });
    }
    calls.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_01_e01_ten_thousand_calls_at_an_ended_token_make_one_exchange() {
    let stage = Stage::new();
    let client = ended(&stage, Gate::narrow(32)).await;
    let answers = at_once(&client, 10_000).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 0, "{:?}", answers[0]);
    assert_eq!((answers.len(), stage.exchanges()), (10_000, 2));
    assert_eq!(stage.emulator.calls(Service::ApiVideo, "tags.list"), 10_001);
}

#[test]
fn tk_01_e01_a_thousand_blocked_threads_at_an_ended_token_make_one_exchange() {
    let stage = Stage::new();
    let client = ended(&stage, Gate::narrow(32));
    let client = async { Ok::<_, Error>(client.await) }.wait().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..1000 {
            let small = std::thread::Builder::new().stack_size(512 << 10);
            small.spawn_scoped(scope, || client.tags().list().wait().unwrap()).unwrap();
        }
    });
    assert_eq!(stage.exchanges(), 2);
    assert_eq!(stage.emulator.calls(Service::ApiVideo, "tags.list"), 1001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_02_ten_thousand_calls_share_one_cycle_that_fails() {
    let stage = Stage::new();
    let client = ended(&stage, Gate::narrow(32)).await;
    let body = serde_json::json!({ "title": "Down" });
    stage.emulator.clear_faults();
    let down = Fault::always(Service::ApiVideo, EXCHANGE, 503, body);
    stage.emulator.fault(Fault { delay: Some(0.1), ..down });
    let answers = at_once(&client, 10_000).await;
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap_err().code(), "auth.exchange_unavailable");
    }
    // The first token, and three attempts of one cycle.
    assert_eq!(stage.exchanges(), 1 + 3);
    assert_eq!(stage.emulator.calls(Service::ApiVideo, "tags.list"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_09_e01_a_leader_who_leaves_takes_nobody_along() {
    let stage = Stage::new();
    let client = ended(&stage, Gate::narrow(32)).await;
    let call = client.tags().list();
    let leader = tokio::spawn(async move { call.await.map(drop) });
    while stage.exchanges() < 2 {
        tokio::time::timeout(Duration::from_secs(5), tokio::task::yield_now()).await.unwrap();
    }
    let others = at_once(&client, 100);
    leader.abort();
    assert!(others.await.iter().all(Result::is_ok));
    assert_eq!(stage.exchanges(), 2);
}

#[test]
fn tk_09_a_runtime_that_stops_hands_the_exchange_over() {
    let stage = Stage::new();
    let client = async { Ok::<_, Error>(ended(&stage, Gate::narrow(32)).await) }.wait().unwrap();
    let doomed =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let call = client.tags().list();
    doomed.spawn(async move { call.await.map(drop) });
    while stage.exchanges() < 2 {
        std::thread::yield_now();
    }
    std::thread::scope(|scope| {
        let others: Vec<_> =
            (0..20).map(|_| scope.spawn(|| client.tags().list().wait().map(drop))).collect();
        doomed.shutdown_background();
        for other in others {
            other.join().unwrap().unwrap();
        }
    });
    assert_eq!(stage.exchanges(), 3);
}
