//! A service, a clock and tasks under shuttle's scheduler, for the real token cell.
//!
//! `framekey-auth` is built here with its feature `model`: each use of the cell's lock and of its
//! atomic pointer is a point where another thread may come first. Not among the workspace's default
//! members, since features are shared in one build: run `cargo test -p framekey-models`.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use framekey_auth::{Credential, DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::{Bearer, Scheme, Service};
use framekey_runtime::{
    Applied, BaseUrl, BoxFuture, Bytes, Clock, Error, Headers, HttpRequest, HttpResponse, Platform,
    Random, Secret, SerdeJson, Session, Spawn, Time, Transport, TransportError,
};
use futures_util::stream;
use shuttle::future;

/// Everything around the credential. Clones share it.
#[derive(Clone, Default)]
pub struct World(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Counts what happens, to tell before from after.
    moment: AtomicU64,
    seconds: AtomicU64,
    exchanges: AtomicU64,
    /// The key is refused.
    refuses: AtomicBool,
    /// Exchanges are not answered.
    holds: AtomicBool,
    /// The first task is dropped where it first waits, as by a runtime that stops.
    drops_first_task: AtomicBool,
}

/// A token as a caller got it.
pub struct Got {
    /// When its exchange was sent.
    pub sent: u64,
    /// As the credential wants it back when it is refused.
    pub applied: Applied,
}

impl World {
    /// The number of this moment; later ones have higher numbers.
    #[must_use]
    pub fn moment(&self) -> u64 {
        self.0.moment.fetch_add(1, SeqCst)
    }

    /// Time passes.
    pub fn pass(&self, seconds: u64) {
        self.0.seconds.fetch_add(seconds, SeqCst);
    }

    /// From now on the key is refused.
    pub fn refuse(&self) {
        self.0.refuses.store(true, SeqCst);
    }

    /// From now on exchanges are received, but not answered.
    pub fn hold_answers(&self) {
        self.0.holds.store(true, SeqCst);
    }

    /// The answers held so far go, and later ones go at once.
    pub fn let_answers_go(&self) {
        self.0.holds.store(false, SeqCst);
    }

    /// The first task is dropped in its middle.
    pub fn drop_first_task(&self) {
        self.0.drops_first_task.store(true, SeqCst);
    }

    /// Exchanges that reached the service.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.0.exchanges.load(SeqCst)
    }

    /// A credential in this world.
    ///
    /// # Errors
    /// Never: its address is one.
    pub fn credential(&self) -> Result<DisposableTokenCredential, Error> {
        let platform = Platform {
            transport: Arc::new(self.clone()),
            clock: Arc::new(self.clone()),
            spawn: Arc::new(self.clone()),
            random: Arc::new(self.clone()),
            json: Arc::new(SerdeJson),
        };
        let base = BaseUrl::parse("https://service.example")?;
        let bare = Session::builder(Service::ApiVideo, base, platform).build();
        let key = HeldKey::fixed(Secret::new("key"), Provenance::Option("api_key"));
        Ok(DisposableTokenCredential::new(key, Renewal::Exchange, bare))
    }
}

/// Waits for a token on this thread.
///
/// # Errors
/// Those of the credential.
pub fn token(credential: &DisposableTokenCredential) -> Result<Got, Error> {
    let applied = future::block_on(credential.apply(Scheme::Bearer(Bearer::Any)))?;
    let text = applied.headers.first().map(|(_, header)| header.expose()).unwrap_or_default();
    let sent = text.trim_start_matches("Bearer ").parse().unwrap_or(u64::MAX);
    Ok(Got { sent, applied })
}

impl Transport for World {
    fn send(&self, _: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let world = self.clone();
        let sent = world.moment();
        world.0.exchanges.fetch_add(1, SeqCst);
        Box::pin(async move {
            // On its way there, and back.
            future::yield_now().await;
            let refused = world.0.refuses.load(SeqCst);
            future::yield_now().await;
            while world.0.holds.load(SeqCst) {
                future::yield_now().await;
            }
            let (status, body) = if refused {
                (400, r#"{"type":"x/authentication-invalid-user-credentials"}"#.to_owned())
            } else {
                // The token tells when it was asked for.
                (200, format!(r#"{{"access_token":"{sent}","expires_in":3600}}"#))
            };
            let mut headers = Headers::new();
            headers.push("content-type", "application/json");
            let body = Box::pin(stream::iter([Ok(Bytes::from(body))]));
            Ok(HttpResponse { status, headers, body })
        })
    }
}

impl Clock for World {
    fn now(&self) -> Time {
        let time = Duration::from_secs(self.0.seconds.load(SeqCst));
        Time { monotonic: time, wall: Duration::from_secs(1_800_000_000) + time }
    }

    /// Time limits are not what is looked at here: they never come.
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

impl Spawn for World {
    fn spawn(&self, mut task: BoxFuture<'static, ()>) {
        if self.0.drops_first_task.swap(false, SeqCst) {
            drop(future::spawn(async move {
                std::future::poll_fn(|context| {
                    let _ = task.as_mut().poll(context);
                    std::task::Poll::Ready(())
                })
                .await;
                future::yield_now().await;
                drop(task);
            }));
            return;
        }
        drop(future::spawn(task));
    }
}

impl Random for World {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}
