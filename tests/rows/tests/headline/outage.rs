//! An exchange that is down while the token is good.

use std::time::Duration;

use framekey::Service;
use framekey_emulator::Fault;
use framekey_runtime::Clock as _;

use super::stage::{Gate, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_03_an_outage_of_508_s_before_the_end_of_the_token_is_not_noticed() {
    let stage = Stage::new();
    let client = stage.client(Gate::narrow(32));
    client.tags().list().await.unwrap();
    // The token ends at 3,570 s of age; the service is away from 3,060 s to 2 s before that.
    let born = stage.clock.now().monotonic;
    let age = || stage.clock.now().monotonic - born;
    stage.pass(Duration::from_secs(3060));
    let body = serde_json::json!({ "title": "Down" });
    stage.emulator.fault(Fault::always(Service::ApiVideo, "access_tokens.create", 503, body));
    while age() < Duration::from_secs(3560) {
        client.tags().list().await.unwrap();
        stage.pass(Duration::from_secs(6));
    }
    assert!(stage.exchanges() > 1, "it was not due");
    stage.pass(Duration::from_secs(3568).saturating_sub(age()));
    stage.emulator.clear_faults();
    for _ in 0..20 {
        client.tags().list().await.unwrap();
        stage.pass(Duration::from_secs(6));
    }
    assert_eq!(stage.emulator.counters()["credentials"]["api-video"]["exchanges"], 2);
}
