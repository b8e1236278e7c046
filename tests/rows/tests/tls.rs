//! RD-04: a credential goes only where a good certificate is shown, or to this machine.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use framekey::{ApiVideo, Platform, Service, VideoVector};
use framekey_emulator::tls::{Authority, Certificate};
use framekey_emulator::{Config, Emulator};
use framekey_rows::carriers::{CARRIERS, Carrier};
use framekey_rows::{child, raw, tls};
use framekey_runtime::native::{self, HttpTransport};
use futures_util::future::join_all;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A server that answers whatever it is asked, and counts the bytes it was sent inside TLS.
struct Counter {
    port: u16,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Counter {
    async fn start(tls: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, bytes) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (opened, received) = (Arc::clone(&connections), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::SeqCst);
                let (tls, received) = (tls.clone(), Arc::clone(&received));
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else { return };
                    while let Some(request) = raw::read(&mut stream, "").await {
                        received.fetch_add(request.bytes().len(), Ordering::SeqCst);
                        let body = match request.line().1.ends_with("/auth/api-key") {
                            true => Carrier::token_answer(),
                            false => b"{}".to_vec(),
                        };
                        raw::answer(&mut stream, 200, &[], &body).await;
                    }
                });
            }
        });
        Counter { port, connections, bytes }
    }

    fn counts(&self) -> (bool, usize) {
        (self.connections.load(Ordering::SeqCst) > 0, self.bytes.load(Ordering::SeqCst))
    }
}

fn trusting(authority: &Authority) -> Platform {
    let transport = HttpTransport::trusting([authority.certificate()]).unwrap();
    Platform { transport: Arc::new(transport), ..native::platform().unwrap() }
}

/// The errors of one call with every kind of credential.
async fn call_all(base: &str, platform: &Platform) -> Vec<(&'static str, Option<String>)> {
    join_all(CARRIERS.iter().map(|carrier| async move {
        let client = carrier.client(base, Some(platform)).unwrap();
        let outcome = carrier.call(&client).await;
        (carrier.name, outcome.err().map(|error| format!("{error}")))
    }))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rd_04_a_bad_certificate_is_sent_nothing() {
    let authority = tls::authority();
    let platform = trusting(&authority);
    let platform = &platform;
    join_all(
        Certificate::BAD
            .map(|why| {
                let bad = tls::acceptor(authority.identity(why).unwrap(), &[]);
                let host = if why == Certificate::OtherAddress { "127.0.0.1" } else { "localhost" };
                (why, bad, host)
            })
            .map(|(why, bad, host)| async move {
                let server = Counter::start(bad).await;
                let base = format!("https://{host}:{}", server.port);
                for (carrier, error) in call_all(&base, platform).await {
                    let error = error.unwrap_or_else(|| panic!("{why:?}: {carrier} was answered"));
                    assert!(error.contains("certificate"), "{why:?}, {carrier}: {error}");
                    // A failed exchange has a code of its own.
                    let exchanges = matches!(carrier, "av-bearer" | "av-exchange");
                    assert!(
                        exchanges || error.contains("[net.tls]"),
                        "{why:?}, {carrier}: {error}"
                    );
                }
                assert_eq!(server.counts(), (true, 0), "{why:?}: bytes inside TLS");
            }),
    )
    .await;
    let good = Counter::start(tls::good(&authority, &[])).await;
    for (carrier, error) in call_all(&format!("https://localhost:{}", good.port), platform).await {
        // An empty object is no token, and that is another matter.
        assert!(error.is_none() || carrier == "av-refresh", "{carrier}: {error:?}");
    }
    assert!(good.counts().1 > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rd_04_an_authority_is_trusted_where_a_file_names_it() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    emulator.switch(|switches| switches.tls.https = true);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let builder = || {
        let key = emulator.credentials().videovector_key;
        VideoVector::builder().api_key(key).base_url(emulator.base_url(Service::VideoVector))
    };
    let bundle = path("authority.pem", emulator.authority().unwrap().pem());
    let by_option = builder().set("ca_bundle", bundle.clone().into()).unwrap().build().unwrap();
    let variable = bundle.clone();
    let by_variable = builder()
        .environment(move |name| (name == "FRAMEKEY_CA_BUNDLE").then(|| variable.clone()))
        .build()
        .unwrap();
    for client in [by_option, by_variable] {
        client.indexes().list().send().await.unwrap();
    }
    let journal = emulator.journal();
    assert!(journal.iter().all(|entry| entry.tls && entry.protocol == "h2") && journal.len() == 2);

    let other = path("other.pem", tls::authority().pem());
    for (bundle, code) in [(None, "net.tls"), (Some(other), "net.tls")] {
        let builder = match bundle {
            Some(path) => builder().set("ca_bundle", path.into()).unwrap(),
            None => builder(),
        };
        let error = builder.build().unwrap().indexes().list().send().await.unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert_eq!(emulator.journal().len(), 2, "nobody else was let in");
    let missing = folder.path().join("none.pem").to_str().unwrap().to_owned();
    for path in [path("empty.pem", ""), path("bad.pem", "-----BEGIN"), missing] {
        let error = builder().set("ca_bundle", path.clone().into()).unwrap().build().unwrap_err();
        assert_eq!(error.code(), "config.bad_option", "{path}");
        assert!(error.message().contains(&path), "{error}");
    }
    let both = builder().set("ca_bundle", bundle.into()).unwrap();
    let both = both.platform(native::platform().unwrap()).build();
    assert_eq!(both.unwrap_err().code(), "config.bad_option");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e01_an_exchange_is_not_made_over_the_authorities_of_another_client() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    emulator.switch(|switches| switches.tls.https = true);
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("authority.pem");
    std::fs::write(&bundle, emulator.authority().unwrap().pem()).unwrap();
    let tokens = framekey::SharedTokens::default();
    let builder = || {
        let key = emulator.credentials().api_video_key;
        ApiVideo::builder()
            .api_key(key)
            .base_url(emulator.base_url(Service::ApiVideo))
            .shared(&tokens)
    };
    let plain = builder().build().unwrap();
    let refused = |error: framekey::Error| assert_eq!(error.code(), "auth.exchange_unavailable");
    refused(plain.videos().list().send().await.unwrap_err());
    let trusting = builder().set("ca_bundle", bundle.to_str().unwrap().into()).unwrap();
    trusting.build().unwrap().videos().list().send().await.unwrap();
    refused(plain.videos().list().send().await.unwrap_err());
}

#[test]
fn rd_04_plain_http_is_refused_before_a_socket_opens() {
    let refused = [
        "http://ws.api.video",
        "http://10.0.0.1",
        "http://192.168.1.1",
        "http://169.254.169.254",
        "http://0.0.0.0",
        "http://[::]",
        "http://[fe80::1]",
        "http://[::ffff:127.0.0.1]",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://evil.localhost",
        "http://xlocalhost",
        "http://localhost-x",
        "http://localhostx",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0x7f.0.0.1",
        "http://0177.0.0.1",
        "http://127.0.0.01",
        "http://128.0.0.1",
        "HTTP://WS.API.VIDEO",
        "http://local_host:80",
        "http://xn--80ak6aa92e:80/",
    ];
    let unreadable = [
        "http://localhost@evil.example",
        "http://localhost:80@evil.example",
        "http://localhost.",
        "http://127.0.0.1.",
        "http://localhost%00.evil",
        "http://localhost\\.evil.example",
        "http://①②⑦.0.0.1",
        "http://localhost#.evil.example",
        "http://localhost?.evil.example",
        "http:/\\localhost",
        "http:localhost",
        "//localhost",
        "http://[::1",
        "http://::1",
        "http://[::1%25eth0]",
        "http://local host",
        "http://localhost:80:80",
        "http://localhost:-1",
    ];
    let loopback = [
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.2",
        "http://127.255.255.254",
        "http://[::1]:1/x",
        "http://[0:0:0:0:0:0:0:1]",
        "http://localhost",
        "HTTP://LocalHost:1/v2",
    ];
    for carrier in CARRIERS {
        let code = |base: &str| carrier.client(base, None).map_err(|error| error.code()).err();
        for base in refused {
            assert_eq!(code(base), Some("auth.insecure"), "{base}");
        }
        for base in unreadable {
            assert_eq!(code(base), Some("config.bad_base_url"), "{base}");
        }
        for base in loopback {
            assert_eq!(code(base), None, "{base}");
        }
    }
}

/// The versions that a ClientHello offers (RFC 8446, section 4.2.1).
fn offered(hello: &[u8]) -> Vec<u16> {
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    // Record and handshake heads, version and random; then session, suites and compression.
    let mut at = 5 + 4 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + number(at);
    at += 1 + usize::from(hello[at]) + 2;
    while at + 4 <= hello.len() {
        let (kind, length) = (number(at), number(at + 2));
        if kind == 43 {
            let versions = hello[at + 5..at + 4 + length].chunks_exact(2);
            return versions.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        }
        at += 4 + length;
    }
    Vec::new()
}

async fn hello(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 5];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes.resize(5 + usize::from(u16::from_be_bytes([bytes[3], bytes[4]])), 0);
    stream.read_exact(&mut bytes[5..]).await.unwrap();
    bytes
}

#[tokio::test]
async fn rd_04_tls_is_1_2_at_least() {
    use tokio::io::AsyncWriteExt as _;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let platform = native::platform().unwrap();
    let client = CARRIERS[0].client(&base, Some(&platform)).unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let versions = offered(&hello(&mut stream).await);
        // A ServerHello that settles on TLS 1.1.
        let mut answer = vec![0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
        answer.extend([7; 32]);
        answer.extend([0, 0xc0, 0x13, 0]);
        stream.write_all(&answer).await.unwrap();
        let mut rest = Vec::new();
        // The client may reset the connection.
        let _ = stream.read_to_end(&mut rest).await;
        (versions, rest)
    };
    let (outcome, (versions, rest)) = tokio::join!(CARRIERS[0].call(&client), server);
    assert_eq!(versions, [0x0304, 0x0303], "TLS 1.3 and 1.2");
    assert_eq!(outcome.unwrap_err().code(), "net.tls");
    assert!(rest.len() <= 7 && rest.first().is_none_or(|kind| *kind == 0x15), "but an alert");
}

#[test]
fn rd_04_no_key_log_is_written() {
    let log = std::env::temp_dir().join(format!("framekey-keys-{}.log", std::process::id()));
    let output = child::test("call_of_rd_04").env("SSLKEYLOGFILE", &log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let written = std::fs::remove_file(&log).is_ok();
    assert!(!written, "SSLKEYLOGFILE is honoured: whoever can set it can read what is sent");
}

#[tokio::test]
#[ignore = "run by rd_04_no_key_log_is_written"]
async fn call_of_rd_04() {
    if !child::is("call_of_rd_04") {
        return;
    }
    let authority = tls::authority();
    let server = Counter::start(tls::good(&authority, &[])).await;
    let client = CARRIERS[0]
        .client(&format!("https://localhost:{}", server.port), Some(&trusting(&authority)))
        .unwrap();
    CARRIERS[0].call(&client).await.unwrap();
    assert!(server.counts().1 > 0);
}
