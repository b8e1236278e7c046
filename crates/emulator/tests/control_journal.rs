//! The journal, the ledger of idempotency keys, and rate limits with each service's headers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use framekey_catalog::Service;
use framekey_emulator::{PresentedKind, RateLimit};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use support::{Ask, Lab};

#[tokio::test]
async fn the_journal_tells_headers_bodies_and_no_secret() {
    let lab = Lab::new().await;
    let body = json!({ "title": "told" });
    lab.video("POST", "/videos")
        .header("user-agent", "test/1")
        .header("x-strange", "canary-value")
        .header("cookie", "session=canary-value")
        .json(body.clone())
        .send()
        .await;
    lab.to(Service::ApiVideo, "POST", "/upload?token=canary-token&a=1").form(&[], &[]).send().await;
    let journal = lab.emulator.journal();
    let entry = &journal[0];
    assert_eq!(entry.headers.get("user-agent"), Some("test/1"));
    assert_eq!(entry.headers.get("content-type"), Some("application/json"));
    assert_eq!(entry.body_bytes, body.to_string().len() as u64);
    let hash: String =
        Sha256::digest(body.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(entry.body_sha256, hash);
    assert!(entry.answer_bytes > 100 && entry.status == 201);
    let strange = entry.headers.get("x-strange").unwrap();
    assert!(strange.starts_with('#') && strange.len() == 9, "{strange}");
    let same = entry.headers.get("cookie").unwrap();
    assert_ne!(same, strange, "values are told apart");
    assert_eq!(journal[1].credential.kind, PresentedKind::UploadToken);
    assert_eq!(journal[1].query_names, ["token", "a"]);
    let told = lab.control("GET", "journal").send().await;
    assert_eq!(told.json()[0]["headers"]["user-agent"], "test/1");
    let text = format!("{}{journal:?}", String::from_utf8_lossy(&told.body));
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains(&lab.emulator.credentials().api_video_key));
}

#[tokio::test]
async fn the_journal_forgets_the_oldest() {
    let lab = Lab::new().await;
    lab.emulator.switch(|switches| switches.journal_limit = 3);
    for _ in 0..5 {
        lab.video("GET", "/videos").send().await;
    }
    let numbers: Vec<u64> = lab.emulator.journal().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [3, 4, 5]);
    assert_eq!(lab.emulator.calls(Service::ApiVideo, "videos.list"), 5, "counters forget nothing");
}

fn index(lab: &Lab, key: &str, name: &str) -> Ask {
    lab.user("POST", "/indexes").header("idempotency-key", key).json(json!({ "name": name }))
}

#[tokio::test]
async fn rt_03_a_keyed_call_is_carried_out_once() {
    let lab = Lab::new().await;
    let keyed = framekey_catalog::find(Service::VideoVector, "indexes.create").unwrap();
    assert_eq!(keyed.retry, framekey_catalog::Retry::Keyed);
    let first = index(&lab, "k-1", "one").send().await;
    assert_eq!(first.status / 100, 2, "{}", first.json());
    let again = index(&lab, "k-1", "one").send().await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    let other = index(&lab, "k-1", "two").send().await;
    assert_eq!(
        (other.status, &other.json()["error"]["code"]),
        (422, &json!("idempotency_key_reused"))
    );
    let error = other.json()["error"].clone();
    assert!(error["request_id"].is_string() && error["timestamp"].is_string(), "{error}");
    let second = index(&lab, "k-2", "two").send().await;
    assert_eq!(second.status / 100, 2, "{}", second.json());
    let refused = lab
        .to(Service::VideoVector, "POST", "/indexes")
        .bearer("nobody")
        .header("idempotency-key", "k-1")
        .json(json!({ "name": "one" }))
        .send()
        .await;
    assert_eq!(refused.status, 401, "a key of somebody else opens nothing");
    assert_eq!(lab.emulator.counters()["idempotency_keys"], 2);
    lab.emulator.advance(Duration::from_secs(86_401));
    let made = lab.user("POST", "/api-keys").json(json!({ "name": "w", "scopes": ["write"] }));
    let made = made.send().await.json();
    let key = made["key"].as_str().unwrap();
    let by_key = || {
        let create = lab.with_key(key, "POST", "/indexes").header("idempotency-key", "k-3");
        create.json(json!({ "name": "by key" })).send()
    };
    assert_eq!([by_key().await.status, by_key().await.status], [200, 200]);
    let id = made["key_id"].as_str().unwrap();
    lab.user("POST", &format!("/api-keys/{id}/revoke")).send().await;
    assert_eq!(by_key().await.status, 401, "a revoked key is given no answer of its better days");
    let late = index(&lab, "k-1", "three").send().await;
    assert_eq!(late.status / 100, 2, "after a day the key is free again: {}", late.json());
}

fn limit(service: Service, operation: Option<&str>, limit: u64) -> RateLimit {
    let operation = operation.map(str::to_owned);
    RateLimit { service: service.slug().to_owned(), operation, limit, window: 60 }
}

#[tokio::test]
async fn rt_06_limits_come_with_each_services_headers() {
    let lab = Lab::new().await;
    lab.emulator.freeze();
    lab.emulator.switch(|switches| {
        switches.rate_limits = vec![
            limit(Service::ApiVideo, None, 3),
            limit(Service::ApiVideo, Some("videos.*"), 2),
            limit(Service::TwelveLabs, Some("search.create"), 1),
            limit(Service::VideoVector, None, 1),
        ];
    });
    let list = || lab.video("GET", "/videos").send();
    let first = list().await;
    let told = |name: &str| first.header(name).to_owned();
    assert_eq!(
        [told("x-ratelimit-limit"), told("x-ratelimit-remaining"), told("x-ratelimit-retry-after")],
        ["2", "1", "60"],
        "the tightest limit is told"
    );
    lab.emulator.advance(Duration::from_millis(20_500));
    assert_eq!(list().await.status, 200);
    let refused = list().await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "too-many-requests"));
    assert_eq!(refused.header("x-ratelimit-retry-after"), "40");
    assert_eq!(lab.video("GET", "/tags").send().await.status, 200, "another limit");
    assert_eq!(lab.video("GET", "/tags").send().await.status, 429);
    lab.emulator.advance(Duration::from_secs(40));
    assert_eq!(list().await.status, 200, "a new window");

    let ask = || lab.user("GET", "/indexes").send();
    assert_eq!(ask().await.header("retry-after"), "");
    let refused = ask().await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    let error = refused.json()["error"].clone();
    assert_eq!(
        (&error["code"], &error["retry_after"]),
        (&json!("rate_limit_exceeded"), &json!(60))
    );
    assert!(error["request_id"].is_string(), "{error}");

    let search = || lab.labs("POST", "/search").form(&[("index_id", "x")], &[]).send();
    search().await;
    let refused = search().await;
    assert_eq!((refused.status, refused.body.len()), (429, 0), "here without a body");
    assert_eq!(lab.labs("GET", "/indexes").send().await.status, 200);
}

#[tokio::test]
async fn an_empty_key_is_none() {
    let lab = Lab::new().await;
    assert_eq!(index(&lab, "", "one").send().await.status / 100, 2);
    assert_eq!(index(&lab, "", "two").send().await.status / 100, 2);
    assert_eq!(lab.emulator.counters()["idempotency_keys"], 0);
}

#[tokio::test]
async fn what_was_used_of_a_limit_is_saved() {
    let lab = Lab::frozen().await;
    lab.emulator.switch(|switches| switches.rate_limits = vec![limit(Service::ApiVideo, None, 2)]);
    lab.video("GET", "/videos").send().await;
    let mut saved = lab.emulator.snapshot();
    lab.emulator.restore(&saved).unwrap();
    let list = async || {
        let got = lab.video("GET", "/videos").send().await;
        (got.status, got.header("x-ratelimit-remaining").to_owned())
    };
    assert_eq!(list().await, (200, "0".to_owned()));
    assert_eq!(list().await.0, 429);
    // A document of before has none.
    saved.as_object_mut().unwrap().remove("windows");
    lab.emulator.restore(&saved).unwrap();
    assert_eq!(list().await, (200, "1".to_owned()));
}
