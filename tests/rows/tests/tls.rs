//! RD-04: a credential goes only where a good certificate is shown, or to this machine.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use framekey::Platform;
use framekey_rows::carriers::{CARRIERS, Carrier};
use framekey_rows::tls::{Authority, Identity};
use framekey_rows::{child, raw};
use framekey_runtime::native::{self, HttpTransport};
use futures_util::future::join_all;
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints,
    date_time_ymd,
};
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
    let authority = Authority::new();
    let platform = trusting(&authority);
    let good = |change: fn(&mut CertificateParams)| authority.identity(&["localhost"], change);
    let below = |change: fn(&mut CertificateParams)| {
        let middle = authority.below(change);
        let mut leaf = middle.identity(&["localhost"], |_| {});
        leaf.chain.push(middle.certificate());
        leaf
    };
    let bad: [(&str, Identity); 11] = [
        ("expired", good(|params| params.not_after = date_time_ymd(2001, 1, 1))),
        ("not yet valid", good(|params| params.not_before = date_time_ymd(4000, 1, 1))),
        ("another name", authority.identity(&["other.example"], |_| {})),
        ("a name within the name", authority.identity(&["localhost.evil.example"], |_| {})),
        ("another address", authority.identity(&["127.0.0.2"], |_| {})),
        ("no name", authority.identity(&[], |_| {})),
        ("self-signed", Identity::self_signed(&["localhost"])),
        ("unknown authority", Authority::new().identity(&["localhost"], |_| {})),
        (
            "for clients",
            good(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
        ),
        ("signed by no authority", below(|params| params.is_ca = IsCa::ExplicitNoCa)),
        (
            "an authority for other names",
            below(|params| {
                params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("other.example".to_owned())],
                    excluded_subtrees: Vec::new(),
                });
            }),
        ),
    ];
    let platform = &platform;
    join_all(bad.map(|(why, identity)| async move {
        let server = Counter::start(identity.acceptor(&[])).await;
        let host = if why == "another address" { "127.0.0.1" } else { "localhost" };
        let base = format!("https://{host}:{}", server.port);
        for (carrier, error) in call_all(&base, platform).await {
            let error = error.unwrap_or_else(|| panic!("{why}: {carrier} was answered"));
            assert!(error.contains("certificate"), "{why}, {carrier}: {error}");
            // A failed exchange has a code of its own.
            let exchanges = matches!(carrier, "av-bearer" | "av-exchange");
            assert!(exchanges || error.contains("[net.tls]"), "{why}, {carrier}: {error}");
        }
        assert_eq!(server.counts(), (true, 0), "{why}: bytes inside TLS");
    }))
    .await;
    let good = Counter::start(good(|_| {}).acceptor(&[])).await;
    for (carrier, error) in call_all(&format!("https://localhost:{}", good.port), platform).await {
        // An empty object is no token, and that is another matter.
        assert!(error.is_none() || carrier == "av-refresh", "{carrier}: {error:?}");
    }
    assert!(good.counts().1 > 0);
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
    let authority = Authority::new();
    let tls = authority.identity(&["localhost"], |_| {}).acceptor(&[]);
    let server = Counter::start(tls).await;
    let client = CARRIERS[0]
        .client(&format!("https://localhost:{}", server.port), Some(&trusting(&authority)))
        .unwrap();
    CARRIERS[0].call(&client).await.unwrap();
    assert!(server.counts().1 > 0);
}
