//! One connection: what is spoken on it, and the ends that a fault gives it.

mod frames;
mod http1;
mod http2;
mod lent;
mod stream;

use std::error::Error;
use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

use crate::clock::pause;
use crate::fault::{Body, Code, End};
use crate::server;
use crate::world::{Met, World};
use stream::Stream;

/// A client has so long for its first byte, for the handshake of TLS and for the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// The head of a request is not larger.
const LARGEST_HEAD: u32 = 64 << 10;

/// How hyper is told that an answer breaks off: with the stream, or without a word with the connection.
#[derive(Debug)]
pub(crate) struct Broken(Option<h2::Error>);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault was planted")
    }
}

impl Error for Broken {
    /// Where hyper looks for the code.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}

/// What a request has to know of the connection that it came by.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether it is inside TLS.
    pub(crate) secure: bool,
    /// The number of the stream in HTTP/2; none in HTTP/1.
    pub(crate) stream: Option<u32>,
    fate: Arc<Fate>,
}

/// What is to become of a connection, told to who serves it.
#[derive(Debug, Default)]
struct Fate {
    end: Mutex<Option<End>>,
    /// Rung when the connection is to take no further request.
    leave: Notify,
    /// Rung when it is to end now.
    sealed: Notify,
    looked_at: Mutex<LookedAt>,
}

/// What was carried out of the requests of a connection.
#[derive(Debug, Default)]
struct LookedAt {
    /// The highest number of their streams.
    last: u32,
    /// Nothing more is, since it was said how far it went.
    is_over: bool,
}

impl Fate {
    fn looked_at(&self) -> MutexGuard<'_, LookedAt> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last stream that was carried out.
    fn last_looked_at(&self) -> u32 {
        self.looked_at().last
    }

    fn take(&self) -> Option<End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Line {
    pub(crate) fn new(secure: bool) -> Self {
        Line { secure, stream: None, fate: Arc::default() }
    }

    /// The scheme of the URLs that answers give.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// What is spoken, by its name in ALPN.
    pub(crate) const fn protocol(&self) -> &'static str {
        if self.stream.is_some() { "h2" } else { "http/1.1" }
    }

    /// The connection ends after the requests that it has.
    pub(crate) fn leave(&self) {
        self.fate.leave.notify_one();
    }

    /// Carries a request out, unless it was said that none is any more: then nobody waits for the answer.
    pub(crate) async fn look_at(&self, carry_out: impl FnOnce() -> Met) -> Met {
        {
            let mut looked_at = self.fate.looked_at();
            if !looked_at.is_over {
                let met = carry_out();
                if !met.is_forestalled() {
                    looked_at.last = looked_at.last.max(self.stream.unwrap_or(0));
                }
                return met;
            }
        }
        pending().await
    }

    /// Ends a request in the place of an answer, or in the middle of one: with its connection in
    /// HTTP/1, and where it can be by itself in HTTP/2.
    pub(crate) async fn end(&self, end: End) -> Broken {
        let code = match (&end, self.stream) {
            (End::Reset(code), Some(_)) => Some(*code),
            (End::Close, Some(_)) => Some(Code::InternalError),
            _ => None,
        };
        if let Some(code) = code {
            return Broken(Some(code.reason().into()));
        }
        if matches!(end, End::GoAway(_)) {
            self.fate.looked_at().is_over = true;
        }
        *self.fate.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        if self.stream.is_some() {
            self.fate.sealed.notify_one();
            pending().await
        }
        Broken(None)
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Broken>> + Send>>;

/// Boxed, since a connection must be movable to be taken apart at its end.
fn answer(world: &Arc<World>, request: Request<Incoming>, line: Line) -> Answering {
    let world = Arc::clone(world);
    Box::pin(async move {
        match server::handle(&world, request, &line).await {
            Ok(response) => Ok(response),
            Err(end) => Err(line.end(end).await),
        }
    })
}

/// Serves a connection to its end; a change of `stopping` ends it after the request in progress.
pub(crate) async fn serve(stream: TcpStream, world: Arc<World>, mut stopping: watch::Receiver<()>) {
    // Thousands of connections that say nothing must not cost a buffer each.
    let first_bytes = tokio::time::timeout(HEAD_PATIENCE, first(&stream));
    let first = tokio::select! {
        first = first_bytes => first.ok().flatten(),
        _ = stopping.changed() => None,
    };
    let _ = stream.set_nodelay(true);
    // Boxed, so that who says nothing does not hold the room for it.
    match first {
        None => {}
        Some(First::Http1) => {
            Box::pin(http1::talk(Stream::Plain(stream), Line::new(false), world, stopping)).await;
        }
        Some(First::Http2) => {
            Box::pin(http2::talk(Stream::Plain(stream), Line::new(false), world, stopping)).await;
        }
        Some(First::Tls) => Box::pin(secure(stream, world, stopping)).await,
    }
}

async fn secure(stream: TcpStream, world: Arc<World>, stopping: watch::Receiver<()>) {
    let accepted = world.tls().accept(stream, world.switches().tls);
    let Ok(Some(stream)) = tokio::time::timeout(HEAD_PATIENCE, accepted).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let (stream, line) = (Stream::Tls(Box::new(stream)), Line::new(true));
    if is_http2 {
        http2::talk(stream, line, world, stopping).await;
    } else {
        http1::talk(stream, line, world, stopping).await;
    }
}

/// What the first bytes of a connection say of the rest.
enum First {
    Http1,
    Http2,
    Tls,
}

/// Looks at the first bytes and leaves them there; none where there are none.
async fn first(stream: &TcpStream) -> Option<First> {
    /// How HTTP/2 begins where it was not agreed upon in TLS (RFC 9113, section 3.4).
    const PREFACE: &[u8] = b"PRI ";
    stream.readable().await.ok()?;
    // Who sends byte by byte what may be either is taken for the older one after a while.
    for _ in 0..100 {
        let mut bytes = [0; PREFACE.len()];
        let seen = match stream.peek(&mut bytes).await.ok()? {
            0 => return None,
            count => bytes.get(..count)?,
        };
        match seen {
            // A record of the handshake.
            [0x16, ..] => return Some(First::Tls),
            PREFACE => return Some(First::Http2),
            _ if PREFACE.starts_with(seen) => pause(Duration::from_millis(1)).await,
            _ => break,
        }
    }
    Some(First::Http1)
}
