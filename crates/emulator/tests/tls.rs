//! TLS on the emulator's ports, as a plain client sees it: what it shows, and what it speaks.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/secure.rs"]
mod secure;
mod support;

use framekey_catalog::Service;
use framekey_emulator::tls::Certificate;
use secure::{Trust, handshake, https};
use serde_json::json;
use support::{Lab, ask};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn one_port_takes_plain_http_and_https() {
    let lab = Lab::new().await;
    let trust = Trust::of(&lab);
    for (name, ok) in [("localhost", true), ("127.0.0.1", true), ("other.example", false)] {
        assert_eq!(handshake(&lab, name, &trust, &[]).await.is_ok(), ok, "{name}");
    }
    let basic = lab.video("GET", "/videos").header_value("authorization");
    lab.video("POST", "/videos").json(json!({ "title": "a" })).send().await;
    lab.video("POST", "/videos").json(json!({ "title": "b" })).send().await;
    let secure = https(&lab, "GET", "/api-video/videos?pageSize=1", &basic).await;
    assert!(secure.contains(r#""uri":"https://127.0.0.1:"#), "{secure}");
    assert!(!secure.contains("http://127"), "{secure}");
    let plain = lab.video("GET", "/videos?pageSize=1").send().await.json().to_string();
    assert!(
        plain.contains("http://127.0.0.1:") && !plain.contains("https://127"),
        "as it was asked"
    );
    let journal = lab.emulator.journal();
    let spoken: Vec<_> = journal.iter().map(|entry| (entry.protocol, entry.tls)).collect();
    assert_eq!(spoken[2..], [("http/1.1", true), ("http/1.1", false)]);
}

#[tokio::test]
async fn the_authority_is_told_and_signs_for_others() {
    let lab = Lab::new().await;
    let told = lab.control("GET", "authority").send().await;
    assert_eq!(told.body, lab.emulator.authority().unwrap().pem());
    assert_eq!(told.body, lab.control("GET", "authority").send().await.body, "the same each time");
    let other = Lab::new().await;
    assert!(handshake(&other, "localhost", &Trust::of(&lab), &[]).await.is_err(), "its own only");
    let pair = lab.control("GET", "certificate").send().await.body;
    let pair = String::from_utf8_lossy(&pair).into_owned();
    assert!(pair.starts_with("-----BEGIN CERTIFICATE") && pair.contains("BEGIN PRIVATE KEY"));
}

#[tokio::test]
async fn base_urls_say_https_where_it_is_switched_on() {
    let lab = Lab::new().await;
    assert!(lab.emulator.base_url(Service::ApiVideo).starts_with("http://"));
    let on = json!({ "tls": { "https": true } });
    assert_eq!(lab.control("POST", "switches").json(on).send().await.status, 200);
    let mut info = lab.emulator.info();
    let control = info.as_object_mut().unwrap().remove("control").unwrap();
    assert!(control.as_str().unwrap().starts_with("http://"), "for those who trust nobody yet");
    let info = info.to_string();
    assert!(info.contains("https://") && !info.contains("http://"), "{info}");
    assert!(lab.emulator.base_url(Service::ApiVideo).starts_with("https://"));
}

#[tokio::test]
async fn every_bad_certificate_is_refused_by_a_client_that_looks() {
    let lab = Lab::new().await;
    let trust = Trust::of(&lab);
    for bad in Certificate::BAD {
        lab.emulator.switch(|switches| switches.tls.certificate = bad);
        for name in ["localhost", "127.0.0.1"] {
            let error = handshake(&lab, name, &trust, &[]).await.err().map(|why| why.to_string());
            assert!(
                error.as_ref().is_some_and(|why| why.contains("certificate")),
                "{bad:?}: {error:?}"
            );
        }
        let name = serde_json::to_value(bad).unwrap();
        let told = lab.control("GET", "switches").send().await.json();
        assert_eq!(told["tls"]["certificate"], name);
    }
    lab.emulator.switch(|switches| switches.tls.certificate = Certificate::Good);
    assert!(handshake(&lab, "localhost", &trust, &[]).await.is_ok());
    assert!(lab.emulator.journal().is_empty(), "nothing was asked");
}

#[tokio::test]
async fn versions_and_protocols_are_as_they_are_set() {
    let lab = Lab::new().await;
    let trust = Trust::of(&lab);
    for (version, spoken) in [("1.2", "TLSv1_2"), ("1.3", "TLSv1_3")] {
        let switch = json!({ "tls": { "version": version } });
        lab.control("POST", "switches").json(switch).send().await;
        let stream = handshake(&lab, "localhost", &trust, &[]).await.unwrap();
        assert_eq!(format!("{:?}", stream.get_ref().1.protocol_version().unwrap()), spoken);
    }
    lab.control("POST", "switches").json(json!({ "tls": { "version": "1.1" } })).send().await;
    let refused = handshake(&lab, "localhost", &trust, &[]).await.unwrap_err().to_string();
    assert!(refused.contains("ServerDoesNotSupportTls12Or13"), "{refused}");
    let wrong = lab.control("POST", "switches").json(json!({ "tls": { "version": "1.0" } }));
    assert_eq!(wrong.send().await.status, 400);
    for (http2, spoken) in [(true, &b"h2"[..]), (false, b"http/1.1")] {
        let switch = json!({ "tls": { "http2": http2, "version": null } });
        lab.control("POST", "switches").json(switch).send().await;
        let offer = [&b"h2"[..], b"http/1.1"];
        let stream = handshake(&lab, "localhost", &trust, &offer).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(spoken));
    }
}

#[tokio::test]
async fn what_is_no_handshake_harms_nothing() {
    let lab = Lab::new().await;
    let address = lab.emulator.info()["files"].as_str().unwrap()[7..].to_owned();
    for bytes in [&b"\x16"[..], b"\x16\x03\x01\xff\xff", &[0x16; 4000], b"P", b"PR", b"PRI * HT"] {
        let mut socket = TcpStream::connect(&address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut got = Vec::new();
        let _ = socket.read_to_end(&mut got).await;
        assert!(!got.starts_with(b"HTTP/1.1 5"), "{bytes:?}");
    }
    let info = format!("http://{address}/__emulator/info");
    assert_eq!(ask("GET", info).send().await.status, 200);
}
