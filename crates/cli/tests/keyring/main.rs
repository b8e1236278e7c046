//! E32: an API key in the operating system's keyring, put there by another program. The real Secret
//! Service; where it is not installed the tests say that they were skipped.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

mod client;
mod service;

use std::process::Output;
use std::time::{Duration, Instant};

use client::Running;
use framekey::dynamic::Client;
use framekey::{CallOptions, Service};
use framekey_emulator::{Config, Emulator};
use serde_json::{Value, json};
use service::SecretService;

const ENTRY: &str = "default.twelve-labs";

fn run(service: &SecretService, arguments: &[&str], base: &str) -> (Output, String) {
    let mut command = service.command(assert_cmd::cargo::cargo_bin!("framekey"));
    let output =
        command.args(arguments).env("FRAMEKEY_TWELVELABS_BASE_URL", base).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.contains("tlk_"), "{said}");
    (output, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn e32_a_key_in_the_keyring_is_used_and_status_names_its_source() {
    let name = "e32_a_key_in_the_keyring_is_used_and_status_names_its_source";
    let Some(mut service) = SecretService::start(name) else { return };
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let base = emulator.base_url(Service::TwelveLabs);
    let status = ["auth", "status", "--service", "twelve-labs"];
    let call = ["call", "twelve-labs", "indexes.list"];
    let fails = |service: &SecretService, why: &str| {
        let (output, said) = run(service, &call, &base);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in [why, "keyring entry framekey/default.twelve-labs", "TWELVE_LABS_API_KEY"] {
            assert!(said.contains(part), "{said}");
        }
        let (output, said) = run(service, &status, &base);
        assert!(output.status.success() && said.contains(why), "{said}");
    };
    fails(&service, "there is no such entry");
    service.put(ENTRY, &emulator.credentials().twelve_labs_key);
    let (output, said) = run(&service, &call, &base);
    assert!(output.status.success() && said.contains("\"data\""), "{said}");
    let (_, said) = run(&service, &status, &base);
    assert!(said.contains("keyring entry framekey/default.twelve-labs"), "{said}");
    service.lock();
    fails(&service, "the keyring is locked");
    service.stop();
    fails(&service, "no keyring is running");
}

async fn owner(owner: &Client, operation: &str, arguments: Value) -> Value {
    let Value::Object(arguments) = arguments else { panic!("not an object") };
    let call = owner.call(operation, arguments, Vec::new(), CallOptions::default());
    serde_json::from_slice(&call.await.unwrap().body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn e32_a_rotated_entry_is_picked_up_on_a_401_without_a_restart() {
    let name = "e32_a_rotated_entry_is_picked_up_on_a_401_without_a_restart";
    let Some(mut service) = SecretService::start(name) else { return };
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let base = emulator.base_url(Service::VideoVector);
    let jwt = emulator.credentials().videovector_jwt.clone();
    let admin = Client::builder(Service::VideoVector).environment(|_| None);
    let admin: Client = admin.base_url(&base).jwt(jwt).build().unwrap();
    let wanted = json!({ "name": "rotated", "scopes": ["read"] });
    let mut made = owner(&admin, "api_keys.create", wanted).await;
    service.put("vv", made["key"].as_str().unwrap());
    let mut client = Running::start(&service, "videovector", &base);
    assert_eq!(client.call(), "ok");
    for round in 0..3 {
        let arguments = json!({ "key_id": made["key_id"] });
        made = owner(&admin, "api_keys.rotate", arguments).await["new_key"].clone();
        if round == 2 {
            // As when the user signs out and in: another daemon, other sessions.
            service.stop();
            service.open();
        }
        service.put("vv", made["key"].as_str().unwrap());
        assert_eq!(client.call(), "ok", "rotation {round}");
    }
    let refused = emulator.journal().iter().filter(|entry| entry.status == 401).count();
    assert_eq!(refused, 3);
    // One that hangs ends neither a call nor a process, and is not asked again meanwhile.
    service.signal("-STOP");
    let mut other = Running::start(&service, "videovector", &base);
    assert_eq!(other.call(), "timeout.deadline");
    let began = Instant::now();
    assert_eq!(other.call(), "auth.source");
    other.end();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    client.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn e32_a_rotated_entry_is_picked_up_at_the_next_exchange() {
    let name = "e32_a_rotated_entry_is_picked_up_at_the_next_exchange";
    let Some(service) = SecretService::start(name) else { return };
    let emulator = Emulator::start(Config::default()).await.unwrap();
    // It may be sent for 2 s of its 3.
    emulator.switch(|switches| switches.api_video.token_life = 3);
    service.put("vv", &emulator.credentials().api_video_key);
    let base = emulator.base_url(Service::ApiVideo);
    let mut client = Running::start(&service, "api-video", &base);
    assert_eq!(client.call(), "ok");
    service.put("vv", "another-key-that-is-not-known-to-the-service");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(client.call(), "auth.exchange_refused");
    client.end();
}
