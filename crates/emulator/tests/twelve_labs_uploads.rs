//! Twelve Labs over HTTP: files in chunks, at addresses of the second origin that work once.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use framekey_emulator::PresentedKind;
use serde_json::{Value, json};
use support::{Got, Lab, ask};

const CHUNK: u64 = 5 << 20;

async fn session(lab: &Lab, size: u64) -> Value {
    let body = json!({ "filename": "a.mp4", "type": "video", "total_size": size });
    let made = lab.labs("POST", "/assets/multipart-uploads").json(body).send().await;
    assert_eq!(made.status, 201, "{:?}", made.json());
    made.json()
}

async fn put(url: &str, bytes: &[u8]) -> Got {
    ask("PUT", url.to_owned()).raw("application/octet-stream", bytes.to_vec()).send().await
}

fn code(got: &Got) -> (u16, String) {
    (got.status, got.json()["code"].as_str().unwrap_or_default().to_owned())
}

async fn report(lab: &Lab, id: &str, chunks: Value) -> Got {
    let path = format!("/assets/multipart-uploads/{id}");
    lab.labs("POST", &path).json(json!({ "completed_chunks": chunks })).send().await
}

fn proof(number: u64, got: &Got, size: u64) -> Value {
    let etag = got.header("etag").trim_matches('"');
    json!({ "chunk_index": number, "proof": etag, "proof_type": "etag", "chunk_size": size })
}

#[tokio::test]
async fn chunks_are_sent_reported_and_become_an_asset() {
    let lab = Lab::new().await;
    let made = session(&lab, CHUNK + 3).await;
    let (id, asset) = (made["upload_id"].as_str().unwrap(), made["asset_id"].as_str().unwrap());
    let path = format!("/assets/{asset}");
    assert_eq!(lab.labs("GET", &path).send().await.status, 404, "reserved, and not there");
    let url = |at: usize| made["upload_urls"][at]["url"].as_str().unwrap();
    let second = put(url(1), b"end").await;
    assert_eq!(second.status, 200);
    let half = report(&lab, id, json!([proof(2, &second, 3)])).await.json();
    assert_eq!((&half["total_completed"], half.get("url")), (&json!(1), None));
    let first = put(url(0), &vec![7; CHUNK as usize]).await;
    let done =
        report(&lab, id, json!([proof(1, &first, CHUNK), proof(2, &second, 3)])).await.json();
    assert_eq!((&done["processed_chunks"], &done["duplicate_chunks"]), (&json!(1), &json!(1)));
    assert!(done["url"].is_string());
    assert_eq!(lab.labs("GET", &path).send().await.json()["status"], "processing");
    lab.emulator.advance(Duration::from_secs(1));
    let asset = lab.labs("GET", &path).send().await.json();
    assert_eq!((&asset["status"], &asset["size"]), (&json!("ready"), &json!(CHUNK + 3)));
    let open = lab.labs("GET", "/assets/multipart-uploads").send().await.json();
    assert_eq!(open["data"], json!([]), "what is complete is not listed");
}

#[tokio::test]
async fn an_address_is_of_another_origin_and_works_once_for_an_hour() {
    let lab = Lab::new().await;
    let made = session(&lab, 3).await;
    let url = made["upload_urls"][0]["url"].as_str().unwrap();
    let base = lab.emulator.base_url(framekey_catalog::Service::TwelveLabs);
    let origin = |url: &str| url.split('/').nth(2).unwrap().to_owned();
    assert_ne!(origin(url), origin(&base));
    assert_eq!(put(url, b"four").await.status, 400, "another size than announced");
    assert_eq!(put(url, b"abc").await.status, 200);
    let again = put(url, b"abc").await;
    assert_eq!((again.status, again.header("content-type")), (403, "application/xml"));
    let path =
        format!("/assets/multipart-uploads/{}/presigned-urls", made["upload_id"].as_str().unwrap());
    let more = |body: Value| lab.labs("POST", &path).json(body).send();
    let fresh = more(json!({ "start": 1, "count": 50 })).await.json();
    assert_eq!(fresh["count"], 1, "no more than there are chunks");
    lab.emulator.advance(Duration::from_secs(3600));
    let late = put(fresh["upload_urls"][0]["url"].as_str().unwrap(), b"abc").await;
    assert_eq!(late.status, 403);
    assert!(String::from_utf8_lossy(&late.body).contains("expired"));
    for bad in [
        json!({ "start": 2, "count": 1 }),
        json!({ "start": 1, "count": 51 }),
        json!({ "start": 1, "count": 0 }),
    ] {
        assert_eq!(code(&more(bad).await), (400, "parameter_invalid".to_owned()));
    }
    lab.emulator.advance(Duration::from_secs(86_400));
    let ended = more(json!({ "start": 1, "count": 1 })).await;
    assert_eq!(code(&ended), (400, "upload_session_expired".to_owned()));
}

#[tokio::test]
async fn a_false_proof_is_refused_and_the_chunk_can_be_sent_again() {
    let lab = Lab::new().await;
    let made = session(&lab, 3).await;
    let id = made["upload_id"].as_str().unwrap();
    let sent = put(made["upload_urls"][0]["url"].as_str().unwrap(), b"abc").await;
    let mut chunk = proof(1, &sent, 3);
    chunk["proof"] = json!("false");
    let refused = report(&lab, id, json!([chunk])).await;
    assert_eq!(code(&refused), (400, "chunk_verification_failed".to_owned()));
    let path = format!("/assets/multipart-uploads/{id}");
    let status = lab.labs("GET", &path).send().await.json();
    assert_eq!((&status["chunks_failed"], &status["status"]), (&json!(1), &json!("active")));
    assert_eq!(status["uploaded_chunks"][0]["status"], "failed");
    assert_eq!(report(&lab, id, json!([proof(1, &sent, 3)])).await.json()["total_completed"], 1);
    assert_eq!(lab.labs("GET", &path).send().await.json()["status"], "completed");
}

#[tokio::test]
async fn sizes_and_kinds_are_limited() {
    let lab = Lab::new().await;
    for (kind, size) in [("video", 0), ("video", 10_000_000_001_u64), ("image", 32_000_001)] {
        let body = json!({ "filename": "a", "type": kind, "total_size": size });
        let got = lab.labs("POST", "/assets/multipart-uploads").json(body).send().await;
        assert_eq!(code(&got), (400, "parameter_invalid".to_owned()), "{kind} {size}");
    }
    let body = json!({ "filename": "a", "type": "text", "total_size": 1 });
    let got = lab.labs("POST", "/assets/multipart-uploads").json(body).send().await;
    assert_eq!(code(&got), (400, "parameter_invalid".to_owned()));
}

#[tokio::test]
async fn a_key_that_goes_to_the_second_origin_is_told_by_the_journal() {
    let lab = Lab::new().await;
    let made = session(&lab, 3).await;
    let url = made["upload_urls"][0]["url"].as_str().unwrap();
    ask("PUT", url.to_owned()).key("tlk_LEAKED").raw("video/mp4", "abc").send().await;
    let journal = lab.emulator.journal();
    let last = journal.last().unwrap();
    assert_eq!((last.service, last.credential.kind), (None, PresentedKind::ApiKey));
    assert_eq!(last.body_bytes, 3);
}

#[tokio::test]
async fn an_upload_goes_on_in_an_emulator_that_has_loaded_the_state() {
    let (lab, other) = (Lab::new().await, Lab::new().await);
    let made = session(&lab, 3).await;
    let id = made["upload_id"].as_str().unwrap();
    let state = lab.control("GET", "state").send().await.json();
    let loaded = other.control("PUT", "state").json(state).send().await;
    assert!(loaded.status < 300, "{}", loaded.json());
    let path = format!("/assets/multipart-uploads/{id}/presigned-urls");
    let fresh = other.labs("POST", &path).json(json!({ "start": 1, "count": 1 })).send().await;
    let sent = put(fresh.json()["upload_urls"][0]["url"].as_str().unwrap(), b"abc").await;
    let done = report(&other, id, json!([proof(1, &sent, 3)])).await.json();
    assert_eq!(done["asset_id"], made["asset_id"]);
    let asset = format!("/assets/{}", made["asset_id"].as_str().unwrap());
    assert_eq!(other.labs("GET", &asset).send().await.json()["filename"], "a.mp4");
    assert_eq!(
        lab.labs("GET", &asset).send().await.status,
        404,
        "the first one knows nothing of it"
    );
}

#[tokio::test]
async fn a_session_that_ended_and_a_chunk_that_does_not_fit_are_told_so() {
    let lab = Lab::frozen().await;
    let (made, start) = (session(&lab, CHUNK + 3).await, lab.emulator.now());
    let url = made["upload_urls"][1]["url"].as_str().unwrap();
    for (bytes, word) in [(&b"en"[..], "EntityTooSmall"), (b"ends", "EntityTooLarge")] {
        let got = put(url, bytes).await;
        let text = String::from_utf8_lossy(&got.body).into_owned();
        assert!(got.status == 400 && text.contains(word), "{text}");
    }
    let path = format!("/assets/multipart-uploads/{}", made["upload_id"].as_str().unwrap());
    lab.emulator.advance(Duration::from_secs(100_000));
    let told = lab.labs("GET", &path).send().await.json();
    assert_eq!(
        (&told["status"], &told["updated_at"]),
        (&json!("expired"), &json!(start.plus(86_400).to_string()))
    );
}
