//! A service that gives tokens after a while, or fails after a while, and counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use framekey_runtime::native::SystemClock;
use framekey_runtime::{
    BoxFuture, Bytes, Clock, Headers, HttpRequest, HttpResponse, Time, Transport, TransportError,
};
use futures_util::stream;

/// The system's clocks, moved ahead by a test.
#[derive(Default)]
pub struct ShiftedClock {
    ahead: AtomicU64,
}

impl ShiftedClock {
    /// Both clocks jump ahead by so many seconds.
    pub fn skip(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Relaxed);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Time {
        let ahead = Duration::from_secs(self.ahead.load(Relaxed));
        let now = SystemClock.now();
        Time { monotonic: now.monotonic + ahead, wall: now.wall + ahead }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// The service. Its tokens are numbers; those up to [`revoke`](Self::revoke) are refused.
#[derive(Default)]
pub struct Service {
    /// An exchange takes so many milliseconds.
    pub takes: AtomicU64,
    /// Whether exchanges fail: 0 or 1.
    pub fails: AtomicU64,
    /// Exchanges made.
    pub exchanges: AtomicU64,
    revoked: AtomicU64,
}

impl Service {
    /// Gives a token, or fails.
    ///
    /// # Errors
    /// While it is told to fail.
    pub async fn exchange(&self) -> Result<u64, ()> {
        let number = self.exchanges.fetch_add(1, Relaxed) + 1;
        SystemClock.sleep(Duration::from_millis(self.takes.load(Relaxed))).await;
        if self.fails.load(Relaxed) == 0 { Ok(number) } else { Err(()) }
    }

    /// From now on, tokens given so far are refused.
    pub fn revoke(&self) {
        self.revoked.store(self.exchanges.load(Relaxed), Relaxed);
    }

    /// Whether a token is taken.
    pub fn takes_token(&self, token: u64) -> bool {
        token > self.revoked.load(Relaxed)
    }
}

/// The exchange over HTTP, for framekey's credential.
pub struct Wire(pub std::sync::Arc<Service>);

impl Transport for Wire {
    fn send(&self, _: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let service = std::sync::Arc::clone(&self.0);
        Box::pin(async move {
            let (status, body) = match service.exchange().await {
                Ok(token) => (200, format!(r#"{{"access_token":"{token}","expires_in":3600}}"#)),
                Err(()) => (503, "{}".to_owned()),
            };
            let mut headers = Headers::new();
            headers.push("content-type", "application/json");
            let body = Box::pin(stream::iter([Ok(Bytes::from(body))]));
            Ok(HttpResponse { status, headers, body })
        })
    }
}
