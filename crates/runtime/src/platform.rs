//! The seams to the outside: HTTP, time, tasks and randomness. An operating system, a browser and
//! a test each bring their own.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use crate::{Body, Headers, Json};

/// `Send + Sync` where there are threads, nothing in a browser.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> MaybeSend for T {}
/// `Send + Sync` where there are threads, nothing in a browser.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// A boxed future; `Send` where there are threads.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed future; `Send` where there are threads.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A boxed stream; `Send` where there are threads.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;
/// A boxed stream; `Send` where there are threads.
#[cfg(target_arch = "wasm32")]
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = T>>>;

/// A moment on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Since some fixed point of the process; never goes back, may stand still while suspended.
    pub monotonic: Duration,
    /// Since 1970 in UTC; may jump.
    pub wall: Duration,
}

/// The time, and waiting for it.
pub trait Clock: MaybeSend {
    /// The time now.
    fn now(&self) -> Time;
    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Runs a task that nobody waits for.
pub trait Spawn: MaybeSend {
    /// Starts `task`.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// A source of random bytes.
pub trait Random: MaybeSend {
    /// Fills `buffer`.
    fn fill(&self, buffer: &mut [u8]);
}

/// Sends one HTTP request. It never follows a redirect, adds no Referer, no cookie and no
/// credential, and never sends twice on its own.
pub trait Transport: MaybeSend {
    /// Sends `request` and answers when the headers of the response are there.
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>>;
}

/// A request as it goes on the wire.
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole URL. May hold a secret in its query.
    pub url: String,
    /// Header fields; `content-length` is the transport's.
    pub headers: Headers,
    /// The boundary of a form, empty for other bodies.
    pub boundary: String,
    /// The body.
    pub body: Body,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A response whose body is still to be read.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// The body, in pieces.
    pub body: BoxStream<Result<Bytes, TransportError>>,
}

/// How far a failed request had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was written: no address, no connection.
    Connect,
    /// Nothing was written: TLS failed.
    Tls,
    /// Something may have been written.
    Sent,
    /// The answer had begun.
    Answering,
    /// The body of the request could not be read.
    Source,
}

/// A failure below HTTP. Its text holds no URL: transports strip it.
#[derive(Clone, Debug)]
pub struct TransportError {
    /// How far the request had come.
    pub stage: Stage,
    /// What happened.
    pub message: String,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TransportError {}

/// The seams together.
#[derive(Clone)]
pub struct Platform {
    /// HTTP.
    pub transport: Arc<dyn Transport>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Tasks.
    pub spawn: Arc<dyn Spawn>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// JSON text.
    pub json: Arc<dyn Json>,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Platform")
    }
}
