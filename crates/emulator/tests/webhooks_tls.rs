//! Webhooks to https on loopback: whom they trust.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use framekey_catalog::Service::VideoVector;
use framekey_emulator::tls::{Authority, Certificate, Identity};
use serde_json::json;
use support::Lab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Takes webhooks: its port, and how many came.
async fn taker(identity: Identity) -> (u16, Arc<AtomicUsize>) {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let tls = TlsAcceptor::from(Arc::new(identity.config(&[], &versions).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&came);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = tls.accept(stream).await else { continue };
            let mut buffer = [0; 4096];
            if matches!(stream.read(&mut buffer).await, Ok(1..)) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, came)
}

/// Whether a test delivery to this address succeeds.
async fn arrives(lab: &Lab, url: String) -> bool {
    let body = json!({ "name": "a", "url": url, "events": ["media.created"] });
    let made = lab.user("POST", "/webhooks").json(body).send().await.json();
    let path = format!("/webhooks/{}/test", made["webhook_id"].as_str().unwrap());
    let got = lab.to(VideoVector, "POST", &path);
    let got = got.bearer(&lab.emulator.credentials().videovector_jwt).json(json!({})).send().await;
    got.json()["success"] == true
}

#[tokio::test]
async fn webhooks_trust_the_emulators_authority_and_one_that_is_set() {
    let lab = Lab::new().await;
    let own = lab.emulator.authority().unwrap();
    let (port, came) = taker(own.identity(Certificate::Good).unwrap()).await;
    for host in ["localhost", "127.0.0.1"] {
        assert!(arrives(&lab, format!("https://{host}:{port}/hook")).await, "{host}");
    }
    assert_eq!(came.load(Ordering::SeqCst), 2);
    for bad in [Certificate::Expired, Certificate::OtherName, Certificate::SelfSigned] {
        let (port, came) = taker(own.identity(bad).unwrap()).await;
        assert!(!arrives(&lab, format!("https://localhost:{port}/")).await, "{bad:?}");
        assert_eq!(came.load(Ordering::SeqCst), 0);
    }
    let other = Authority::new().unwrap();
    let (port, _) = taker(other.named(&["localhost"]).unwrap()).await;
    let url = format!("https://localhost:{port}/");
    assert!(!arrives(&lab, url.clone()).await);
    let switch = json!({ "webhook_authority": other.pem() });
    assert_eq!(lab.control("POST", "switches").json(switch).send().await.status, 200);
    assert!(arrives(&lab, url).await);
    let wrong = json!({ "webhook_authority": "nobody" });
    assert_eq!(lab.control("POST", "switches").json(wrong).send().await.status, 400);
}
