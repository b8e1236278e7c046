//! api.video: webhooks are called on loopback, signed, tried again, and never called elsewhere.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use ring::hmac;
use serde_json::{Value, json};
use support::Lab;

/// An address that keeps what it is sent and answers as it is told, then 202.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Ear {
    async fn open(answers: &[u16]) -> (Self, String) {
        let ear = Ear::default();
        ear.answers.lock().unwrap().extend(answers);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new().fallback(hear).with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (ear, url)
    }

    fn types(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let read = |body: &str| serde_json::from_str::<Value>(body).unwrap();
        heard.iter().map(|(_, body)| read(body)["type"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until that many calls have come.
    #[expect(clippy::disallowed_methods, reason = "calls come in real time")]
    async fn wait_for(&self, count: usize) {
        for _ in 0..400 {
            if self.heard.lock().unwrap().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} calls were expected, and these came: {:?}", self.types());
    }

    fn body(&self, at: usize) -> Value {
        serde_json::from_str(&self.heard.lock().unwrap()[at].1).unwrap()
    }
}

async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: String) -> StatusCode {
    ear.heard.lock().unwrap().push((headers, body));
    let answer = ear.answers.lock().unwrap().pop_front().unwrap_or(202);
    StatusCode::from_u16(answer).unwrap()
}

async fn hook(lab: &Lab, url: &str, events: &[&str]) -> Value {
    let got =
        lab.video("POST", "/webhooks").json(json!({ "url": url, "events": events })).send().await;
    assert_eq!(got.status, 201);
    got.json()
}

async fn uploaded(lab: &Lab, body: Value) -> String {
    let made = lab.video("POST", "/videos").json(body).send().await.json();
    let id = made["videoId"].as_str().unwrap().to_owned();
    let upload = lab.video("POST", &format!("/videos/{id}/source"));
    assert_eq!(upload.form(&[], &[("file", b"bytes")]).send().await.status, 201);
    id
}

#[tokio::test]
async fn each_quality_is_told_by_a_signed_call_at_its_time() {
    let lab = Lab::new().await;
    let (ear, url) = Ear::open(&[]).await;
    let made = hook(&lab, &url, &["video.encoding.quality.completed"]).await;
    let video = uploaded(&lab, json!({ "title": "told" })).await;
    lab.emulator.advance(Duration::from_secs(1));
    ear.wait_for(3).await;
    let mut told: Vec<(String, String)> = (0..3)
        .map(|at| {
            let body = ear.body(at);
            assert_eq!(body["videoId"], json!(video));
            assert!(body["emittedAt"].as_str().unwrap().ends_with('Z'));
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            (text("encoding"), text("quality"))
        })
        .collect();
    told.sort();
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    assert_eq!(told, [pair("hls", "360p"), pair("hls", "720p"), pair("mp4", "720p")]);
    let heard = ear.heard.lock().unwrap();
    for (headers, body) in heard.iter() {
        assert_eq!(headers["x-api-video-webhookid"], made["webhookId"].as_str().unwrap());
        let secret = made["signatureSecret"].as_str().unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let sign: String = hmac::sign(&key, body.as_bytes())
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(headers["x-api-video-signature"], sign.as_str());
    }
}

#[tokio::test]
async fn captions_and_summaries_are_told_and_only_to_those_who_asked() {
    let lab = Lab::new().await;
    let (asked, url) = Ear::open(&[]).await;
    let (other, elsewhere) = Ear::open(&[]).await;
    hook(&lab, &url, &["video.caption.generated", "video.summary.generated"]).await;
    hook(&lab, &elsewhere, &["live-stream.broadcast.started"]).await;
    let body =
        json!({ "title": "x", "transcript": true, "transcriptSummary": true, "language": "de" });
    let video = uploaded(&lab, body).await;
    lab.emulator.advance(Duration::from_secs(2));
    asked.wait_for(2).await;
    let mut types = asked.types();
    types.sort();
    assert_eq!(types, ["video.caption.generated", "video.summary.generated"]);
    let bodies = [asked.body(0), asked.body(1)];
    let caption = bodies.iter().find(|body| body["type"] == "video.caption.generated").unwrap();
    assert_eq!((&caption["videoId"], &caption["language"]), (&json!(video), &json!("de")));
    assert_eq!(other.types().len(), 0);
}

#[tokio::test]
async fn a_broadcast_is_told_from_its_start_to_its_recording() {
    let lab = Lab::new().await;
    let (ear, url) = Ear::open(&[]).await;
    let events =
        ["live-stream.broadcast.started", "live-stream.broadcast.ended", "video.source.recorded"];
    hook(&lab, &url, &events).await;
    let stream =
        lab.video("POST", "/live-streams").json(json!({ "name": "on air" })).send().await.json();
    let id = stream["liveStreamId"].as_str().unwrap();
    assert_eq!(
        lab.control("POST", "broadcast").json(json!({ "live_stream": "li0" })).send().await.status,
        400
    );
    for _ in 0..2 {
        let got = lab.control("POST", "broadcast").json(json!({ "live_stream": id })).send().await;
        assert_eq!(got.status, 204);
    }
    ear.wait_for(1).await;
    let path = format!("/live-streams/{id}/complete");
    assert_eq!(lab.video("PUT", &path).send().await.status, 202);
    lab.emulator.advance(Duration::from_secs(3));
    ear.wait_for(3).await;
    let mut types = ear.types();
    assert_eq!(types[0], events[0], "and only once");
    types.sort();
    assert_eq!(
        types,
        ["live-stream.broadcast.ended", "live-stream.broadcast.started", "video.source.recorded"]
    );
    let recorded = (0..3).map(|at| ear.body(at)).find(|body| body["type"] == events[2]).unwrap();
    let path = format!("/videos/{}", recorded["videoId"].as_str().unwrap());
    let video = lab.video("GET", &path).send().await.json();
    assert_eq!(
        (&video["title"], &video["source"]["liveStream"]["liveStreamId"]),
        (&json!("on air"), &json!(id))
    );
}

#[tokio::test]
async fn a_call_that_fails_is_tried_three_times_with_pauses_by_the_emulators_clock() {
    let lab = Lab::new().await;
    let (ear, url) = Ear::open(&[500, 503, 202]).await;
    hook(&lab, &url, &["video.caption.generated"]).await;
    uploaded(&lab, json!({ "title": "x", "transcript": true })).await;
    lab.emulator.advance(Duration::from_millis(500));
    ear.wait_for(1).await;
    for (seconds, calls) in [(1, 2), (5, 3), (60, 3)] {
        lab.emulator.advance(Duration::from_secs(seconds));
        ear.wait_for(calls).await;
        assert_eq!(ear.types().len(), calls);
    }
    let heard = ear.heard.lock().unwrap();
    assert!(heard.iter().all(|(_, body)| *body == heard[0].1), "the same letter each time");
}

#[tokio::test]
async fn a_deleted_webhook_is_silent_and_its_secret_is_shown_where_the_service_shows_it() {
    let lab = Lab::new().await;
    let (ear, url) = Ear::open(&[]).await;
    let gone = hook(&lab, &url, &["video.caption.generated"]).await;
    let kept = hook(&lab, &url, &["video.summary.generated"]).await;
    let list = lab.video("GET", "/webhooks?events=video.caption.generated").send().await.json();
    assert_eq!(list["data"][0]["webhookId"], gone["webhookId"]);
    assert_eq!(
        (list["data"].as_array().unwrap().len(), list["data"][0].get("signatureSecret")),
        (1, None)
    );
    let path = format!("/webhooks/{}", gone["webhookId"].as_str().unwrap());
    assert_eq!(lab.video("GET", &path).send().await.json(), gone);
    assert_eq!(lab.video("DELETE", &path).send().await.status, 204);
    let body = json!({ "title": "x", "transcript": true, "transcriptSummary": true });
    uploaded(&lab, body).await;
    lab.emulator.advance(Duration::from_secs(2));
    ear.wait_for(1).await;
    assert_eq!(ear.types(), ["video.summary.generated"]);
    assert_ne!(kept["signatureSecret"], gone["signatureSecret"]);
}

#[tokio::test]
async fn webhooks_have_an_http_address_and_known_events() {
    let lab = Lab::new().await;
    let event = "video.caption.generated";
    for (body, name) in [
        (json!({ "url": "ftp://127.0.0.1/", "events": [event] }), "url"),
        (json!({ "url": "http://127.0.0.1/", "events": [] }), "events"),
        (json!({ "url": "http://127.0.0.1/", "events": ["video.made"] }), "events"),
        (json!({ "url": "http://127.0.0.1/" }), "events"),
    ] {
        let got = lab.video("POST", "/webhooks").json(body).send().await;
        assert_eq!((got.status, got.json()["name"].as_str()), (400, Some(name)));
    }
}
