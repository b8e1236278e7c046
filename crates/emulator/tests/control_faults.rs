//! Planted faults as a bare socket sees them.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use framekey_catalog::Service;
use framekey_emulator::Fault;
use serde_json::{Value, json};
use support::Lab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a socket was given for `GET /videos`, and how it ended.
async fn list(lab: &Lab) -> (String, Option<ErrorKind>) {
    let url = lab.emulator.base_url(Service::ApiVideo);
    let mut socket = TcpStream::connect(url.split('/').nth(2).unwrap()).await.unwrap();
    let head = "GET /api-video/videos?a=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let key = lab.emulator.credentials().api_video_key.clone();
    use base64::Engine as _;
    let basic = base64::prelude::BASE64_STANDARD.encode(format!("{key}:"));
    socket
        .write_all(format!("{head}authorization: Basic {basic}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut got = Vec::new();
    let end = socket.read_to_end(&mut got).await.err().map(|error| error.kind());
    (String::from_utf8_lossy(&got).into_owned(), end)
}

async fn with(lab: &Lab, fault: Value) -> (String, Option<ErrorKind>) {
    lab.control("DELETE", "faults").send().await;
    let got = lab.control("POST", "faults").json(fault.clone()).send().await;
    assert_eq!(got.status, 204, "{fault}: {}", got.json());
    list(lab).await
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn answers_take_the_place_of_the_true_one() {
    let lab = Lab::new().await;
    let (got, _) = with(
        &lab,
        json!({ "operation": "videos.*", "status": 503, "headers": { "retry-after": "Fri, 31 Dec 1999 23:59:59 GMT" }, "body": { "a": 1 } }),
    )
    .await;
    assert!(got.starts_with("HTTP/1.1 503"), "{got}");
    assert!(got.contains("retry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n"), "{got}");
    assert_eq!(body(&got), r#"{"a":1}"#);
    let html = json!({ "text": "<html>", "headers": { "content-type": "text/html" } });
    let (got, _) = with(&lab, html).await;
    assert!(got.starts_with("HTTP/1.1 200") && got.contains("content-type: text/html\r\n"));
    assert_eq!(body(&got), "<html>");
    let (got, _) = with(&lab, json!({ "status": 200 })).await;
    assert!(got.contains("content-length: 0\r\n") && body(&got).is_empty(), "{got}");
    let (got, _) = with(&lab, json!({ "size": 3_000_000 })).await;
    assert!(got.contains("content-length: 3000000\r\n") && body(&got).len() == 3_000_000);
    let (got, _) = with(&lab, json!({ "base64": "eyJhIg==" })).await;
    assert_eq!(body(&got), r#"{"a""#);
}

#[tokio::test]
async fn redirects_lead_to_any_origin() {
    let lab = Lab::new().await;
    let (got, _) = with(&lab, json!({ "redirect": "http://evil.example:81" })).await;
    assert!(got.starts_with("HTTP/1.1 307"), "{got}");
    assert!(got.contains("location: http://evil.example:81/api-video/videos?a=1\r\n"), "{got}");
    let (got, _) = with(&lab, json!({ "redirect": "http://evil.example/x", "status": 302 })).await;
    assert!(got.starts_with("HTTP/1.1 302") && got.contains("location: http://evil.example/x\r\n"));
    let (got, _) = with(&lab, json!({ "rebase": "http://evil.example" })).await;
    assert!(got.starts_with("HTTP/1.1 200"), "{got}");
    assert!(body(&got).contains(r#""uri":"http://evil.example/api-video/videos?"#), "{got}");
}

#[tokio::test]
async fn connections_are_reset_before_and_after_the_deed() {
    let lab = Lab::new().await;
    let (got, end) = with(&lab, json!({ "reset": true })).await;
    assert_eq!((got.as_str(), end), ("", Some(ErrorKind::ConnectionReset)));
    let (got, end) = with(&lab, json!({ "reset": true, "cut": 5 })).await;
    assert_eq!((body(&got), end), (r#"{"dat"#, Some(ErrorKind::ConnectionReset)), "{got}");
    let (got, end) = with(&lab, json!({ "cut": 5 })).await;
    assert_eq!((body(&got), end), (r#"{"dat"#, None));
    let told: usize = got.split("content-length: ").nth(1).unwrap()[..3].trim().parse().unwrap();
    assert!(told > 5, "the head says what was to come");

    lab.emulator.clear_faults();
    let mut lost = Fault::of(Service::ApiVideo, "videos.create");
    (lost.reset, lost.calls) = (true, vec![1]);
    lab.emulator.fault(Fault { after_commit: true, ..lost.clone() });
    let create = |lab: &Lab, title: &str| {
        lab.video("POST", "/videos").json(json!({ "title": title })).try_send()
    };
    assert!(create(&lab, "kept").await.is_err());
    lab.emulator.clear_faults();
    lab.emulator.fault(lost);
    assert!(create(&lab, "gone").await.is_err());
    let videos = lab.video("GET", "/videos").send().await.json();
    let titles: Vec<&str> =
        videos["data"].as_array().unwrap().iter().map(|v| v["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["kept"], "carried out after_commit, and not without");
    assert_eq!(lab.emulator.calls(Service::ApiVideo, "videos.create"), 2);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "real time is what counts here")]
async fn answers_come_late_in_drips_or_never() {
    let lab = Lab::new().await;
    let began = Instant::now();
    let (got, _) = with(&lab, json!({ "delay": 0.15 })).await;
    assert!(got.starts_with("HTTP/1.1 200") && began.elapsed() >= Duration::from_millis(150));
    let began = Instant::now();
    let drip = json!({ "text": "abcdef", "drip": { "bytes": 2, "seconds": 0.05 } });
    let (got, _) = with(&lab, drip).await;
    assert!(body(&got) == "abcdef" && began.elapsed() >= Duration::from_millis(150), "{got}");
    for stall in [json!({ "stall": true }), json!({ "stall": true, "cut": 3 })] {
        let waited = tokio::time::timeout(Duration::from_millis(200), with(&lab, stall)).await;
        assert!(waited.is_err(), "it never ends");
    }
    let journal = lab.emulator.journal();
    assert_eq!(journal.last().unwrap().operation, Some("videos.list"), "noted all the same");
}

#[tokio::test]
async fn values_of_the_true_answer_are_made_wrong() {
    let lab = Lab::new().await;
    for title in ["a", "b"] {
        lab.video("POST", "/videos").json(json!({ "title": title })).send().await;
    }
    let fault = json!({
        "operation": "videos.list",
        "set": { "/data/0/title": null, "/pagination/a~1b": { "new": 1 }, "/no/such": 1 },
        "remove": ["/data/0/videoId", "/data/1", "/data/9"],
    });
    let (got, _) = with(&lab, fault).await;
    let answer: Value = serde_json::from_str(body(&got)).unwrap();
    assert_eq!(
        (&answer["data"][0]["title"], &answer["data"][0]["videoId"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
    assert!(answer["data"][0].get("videoId").is_none() && answer["data"][0].get("title").is_some());
    assert_eq!(answer["pagination"]["a/b"]["new"], 1);
}

#[tokio::test]
async fn raw_bytes_are_all_that_comes() {
    let lab = Lab::new().await;
    for raw in ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "\u{15}\u{3}\u{3}\0\u{2}\u{2}("]
    {
        let (got, end) = with(&lab, json!({ "raw": raw })).await;
        assert_eq!((got.as_str(), end), (raw, None));
    }
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_named() {
    let lab = Lab::new().await;
    for (fault, field) in [
        (json!({ "operation": "videos.list" }), "nothing goes wrong"),
        (json!({ "operation": "videos.burn", "reset": true }), "operation"),
        (json!({ "service": "vimeo", "reset": true }), "service: `vimeo` is not api-video"),
        (json!({ "status": "503" }), "status: invalid type"),
        (json!({ "status": 99 }), "status: a number from 200"),
        (json!({ "reset": true, "stall": true }), "one of reset, stall"),
        (json!({ "reset": true, "status": 500 }), "one of reset, stall"),
        (json!({ "drip": { "bytes": 1 } }), "drip"),
        (json!({ "stal": true }), "unknown field `stal`"),
        (json!({ "headers": { "a b": "c" }, "status": 200 }), "headers.a b"),
        (json!({ "calls": [0], "reset": true }), "calls"),
        (json!({ "probability": 2, "reset": true }), "probability"),
        (json!({ "delay": -1 }), "delay"),
    ] {
        let got = lab.control("POST", "faults").json(fault.clone()).send().await;
        let error = got.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(got.status == 400 && error.contains(field), "{fault}: {error}");
    }
    assert_eq!(lab.control("GET", "faults").send().await.json(), json!([]));
}
