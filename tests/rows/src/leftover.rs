//! What stays in memory of a key whose client is gone, by kind of credential and of connection.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::process::Output;
use std::sync::Arc;

use framekey::dynamic::Client;
use framekey::{CallOptions, Platform, Service};
use framekey_runtime::native::{self, HttpTransport};
use serde_json::Map;
use zeroize::Zeroize as _;

use crate::child;
use crate::echo;
use crate::heap::{Copies, Wanted, mask};
use crate::http2::Server;
use crate::tls;

/// Calls with each key at each origin.
const CALLS: usize = 20;
const KINDS: [(Service, &str); 3] =
    [(Service::TwelveLabs, "api_key"), (Service::VideoVector, "jwt"), (Service::ApiVideo, "basic")];

/// A key of 56 bytes that is in no file and in no variable: only ever made here.
#[must_use]
pub fn key(seed: u32) -> String {
    let mut text = String::with_capacity(56);
    let mut state = 0x2545_f491 ^ seed;
    while text.len() < 56 {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        text.push(char::from(b'A' + (state % 26) as u8));
    }
    text
}

/// A search for that key.
#[must_use]
pub fn wanted(seed: u32) -> Wanted {
    let mut plain = key(seed);
    let masked = mask(plain.as_bytes());
    plain.zeroize();
    Wanted::masked(&masked)
}

/// Runs the ignored test `name` of the caller, which must call [`here`]. The servers are in this
/// process and the client is in another, or the servers' buffers were found as well.
pub async fn in_child(name: &str) -> Output {
    let authority = tls::authority();
    let tls = |protocols: &[&str]| tls::good(&authority, protocols);
    let h2 = Server::start(tls(&["h2"]), b"{\"data\":[]}".to_vec()).await;
    let origins = [
        format!("http://127.0.0.1:{}/quiet", echo::start(None).await),
        format!("https://localhost:{}/quiet", echo::start(Some(tls(&[]))).await),
        format!("https://localhost:{}", h2.port),
    ];
    let roots = std::env::temp_dir().join(format!("framekey-{name}-{}.pem", std::process::id()));
    std::fs::write(&roots, authority.pem()).expect("a file");
    let mut command = tokio::process::Command::from(child::test(name));
    command.env("SSL_CERT_FILE", &roots).env("FRAMEKEY_ORIGINS", origins.join(" "));
    let outcome = command.output().await.expect("a child");
    std::fs::remove_file(&roots).expect("the file");
    outcome
}

/// In the child: makes the calls, drops the client, and looks. Gives the connection, the kind of
/// credential and what was found.
#[must_use]
pub fn here() -> Vec<(&'static str, &'static str, Copies)> {
    let origins = std::env::var("FRAMEKEY_ORIGINS").expect("origins");
    let connections = ["HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2"];
    let mut found = Vec::new();
    let mut seed = 0;
    for (connection, origin) in connections.into_iter().zip(origins.split(' ')) {
        for (service, option) in KINDS {
            seed += 1;
            calls(service, option, seed, origin);
            found.push((connection, option, wanted(seed).search()));
        }
    }
    found
}

fn calls(service: Service, option: &str, seed: u32, base: &str) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let transport = Arc::new(HttpTransport::new().expect("TLS"));
        let platform = Platform { transport, ..native::platform().expect("a platform") };
        let builder = Client::builder(service).base_url(base).platform(platform);
        let builder = builder.environment(|_| None);
        let builder = match option {
            "jwt" => builder.jwt(key(seed)),
            "basic" => builder.api_key(key(seed)).auth_mode("basic"),
            _ => builder.api_key(key(seed)),
        };
        let client: Client = builder.build().expect("a client");
        let list = if service == Service::ApiVideo { "videos.list" } else { "indexes.list" };
        for _ in 0..CALLS {
            let call = client.call(list, Map::new(), Vec::new(), CallOptions::default());
            call.await.expect("an answer");
        }
    });
}
