//! A proxy that plays every host: the service that redirects, and whoever the redirect leads to.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::raw::{self, Seen};

/// An answer: status, header fields, body.
pub type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);
type Rule = dyn Fn(&Seen) -> Answer + Send + Sync;

/// Takes every connection, whatever host it is meant for, and remembers what was sent.
pub struct Trap {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Trap {
    /// A proxy on loopback. It shows the acceptor's certificate for every host.
    pub async fn start(
        tls: TlsAcceptor,
        rule: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (rule, all): (Arc<Rule>, _) = (Arc::new(rule), Arc::clone(&seen));
        drop(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, rule, all) = (tls.clone(), Arc::clone(&rule), Arc::clone(&all));
                drop(tokio::spawn(connection(stream, tls, rule, all)));
            }
        }));
        Trap { address, seen }
    }

    /// For `HTTPS_PROXY`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, those inside tunnels included.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn connection(
    mut stream: TcpStream,
    tls: TlsAcceptor,
    rule: Arc<Rule>,
    all: Arc<Mutex<Vec<Seen>>>,
) {
    let Some(first) = raw::read(&mut stream, "plain").await else { return };
    let (method, target) = first.line();
    if method != "CONNECT" {
        let answer = note(first, &rule, &all);
        reply(&mut stream, answer).await;
        return talk(stream, "plain", &rule, &all).await;
    }
    let host = target.to_owned();
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
        return;
    }
    // A tunnel that is asked for is remembered, even if nothing goes through it.
    note(Seen { at: host.clone(), head: "TUNNEL".to_owned(), body: Vec::new() }, &rule, &all);
    if let Ok(stream) = tls.accept(stream).await {
        talk(stream, &host, &rule, &all).await;
    }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    at: &str,
    rule: &Arc<Rule>,
    all: &Mutex<Vec<Seen>>,
) {
    while let Some(request) = raw::read(&mut stream, at).await {
        let answer = note(request, rule, all);
        reply(&mut stream, answer).await;
    }
}

fn note(request: Seen, rule: &Arc<Rule>, all: &Mutex<Vec<Seen>>) -> Answer {
    let answer = rule(&request);
    all.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    answer
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), (status, headers, body): Answer) {
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    raw::answer(stream, status, &headers, &body).await;
}
