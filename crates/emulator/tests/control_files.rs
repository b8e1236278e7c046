//! Faults on the second origin, which has names of its own for requests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use framekey_catalog::Service;
use framekey_emulator::Fault;
use serde_json::{Value, json};
use support::{Ask, Lab, ask};

/// Presigned addresses of an upload in three chunks.
async fn addresses(lab: &Lab) -> Vec<String> {
    let body = json!({ "filename": "clip.mp4", "type": "video", "total_size": 2 * CHUNK + REST });
    let session = lab.labs("POST", "/assets/multipart-uploads").json(body).send().await.json();
    let urls = session["upload_urls"].as_array().unwrap();
    urls.iter().map(|one| one["url"].as_str().unwrap().to_owned()).collect()
}

/// The first two are full, the third has the rest.
const CHUNK: usize = 5 << 20;
const REST: usize = 1000;

fn put(url: &str) -> Ask {
    put_of(url, CHUNK)
}

fn put_of(url: &str, size: usize) -> Ask {
    ask("PUT", url.to_owned()).raw("application/octet-stream", vec![7; size])
}

#[tokio::test]
async fn presigned_addresses_meet_faults_by_name_and_number() {
    let lab = Lab::new().await;
    let urls = addresses(&lab).await;
    let expired = json!({
        "service": "twelve-labs", "operation": "files.put", "calls": [2], "status": 403,
        "headers": { "content-type": "application/xml" },
        "text": "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
    });
    assert_eq!(lab.control("POST", "faults").json(expired).send().await.status, 204);
    let other = Fault { reset: true, ..Fault::of(Service::VideoVector, "files.*") };
    lab.emulator.fault(other);
    let everything = Fault { status: Some(500), ..Fault::default() };
    lab.emulator.fault(everything);
    assert_eq!(put(&urls[0]).send().await.status, 200, "no fault is for it");
    let refused = put(&urls[0]).send().await;
    assert_eq!((refused.status, refused.header("content-type")), (403, "application/xml"));
    lab.emulator.clear_faults();

    for (fault, came) in [
        (Fault { reset: true, ..Fault::default() }, false),
        (
            Fault {
                cut: Some(3),
                status: Some(503),
                text: Some("later".to_owned()),
                ..Fault::default()
            },
            false,
        ),
        (Fault { status: Some(503), ..Fault::default() }, true),
    ] {
        lab.emulator.fault(Fault { operation: "files.put".to_owned(), times: Some(1), ..fault });
        assert_eq!(put(&urls[1]).try_send().await.is_ok(), came);
    }
    assert_eq!(put(&urls[1]).send().await.status, 200, "nothing was carried out so far");
    let lost = Fault { reset: true, after_commit: true, times: Some(1), ..Fault::default() };
    lab.emulator.fault(Fault { operation: "files.put".to_owned(), ..lost });
    assert!(put_of(&urls[2], REST).try_send().await.is_err());
    assert_eq!(put_of(&urls[2], REST).send().await.status, 403, "used up, though nobody was told");
    lab.emulator.fault(Fault {
        stall: true,
        operation: "files.put".to_owned(),
        ..Fault::default()
    });
    let waited =
        tokio::time::timeout(std::time::Duration::from_millis(100), put_of(&urls[2], REST).send());
    assert!(waited.await.is_err(), "it never ends");

    let journal = lab.emulator.journal();
    let puts: Vec<u16> = journal
        .iter()
        .filter(|entry| entry.operation == Some("files.put"))
        .map(|entry| entry.status)
        .collect();
    assert_eq!(puts, [200, 403, 0, 503, 503, 200, 0, 403, 0]);
    assert!(journal[1..].iter().all(|entry| entry.path == Some("/files/")));
}

#[tokio::test]
async fn minted_addresses_lead_to_another_origin() {
    let lab = Lab::new().await;
    let rebase = json!({ "operation": "assets.*", "rebase": "http://evil.example" });
    lab.control("POST", "faults").json(rebase).send().await;
    assert!(addresses(&lab).await.iter().all(|url| url.starts_with("http://evil.example/files/")));
    let rules: Value = lab.control("GET", "faults").send().await.json();
    assert_eq!(rules[0]["met"], 1);
}
