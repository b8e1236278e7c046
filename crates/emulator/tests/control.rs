//! The emulator itself: its control plane, its start, and what it makes of nonsense.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::{Duration, Instant};

use framekey_catalog::{Service, operations};
use framekey_emulator::{Config, Emulator, Fault};
use serde_json::{Value, json};
use support::{Lab, ask};

#[tokio::test]
async fn info_over_http_has_all_that_a_client_needs() {
    let lab = Lab::new().await;
    let info = lab.control("GET", "info").send().await.json();
    assert_eq!(info, lab.emulator.info());
    for (service, path, header) in
        [("twelve-labs", "/indexes", "x-api-key"), ("videovector", "/indexes", "x-api-key")]
    {
        let text = |name: &str| info[service][name].as_str().unwrap();
        let got = ask("GET", format!("{}{path}", text("base_url")))
            .header(header, text("api_key"))
            .send()
            .await;
        assert_eq!(got.status, 200, "{service}");
    }
    for place in ["api-video", "api-video-sandbox"] {
        let text = |name: &str| info[place][name].as_str().unwrap();
        let got =
            ask("GET", format!("{}/videos", text("base_url"))).basic(text("api_key")).send().await;
        assert_eq!(got.status, 200, "{place}");
    }
}

#[tokio::test]
async fn clock_journal_and_counters_work_over_http() {
    let lab = Lab::new().await;
    let before = lab.emulator.now();
    let got = lab.control("POST", "clock").json(json!({ "advance": 3600.5 })).send().await;
    assert!(got.status == 200 && got.json()["now"].is_string());
    assert!(lab.emulator.now() >= before.plus(3600));
    for bad in ["", "{", "[]", "{\"advance\":-1}", "{\"advance\":\"1\"}", "{\"advance\":1e300}"] {
        assert_eq!(
            lab.control("POST", "clock").raw("application/json", bad).send().await.status,
            400,
            "{bad}"
        );
    }
    lab.video("GET", "/videos").send().await;
    lab.video("GET", "/nothing").send().await;
    let journal = lab.control("GET", "journal").send().await.json();
    assert_eq!(
        (&journal[0]["operation"], &journal[1]["operation"]),
        (&json!("videos.list"), &Value::Null)
    );
    assert_eq!(
        (&journal[0]["credential"]["kind"], &journal[1]["status"]),
        (&json!("basic"), &json!(404))
    );
    assert_eq!(lab.control("GET", "counters").send().await.json()["api-video"]["videos.list"], 1);
    assert_eq!(lab.control("DELETE", "journal").send().await.status, 204);
    assert_eq!(lab.control("GET", "journal").send().await.json(), json!([]));
    assert_eq!(lab.control("GET", "nonsense").send().await.status, 404);
}

#[tokio::test]
async fn a_planted_fault_is_met_at_its_calls_and_taken_away() {
    let lab = Lab::new().await;
    let list = || async { lab.video("GET", "/videos").send().await.status };
    let fault = json!({ "service": "api-video", "operation": "videos.list", "calls": [2], "status": 503, "body": {} });
    assert_eq!(lab.control("POST", "faults").json(fault).send().await.status, 204);
    assert_eq!([list().await, list().await, list().await], [200, 503, 200]);
    let mut late = Fault::always(Service::ApiVideo, "videos.create", 500, json!({}));
    late.after_commit = true;
    lab.emulator.fault(late);
    assert_eq!(
        lab.video("POST", "/videos").json(json!({ "title": "kept" })).send().await.status,
        500
    );
    let kept = lab.video("GET", "/videos").send().await.json();
    assert_eq!(kept["data"][0]["title"], "kept", "it happened, only the answer was lost");
    assert_eq!(lab.control("DELETE", "faults").send().await.status, 204);
    assert_eq!(lab.video("POST", "/videos").json(json!({ "title": "b" })).send().await.status, 201);
    for bad in [
        json!([]),
        json!({ "service": "api-video" }),
        json!({ "service": "api-video", "operation": "videos.burn", "status": 500 }),
    ] {
        assert_eq!(lab.control("POST", "faults").json(bad).send().await.status, 400);
    }
}

#[tokio::test]
async fn a_page_on_another_port_may_call() {
    let lab = Lab::new().await;
    let preflight = lab
        .to(Service::TwelveLabs, "OPTIONS", "/indexes")
        .header("origin", "http://127.0.0.1:9")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-api-key,content-type")
        .send()
        .await;
    assert!((200..300).contains(&preflight.status));
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert!(preflight.header("access-control-allow-methods").contains("POST"));
    for name in ["x-api-key", "authorization", "content-type", "content-range"] {
        assert!(preflight.header("access-control-allow-headers").contains(name), "{name}");
    }
    let refused = lab.to(Service::TwelveLabs, "GET", "/indexes").send().await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "*"));
    assert!(lab.emulator.journal().iter().all(|entry| entry.method != "OPTIONS"));
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = Emulator::start(Config::default()).await.unwrap();
    let url = first.base_url(Service::ApiVideo);
    let port: u16 = url.split([':', '/']).find_map(|part| part.parse().ok()).unwrap();
    let error =
        Emulator::start(Config { port: Some(port), ..Config::default() }).await.unwrap_err();
    assert!(
        error.to_string().contains(&port.to_string()) && error.to_string().contains("in use"),
        "{error}"
    );
    first.stop().await;
    Emulator::start(Config { port: Some(port), ..Config::default() }).await.expect("free again");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "real time is what counts here")]
async fn ready_in_under_100_ms() {
    let began = Instant::now();
    let lab = Lab::new().await;
    let ready = lab.video("GET", "/videos").send().await;
    let took = began.elapsed();
    println!("first answer after {took:?}");
    assert_eq!(ready.status, 200);
    assert!(took < Duration::from_millis(100), "{took:?}");
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_client_that_says_nothing() {
    use tokio::io::AsyncWriteExt;
    let lab = Lab::new().await;
    let url = lab.emulator.base_url(Service::ApiVideo);
    let address = url.split('/').nth(2).unwrap().to_owned();
    let _silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    let mut half = tokio::net::TcpStream::connect(&address).await.unwrap();
    half.write_all(b"POST /api-video/videos HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
        .await
        .unwrap();
    lab.video("GET", "/videos").send().await;
    let stopped = tokio::time::timeout(Duration::from_secs(10), lab.emulator.stop()).await;
    assert!(stopped.is_ok(), "still waiting");
    assert!(tokio::net::TcpStream::connect(&address).await.is_err(), "still listening");
}

#[tokio::test]
async fn time_never_wraps_round() {
    let lab = Lab::new().await;
    for _ in 0..3 {
        let before = lab.emulator.now();
        lab.emulator.advance(Duration::MAX);
        assert!(lab.emulator.now() >= before);
    }
    let got =
        lab.video("POST", "/upload-tokens").json(json!({ "ttl": 2_147_483_647_u64 })).send().await;
    assert!(got.json()["expiresAt"].is_string());
}

#[tokio::test]
async fn the_same_seed_has_the_same_credentials() {
    let with = |seed| Emulator::start(Config { seed, ..Config::default() });
    let (one, same, other) =
        (with(5).await.unwrap(), with(5).await.unwrap(), with(6).await.unwrap());
    assert_eq!(one.credentials().videovector_key, same.credentials().videovector_key);
    assert_ne!(one.credentials().videovector_key, other.credentials().videovector_key);
    let shown = format!("{one:?} {:?}", one.credentials());
    assert!(!shown.contains(&one.credentials().api_video_key));
}

/// Every service's own shape: a problem, a flat body, an envelope or a detail.
fn is_own_shape(service: Service, body: &Value) -> bool {
    match service {
        Service::ApiVideo => {
            body["type"].is_string() && body["title"].is_string() && body["status"].is_u64()
        }
        Service::TwelveLabs => body["code"].is_string() && body["message"].is_string(),
        Service::VideoVector => body["error"]["message"].is_string() || body["detail"].is_string(),
    }
}

#[tokio::test]
async fn nonsense_is_refused_in_the_services_own_shape() {
    let lab = Lab::new().await;
    for service in Service::ALL {
        let signed = |method, path: &str| match service {
            Service::ApiVideo => lab.video(method, path),
            Service::TwelveLabs => lab.labs(method, path),
            Service::VideoVector => lab.user(method, path),
        };
        for path in ["/", "//", "/nothing", "/videos/a/b/c/d", "/%ff", "/%2e%2e", "/indexes/"] {
            let got = signed("GET", path).send().await;
            assert!(
                got.status == 404 && is_own_shape(service, &got.json()),
                "{path}: {}",
                got.json()
            );
        }
        let with_body = operations(service)
            .iter()
            .filter(|row| matches!(row.body, framekey_catalog::Body::Json { required: true, .. }));
        for operation in with_body.take(8) {
            let path = operation.path.replace(['{', '}'], "");
            for broken in ["{", "\u{1}\u{2}", "{\"a\":}", "nul", "{}}"] {
                let got = signed(operation.method.as_str(), &path)
                    .raw("application/json", broken)
                    .send()
                    .await;
                assert!(
                    got.status == 400 && is_own_shape(service, &got.json()),
                    "{}: {broken}",
                    operation.id
                );
            }
            let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
            let got =
                signed(operation.method.as_str(), &path).raw("application/json", deep).send().await;
            assert!((400..500).contains(&got.status), "{}", operation.id);
        }
        for media in ["multipart/form-data", "multipart/form-data; boundary=x", "text/html", "x"] {
            let got = signed("POST", "/videos").raw(media, vec![0xff; 64]).send().await;
            assert!((400..500).contains(&got.status), "{media}: {}", got.status);
        }
    }
    assert_eq!(
        ask("GET", lab.emulator.base_url(Service::ApiVideo).replace("api-video", "elsewhere"))
            .send()
            .await
            .status,
        404
    );
    assert_eq!(lab.video("GET", "/videos").send().await.status, 200, "and it still works");
}

/// Bytes that look random and are the same in every run.
fn noise(seed: &mut u64, length: usize) -> Vec<u8> {
    let mut next = || {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn random_bodies_never_break_it() {
    let lab = Lab::new().await;
    let mut seed = 0x5eed;
    let id = lab.video("POST", "/videos").json(json!({ "title": "noise" })).send().await.json()["videoId"].as_str().unwrap().to_owned();
    for round in 0..200 {
        let length = round * 7;
        let body = noise(&mut seed, length);
        let mut part = b"--edge\r\n".to_vec();
        part.extend_from_slice(&body);
        for (path, media, body) in [
            ("/videos".to_owned(), "application/json", body.clone()),
            (format!("/videos/{id}/source"), "multipart/form-data; boundary=edge", body),
            (format!("/videos/{id}/source"), "multipart/form-data; boundary=edge", part),
        ] {
            let got = lab.video("POST", &path).raw(media, body).send().await;
            assert!((400..500).contains(&got.status), "{path}: {}", got.status);
        }
    }
}

#[tokio::test]
async fn fields_of_any_name_have_the_type_that_the_document_gives_them() {
    let lab = Lab::new().await;
    let body = json!({ "name": "store" });
    let store = lab.labs("POST", "/knowledge-stores").json(body).send().await.json();
    let path = format!("/knowledge-stores/{}/item-collections", store["_id"].as_str().unwrap());
    let make = |metadata: Value| {
        let body = json!({ "name": format!("c {metadata}"), "metadata": metadata });
        lab.labs("POST", &path).json(body).send()
    };
    assert_eq!(make(json!({ "a": "b" })).await.status, 201);
    assert_eq!(make(json!({ "a": -1e-5 })).await.status, 400);
}

#[tokio::test]
async fn an_empty_index_has_no_minus_before_its_nothing() {
    let lab = Lab::new().await;
    let models = json!([{ "model_name": "marengo3.0", "model_options": ["visual"] }]);
    lab.labs("POST", "/indexes").json(json!({ "index_name": "a", "models": models })).send().await;
    let got = lab.labs("GET", "/indexes").send().await;
    assert!(!String::from_utf8_lossy(&got.body).contains("-0"), "{}", got.json());
}
