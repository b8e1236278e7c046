//! VideoVector over HTTP: webhooks that are really called, signed, tried again and held back.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;
#[path = "support/vector.rs"]
mod vector;

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use vector::{Vector, ids, text};

/// An address on loopback, what it is sent, and the status that it answers.
struct Receiver {
    url: String,
    seen: UnboundedReceiver<(HeaderMap, Bytes)>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (seen, receiver) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let answer = Arc::clone(&status);
        let handler = axum::routing::post(move |headers: HeaderMap, body: Bytes| async move {
            seen.send((headers, body)).unwrap();
            StatusCode::from_u16(answer.load(Ordering::Relaxed)).unwrap()
        });
        let app = axum::Router::new().route("/hook", handler);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { url, seen: receiver, status }
    }

    async fn next(&mut self) -> (HeaderMap, Value, Bytes) {
        let got = tokio::time::timeout(Duration::from_secs(5), self.seen.recv()).await;
        let (headers, body) = got.expect("a call within five seconds").unwrap();
        (headers, serde_json::from_slice(&body).unwrap(), body)
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "calls come in real time")]
async fn a_moment(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Asks until a delivery is in a state: calls go on beside the test.
async fn settled(vv: &Vector, delivery: &str, status: &str) -> Value {
    let path = format!("/webhooks/deliveries/{delivery}");
    for _ in 0..200 {
        let seen = vv.get(&path).await;
        if seen["status"] == status {
            return seen;
        }
        a_moment(10).await;
    }
    panic!("not {status}: {}", vv.get(&path).await)
}

async fn hook(vv: &Vector, url: &str, more: Value) -> Value {
    let mut body = json!({ "name": "hook", "url": url, "events": ["export.ready"] });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    vv.post("/webhooks", body).await
}

/// Makes something happen: an export of an index without media.
async fn happen(vv: &Vector, index: &str) -> String {
    let export = vv.post(&format!("/exports/index/{index}"), json!({})).await;
    vv.wait(1000);
    text(&export, "export_id")
}

#[tokio::test]
async fn a_call_is_signed_with_the_secret_of_its_time() {
    let vv = Vector::new().await;
    let mut receiver = Receiver::start().await;
    let index = vv.index("Signed").await;
    let made = hook(&vv, &receiver.url, json!({ "metadata": { "mine": "é" } })).await;
    let id = text(&made, "webhook_id");
    assert!(vv.get(&format!("/webhooks/{id}")).await.get("secret").is_none());
    let mut secret = text(&made, "secret");
    for _ in 0..2 {
        let export = happen(&vv, &index).await;
        let (headers, payload, body) = receiver.next().await;
        assert_eq!(
            (&payload["data"]["export_id"], &payload["metadata"]["mine"]),
            (&json!(export), &json!("é"))
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &body);
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(headers["x-webhook-signature"], format!("sha256={hex}"));
        assert_eq!(
            (&headers["x-webhook-id"], &headers["x-event-type"]),
            (&id.parse().unwrap(), &"export.ready".parse().unwrap())
        );
        assert!(!headers.contains_key("x-api-key") && !headers.contains_key("authorization"));
        settled(&vv, headers["x-delivery-id"].to_str().unwrap(), "delivered").await;
        let rotated = vv.post(&format!("/webhooks/{id}/rotate-secret"), Value::Null).await;
        assert_ne!(rotated["new_secret"], secret.as_str());
        secret = text(&rotated, "new_secret");
    }
}

#[tokio::test]
async fn a_call_that_fails_is_tried_three_times_and_again_by_hand() {
    let vv = Vector::new().await;
    let mut receiver = Receiver::start().await;
    receiver.answers(503);
    let index = vv.index("Tried").await;
    let id = text(&hook(&vv, &receiver.url, json!({})).await, "webhook_id");
    happen(&vv, &index).await;
    let (headers, first, _) = receiver.next().await;
    let delivery = headers["x-delivery-id"].to_str().unwrap().to_owned();
    assert_eq!(settled(&vv, &delivery, "retrying").await["response_status_code"], 503);
    for (pause, status) in [(1000, "retrying"), (5000, "failed")] {
        vv.wait(pause);
        assert_eq!(receiver.next().await.1, first, "the same event each time");
        settled(&vv, &delivery, status).await;
    }
    let seen = vv.get(&format!("/webhooks/{id}")).await;
    assert_eq!((&seen["failure_count"], &seen["last_success_at"]), (&json!(1), &Value::Null));
    receiver.answers(204);
    vv.post(&format!("/webhooks/deliveries/{delivery}/retry"), Value::Null).await;
    receiver.next().await;
    assert_eq!(settled(&vv, &delivery, "delivered").await["attempts"], 4);
    let retry = format!("/webhooks/deliveries/{delivery}/retry");
    assert_eq!(vv.refused(409, "POST", &retry, Value::Null).await, "conflict");
}

#[tokio::test]
async fn a_paused_webhook_holds_back_and_an_index_is_asked_for() {
    let vv = Vector::new().await;
    let mut receiver = Receiver::start().await;
    let (mine, other) = (vv.index("Mine").await, vv.index("Other").await);
    let id = text(&hook(&vv, &receiver.url, json!({ "index_ids": [mine] })).await, "webhook_id");
    let path = format!("/webhooks/{id}");
    vv.good("PATCH", &path, json!({ "status": "paused" })).await;
    happen(&vv, &other).await;
    let held = happen(&vv, &mine).await;
    a_moment(100).await;
    assert!(receiver.seen.try_recv().is_err());
    assert_eq!(
        ids(&vv.get(&format!("{path}/deliveries?status=pending")).await, "status"),
        ["pending"]
    );
    vv.good("PATCH", &path, json!({ "status": "active" })).await;
    assert_eq!(receiver.next().await.1["data"]["export_id"], held.as_str());
    assert_eq!(
        vv.refused(422, "PATCH", &path, json!({ "status": "disabled" })).await,
        "validation_error"
    );
    vv.good("DELETE", &path, Value::Null).await;
    happen(&vv, &mine).await;
    a_moment(100).await;
    assert!(receiver.seen.try_recv().is_err(), "a deleted webhook is not called");
}

#[tokio::test]
async fn a_test_is_answered_with_what_came_of_it() {
    let vv = Vector::new().await;
    let mut receiver = Receiver::start().await;
    let id = text(&hook(&vv, &receiver.url, json!({})).await, "webhook_id");
    let test = format!("/webhooks/{id}/test");
    let good = vv.post(&test, Value::Null).await;
    assert_eq!(good, json!({ "success": true, "status_code": 200, "error": null }));
    assert_eq!(receiver.next().await.1["event_type"], "webhook.test");
    receiver.answers(404);
    let bad = vv.post(&test, Value::Null).await;
    assert_eq!((&bad["success"], &bad["status_code"]), (&json!(false), &json!(404)));
    receiver.next().await;
    let keyed = || vv.lab.user("POST", &test).header("idempotency-key", "once").send();
    receiver.answers(200);
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!((first.status, first.json()), (200, again.json()));
    receiver.next().await;
    assert!(receiver.seen.try_recv().is_err(), "one key, one call");
}

#[tokio::test]
async fn nothing_is_sent_off_this_machine() {
    let vv = Vector::new().await;
    for wrong in
        ["http://example.com/x", "ftp://127.0.0.1/x", "http://169.254.169.254/latest", "nonsense"]
    {
        let body = json!({ "name": "w", "url": wrong, "events": ["export.ready"] });
        assert_eq!(vv.refused(422, "POST", "/webhooks", body).await, "validation_error", "{wrong}");
    }
    let far = text(&hook(&vv, "https://hooks.example/x", json!({})).await, "webhook_id");
    let tried = vv.post(&format!("/webhooks/{far}/test"), Value::Null).await;
    assert_eq!((&tried["success"], &tried["status_code"]), (&json!(false), &Value::Null));
    assert!(text(&tried, "error").contains("loopback only"));
}
