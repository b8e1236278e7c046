//! Twelve Labs over HTTP: a key that is renewed, ends or is taken away; signed webhooks; connections.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use framekey_catalog::Service::TwelveLabs;
use ring::hmac;
use serde_json::{Value, json};
use support::{Lab, ask};

async fn list_with(lab: &Lab, key: &str) -> u16 {
    lab.to(TwelveLabs, "GET", "/indexes").key(key).send().await.status
}

#[tokio::test]
async fn a_new_key_takes_the_place_of_the_old_one_and_may_end() {
    let lab = Lab::new().await;
    let old = lab.emulator.credentials().twelve_labs_key.clone();
    assert_eq!(list_with(&lab, &old).await, 200);
    let renew = |body: Value| lab.control("POST", "twelve-labs/key").json(body).send();
    let new = renew(json!({})).await.json()["api_key"].as_str().unwrap().to_owned();
    assert_eq!((list_with(&lab, &old).await, list_with(&lab, &new).await), (401, 200));
    let short = renew(json!({ "days": 60 })).await.json()["api_key"].as_str().unwrap().to_owned();
    lab.emulator.advance(Duration::from_secs(60 * 86_400 - 1));
    assert_eq!(list_with(&lab, &short).await, 200);
    lab.emulator.advance(Duration::from_secs(1));
    let ended = lab.to(TwelveLabs, "GET", "/indexes").key(&short).send().await;
    assert_eq!((ended.status, &ended.json()["code"]), (401, &json!("api_key_invalid")));
    let last = renew(json!({})).await.json()["api_key"].as_str().unwrap().to_owned();
    assert_eq!(lab.control("DELETE", "twelve-labs/key").send().await.status, 204);
    assert_eq!((list_with(&lab, &last).await, list_with(&lab, "").await), (401, 401));
}

#[tokio::test]
async fn the_ready_key_ends_where_it_is_switched_on_and_not_what_takes_its_place() {
    let lab = Lab::new().await;
    let key = lab.emulator.credentials().twelve_labs_key.clone();
    let (day, set) =
        (Duration::from_secs(86_400), |days| json!({ "twelve_labs": { "key_days": days } }));
    lab.emulator.advance(60 * day);
    assert_eq!(list_with(&lab, &key).await, 200, "no end of its own");
    assert_eq!(lab.control("POST", "switches").json(set(61)).send().await.status, 200);
    assert_eq!(list_with(&lab, &key).await, 200);
    lab.emulator.advance(day);
    let refused = lab.to(TwelveLabs, "GET", "/indexes").key(&key).send().await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!("api_key_invalid")));
    let saved = lab.emulator.snapshot();
    lab.emulator.restore(&saved).unwrap();
    assert_eq!(list_with(&lab, &key).await, 401);
    let old = json!({ "twelve_labs": { "old_refusals": true } });
    assert_eq!(lab.control("POST", "switches").json(old).send().await.status, 200);
    let refused = lab.to(TwelveLabs, "GET", "/indexes").key(&key).send().await;
    let words = json!({
        "code": 401, "error": "token is not valid", "message": "Please provide a valid token",
    });
    assert_eq!((refused.status, refused.json()), (401, words));
    let new = lab.control("POST", "twelve-labs/key").json(json!({})).send().await.json();
    lab.emulator.advance(400 * day);
    assert_eq!(list_with(&lab, new["api_key"].as_str().unwrap()).await, 200);
    let wrong = lab.control("POST", "switches").json(set(0)).send().await;
    assert!(wrong.status == 400 && wrong.json()["error"].as_str().unwrap().contains("key_days"));
}

type Heard = Arc<Mutex<Vec<(String, String)>>>;

async fn hear(
    State((heard, status)): State<(Heard, u16)>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let signature = headers["tl-signature"].to_str().unwrap().to_owned();
    heard.lock().unwrap().push((signature, body));
    StatusCode::from_u16(status).unwrap()
}

/// An address that keeps what it is sent.
async fn ear(status: u16) -> (Heard, String) {
    let heard = Heard::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().fallback(hear).with_state((Arc::clone(&heard), status));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (heard, url)
}

#[expect(clippy::disallowed_methods, reason = "calls come in real time")]
async fn wait_for(what: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if what().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come");
}

async fn analysis(lab: &Lab) -> String {
    let asked = json!({ "service": "twelve-labs", "operation": "analyze.tasks.create" });
    let mut question = lab.control("POST", "example").json(asked).send().await.json();
    question["custom_id"] = json!("mine");
    let made = lab.labs("POST", "/analyze/tasks").json(question).send().await.json();
    made["task_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_end_of_an_analysis_is_told_and_signed() {
    let lab = Lab::new().await;
    let (heard, url) = ear(200).await;
    let hook =
        lab.control("POST", "twelve-labs/webhooks").json(json!({ "url": url })).send().await.json();
    let task = analysis(&lab).await;
    assert!(heard.lock().unwrap().is_empty());
    lab.emulator.advance(Duration::from_secs(3));
    wait_for(async || heard.lock().unwrap().len() == 1).await;
    let (signature, body) = heard.lock().unwrap()[0].clone();
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&event["type"], &event["data"]["id"]),
        (&json!("analyze.task.ready"), &json!(task))
    );
    assert_eq!(
        (&event["data"]["status"], &event["data"]["custom_id"]),
        (&json!("ready"), &json!("mine"))
    );
    let (time, tag) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, hook["secret"].as_str().unwrap().as_bytes());
    let good = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let good: String = good.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tag, good);
    let path = format!("/analyze/tasks/{task}");
    wait_for(async || lab.labs("GET", &path).send().await.json()["webhooks"].is_array()).await;
    let told = lab.labs("GET", &path).send().await.json()["webhooks"].clone();
    assert_eq!(told, json!([{ "url": url, "delivered": true, "attempts": 1 }]));
}

#[tokio::test]
async fn a_refused_webhook_is_tried_again_and_a_canceled_task_is_told() {
    let lab = Lab::new().await;
    let (heard, url) = ear(500).await;
    lab.control("POST", "twelve-labs/webhooks").json(json!({ "url": url })).send().await;
    let task = analysis(&lab).await;
    lab.labs("POST", &format!("/analyze/tasks/{task}/cancel")).send().await;
    wait_for(async || heard.lock().unwrap().len() == 1).await;
    lab.emulator.advance(Duration::from_secs(1));
    wait_for(async || heard.lock().unwrap().len() == 2).await;
    let event: Value = serde_json::from_str(&heard.lock().unwrap()[1].1).unwrap();
    assert_eq!(event["type"], "analyze.task.canceled");
    assert_eq!(event["data"]["error"]["code"], "user_canceled");
    let path = format!("/analyze/tasks/{task}");
    wait_for(async || lab.labs("GET", &path).send().await.json()["webhooks"][0]["attempts"] == 2)
        .await;
    let told = lab.labs("GET", &path).send().await.json()["webhooks"][0].clone();
    assert_eq!(
        (&told["delivered"], &told["last_error"]),
        (&json!(false), &json!("The answer was 500."))
    );
}

#[tokio::test]
async fn a_connection_comes_by_consent_and_ends_after_half_a_year() {
    let lab = Lab::new().await;
    let begin = |uri: &str| {
        let body =
            json!({ "provider": "google_drive", "redirect_uri": uri, "custom_id": "user-1" });
        lab.labs("POST", "/connections:authorize").json(body).send()
    };
    let begun = begin("https://any.example.com/back?x=1").await.json();
    let page = begun["authorize_url"].as_str().unwrap();
    let back = ask("GET", page.to_owned()).send().await;
    let told = back.header("location");
    assert_eq!(back.status, 302);
    assert!(told.starts_with("https://any.example.com/back?x=1&connection_id="), "{told}");
    assert!(told.ends_with("&status=ok&custom_id=user-1"), "{told}");
    assert_eq!(ask("GET", page.to_owned()).send().await.status, 400, "a consent is given once");
    let list = lab.labs("GET", "/connections").send().await.json();
    let path = format!("/connections/{}", list["data"][0]["_id"].as_str().unwrap());
    let token = || lab.labs("POST", &format!("{path}/picker-token")).send();
    assert_eq!(token().await.json()["expires_in"], 3600);
    lab.emulator.advance(Duration::from_secs(180 * 86_400));
    let ended = token().await;
    assert_eq!((ended.status, &ended.json()["code"]), (409, &json!("connection_not_active")));
    assert!(ended.json()["docs_url"].is_string(), "connections have a link in their errors");
    let uri = json!({ "redirect_uri": "https://app.example.com/back" });
    assert_eq!(lab.labs("POST", "/connections/redirect-uris").json(uri).send().await.status, 201);
    assert_eq!(begin("https://any.example.com/back").await.status, 400, "not a registered one");
    assert_eq!(begin("https://app.example.com/back").await.status, 200);
}
