//! A service that answers badly, in the way that the path says, and repeats all that it was sent.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::carriers::Carrier;
use crate::raw::{self, Seen};

/// The ways, as the first part of a path. There is also `quiet`, which repeats nothing.
pub const WAYS: [&str; 16] = [
    "ok",
    "400",
    "401",
    "403",
    "404",
    "429",
    "500",
    "html",
    "broken-json",
    "other-json",
    "cut",
    "close",
    "stall",
    "redirect",
    "huge",
    "garbage",
];

/// Starts it; gives the port on 127.0.0.1.
pub async fn start(tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            drop(tokio::spawn(async move {
                match tls {
                    None => talk(stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            talk(stream).await;
                        }
                    }
                }
            }));
        }
    }));
    port
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    while let Some(request) = raw::read(&mut stream, "").await {
        let (_, path) = request.line();
        let mut parts = path.trim_start_matches('/').split('/');
        let (way, carrier) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let exchange = path.ends_with("/auth/api-key") && carrier != "av-exchange";
        if exchange && carrier != "av-create" {
            raw::answer(&mut stream, 200, &[], &Carrier::token_answer()).await;
        } else if !answer(&mut stream, way, &request).await {
            return;
        }
    }
}

/// Whether the connection goes on.
async fn answer(stream: &mut (impl AsyncWrite + Unpin), way: &str, request: &Seen) -> bool {
    let echo = String::from_utf8_lossy(&request.bytes()).into_owned();
    let credential = request.header("authorization").or_else(|| request.header("x-api-key"));
    let id = credential.unwrap_or("none");
    let headers =
        [("content-type", "application/json"), ("x-request-id", id), ("retry-after", "1")];
    if let Ok(status) = way.parse::<u16>() {
        // In every field that an error is made from.
        let body = json!({
            "type": format!("https://docs.example/{id}"), "title": echo, "name": echo, "code": id,
            "message": format!("you sent {echo}"), "request_id": id, "status": status,
        });
        raw::answer(stream, status, &headers, body.to_string().as_bytes()).await;
        return true;
    }
    let written = match way {
        "quiet" => "{\"data\":[]}".to_owned(),
        "ok" => {
            let headers = ["content-type", "date", "etag", "retry-after", "x-request-id"];
            raw::answer(stream, 200, &headers.map(|name| (name, id)), b"{\"data\":[]}").await;
            return true;
        }
        "html" => {
            let page = format!("<html><body>{echo}</body></html>");
            raw::answer(stream, 500, &[("content-type", "text/html")], page.as_bytes()).await;
            return true;
        }
        "broken-json" => format!("{{\"data\": \"{id}\", \"x\": {id}"),
        "other-json" => json!({ "data": id, "access_token": [id], "pagination": id }).to_string(),
        "redirect" => {
            let target = format!("https://evil.example/?{id}");
            raw::answer(stream, 302, &[("location", &target)], b"").await;
            return true;
        }
        "huge" => {
            let body =
                json!({ "message": format!("{}{id}", "x".repeat(490)), "x": echo.repeat(400) });
            raw::answer(stream, 400, &headers, body.to_string().as_bytes()).await;
            return true;
        }
        "cut" => {
            let head =
                format!("HTTP/1.1 200 OK\r\nx: {id}\r\ncontent-length: 99999\r\n\r\n{{\"{id}");
            let _ = stream.write_all(head.as_bytes()).await;
            return false;
        }
        "garbage" => {
            let _ = stream.write_all(format!("{id} {id}\r\n{echo}\r\n\r\n").as_bytes()).await;
            return false;
        }
        "stall" => return std::future::pending().await,
        _ => return false,
    };
    let headers = if way == "quiet" { &headers[..1] } else { &headers };
    raw::answer(stream, 200, headers, written.as_bytes()).await;
    true
}
