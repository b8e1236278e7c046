//! What strangers may send: refused in the service's own shape where it is HTTP, dropped where it is
//! not; memory stays bounded and the emulator stays up.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use framekey_catalog::{Service, operations};
use serde_json::Value;
use support::Lab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn is_long() -> bool {
    std::env::var_os("FRAMEKEY_LONG").is_some()
}

async fn connect(lab: &Lab) -> TcpStream {
    let url = lab.emulator.base_url(Service::ApiVideo);
    TcpStream::connect(url.split('/').nth(2).unwrap()).await.unwrap()
}

/// What these bytes are answered with; the other side ends.
async fn send(lab: &Lab, bytes: &[u8]) -> String {
    let mut socket = connect(lab).await;
    // It may have seen enough before it has seen all.
    let _ = socket.write_all(bytes).await;
    let mut got = Vec::new();
    let _ = socket.read_to_end(&mut got).await;
    String::from_utf8_lossy(&got).into_owned()
}

fn json(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_default()
}

/// Every service's own shape: a problem, a flat body, an envelope or a detail.
fn is_own_shape(service: Service, body: &Value) -> bool {
    match service {
        Service::ApiVideo => body["type"].is_string() && body["title"].is_string(),
        Service::TwelveLabs => body["code"].is_string() && body["message"].is_string(),
        Service::VideoVector => body["error"]["message"].is_string() || body["detail"].is_string(),
    }
}

async fn still_works(lab: &Lab) {
    assert_eq!(lab.video("GET", "/videos").send().await.status, 200);
}

#[tokio::test]
async fn ten_gib_announced_are_refused_before_they_come() {
    let lab = Lab::new().await;
    for (service, base, path) in [
        (Service::ApiVideo, "/api-video", "/videos"),
        (Service::TwelveLabs, "/twelve-labs/v1.3", "/indexes"),
        (Service::VideoVector, "/videovector/api/v2", "/indexes"),
    ] {
        for media in ["application/json", "multipart/form-data; boundary=edge"] {
            let head = format!(
                "POST {base}{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media}\r\n\
                 content-length: 10737418240\r\n\r\n"
            );
            let got = send(&lab, head.as_bytes()).await;
            assert!(got.starts_with("HTTP/1.1 413"), "{media}: {got}");
            assert!(is_own_shape(service, &json(&got)), "{got}");
        }
    }
    still_works(&lab).await;
}

/// Chunked, so that nothing is announced: the unit tests of the reader of forms say how much it takes.
#[tokio::test]
async fn a_form_without_an_end_is_let_go() {
    let lab = Lab::new().await;
    let head = "--edge\r\ncontent-disposition: form-data; name=\"";
    let field = format!("{head}a\"\r\n\r\n{}\r\n", "a".repeat(1_000_000));
    for (first, rest) in [("", "a".repeat(65_536)), (head, "a".repeat(65_536)), ("", field)] {
        let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
        let mut socket = connect(&lab).await;
        let head = "POST /api-video/upload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\
                    content-type: multipart/form-data; boundary=edge\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        if !first.is_empty() {
            socket.write_all(chunk(first).as_bytes()).await.unwrap();
        }
        let (piece, mut sent) = (chunk(&rest), 0);
        while socket.write_all(piece.as_bytes()).await.is_ok() {
            sent += piece.len();
            assert!(sent < 64 << 20, "{sent} bytes were taken");
        }
    }
    still_works(&lab).await;
}

#[tokio::test]
async fn json_under_another_name_is_refused_and_nothing_is_made() {
    let lab = Lab::new().await;
    let bodies = [
        (Service::ApiVideo, "/videos", r#"{"title":"a"}"#),
        (Service::TwelveLabs, "/indexes", r#"{"index_name":"a","models":[]}"#),
        (Service::VideoVector, "/indexes", r#"{"name":"a"}"#),
    ];
    for (service, path, body) in bodies {
        for media in ["text/plain", "application/x-www-form-urlencoded", "", "json", "\u{ff}"] {
            let got = lab.to(service, "POST", path).raw(media, body).send().await;
            assert_eq!(got.status, 415, "{media}: {}", got.json());
            assert!(is_own_shape(service, &got.json()), "{}", got.json());
        }
        let form = lab.to(service, "POST", path).form(&[("title", "a"), ("name", "a")], &[]);
        assert_eq!(form.send().await.status, 415);
    }
    for media in ["application/json; charset=utf-8", "Application/JSON", "application/x+json"] {
        let made = lab.video("POST", "/videos").raw(media, r#"{"title":"a"}"#).send().await;
        assert_eq!(made.status, 201, "{media}");
    }
    let listed = lab.video("GET", "/videos").send().await.json();
    assert_eq!(listed["pagination"]["itemsTotal"], 3);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let lab = Lab::new().await;
    for service in Service::ALL {
        for operation in operations(service) {
            let path = operation.path.replace(['{', '}'], "");
            let got = lab.to(service, "TRACE", &path).send().await;
            let told = got.header("allow");
            assert_eq!(got.status, 405, "{path}");
            assert!(told.contains(operation.method.as_str()), "{path}: {told}");
            assert!(is_own_shape(service, &got.json()), "{}", got.json());
        }
    }
}

#[tokio::test]
async fn what_is_no_http_ends_the_connection_and_nothing_else() {
    let lab = Lab::new().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x-a: b\r\n".repeat(200));
    for bytes in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /api-video/videos HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        let got = send(&lab, bytes).await;
        let status = got.get(9..12).unwrap_or("");
        assert!(got.is_empty() || status.starts_with('4'), "{bytes:?}: {got}");
    }
    for path in ["%ff", "%00", "%c3%28", "a%2f..%2fb", "..", "\u{e9}"] {
        let head =
            format!("GET /api-video/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let got = send(&lab, head.as_bytes()).await;
        assert!(
            got.starts_with("HTTP/1.1 404") || got.starts_with("HTTP/1.1 400"),
            "{path}: {got}"
        );
    }
    still_works(&lab).await;
}

#[tokio::test]
async fn noise_on_the_wire_never_breaks_it() {
    let lab = Lab::new().await;
    let mut seed = 0x5eed_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 24) as u8
    };
    let good = b"POST /twelve-labs/v1.3/indexes HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    for _ in 0..if is_long() { 20_000 } else { 400 } {
        let mut bytes = good.to_vec();
        for _ in 0..3 {
            let at = usize::from(next()) % bytes.len();
            bytes[at] = next();
        }
        let mut socket = connect(&lab).await;
        let _ = socket.write_all(&bytes).await;
        let _ = socket.shutdown().await;
        let mut got = Vec::new();
        let _ = socket.read_to_end(&mut got).await;
        let text = String::from_utf8_lossy(&got);
        assert!(got.is_empty() || !text.starts_with("HTTP/1.1 5"), "{text}");
    }
    still_works(&lab).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_dawdles_is_let_go() {
    let lab = Lab::new().await;
    for bytes in ["", "GET /api-video/videos HTT", "GET / HTTP/1.1\r\nhost: x\r\nx-a: "] {
        let got = send(&lab, bytes.as_bytes()).await;
        assert!(got.is_empty() || got.starts_with("HTTP/1.1 408"), "{bytes}: {got}");
    }
    let half = "POST /api-video/auth/api-key HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let got = send(&lab, half.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 400"), "{got}");
    assert!(is_own_shape(Service::ApiVideo, &json(&got)), "{got}");
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// Ten thousand with `FRAMEKEY_LONG=1`, as far as the limit of open files lets it; else a thousand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn thousands_of_open_connections_cost_little() {
    let lab = Lab::new().await;
    let (wanted, before) = (if is_long() { 10_000 } else { 1000 }, resident());
    let mut open = Vec::new();
    while open.len() < wanted {
        let url = lab.emulator.base_url(Service::ApiVideo);
        match TcpStream::connect(url.split('/').nth(2).unwrap()).await {
            Ok(socket) => open.push(socket),
            Err(error) => {
                assert!(error.raw_os_error() == Some(24), "{error}");
                // Both ends are in this process: leave room for the last question.
                open.truncate(open.len() - 50);
                break;
            }
        }
    }
    tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_millis(200)).await;
    let each = resident().saturating_sub(before) / open.len();
    println!("{} connections, {each} bytes each", open.len());
    assert!(each < 16_384, "{each} bytes each");
    // The same with half a request each.
    for socket in &mut open {
        socket.write_all(b"GET /api-video/videos HTTP/1.1\r\nhost:").await.unwrap();
    }
    tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_millis(200)).await;
    let each = resident().saturating_sub(before) / open.len();
    println!("{} connections in a request, {each} bytes each", open.len());
    assert!(each < 32_768, "{each} bytes each");
    still_works(&lab).await;
    drop(open);
    still_works(&lab).await;
}
