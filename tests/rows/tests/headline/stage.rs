//! An emulator on threads of its own, and a client whose clock and whose requests a test holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use framekey::{ApiVideo, Platform, Service};
use framekey_emulator::{Config, Emulator};
use framekey_runtime::native::{SystemClock, platform};
use framekey_runtime::{
    BoxFuture, Clock, HttpRequest, HttpResponse, Time, Transport, TransportError,
};
use tokio::sync::{Barrier, Semaphore};

/// The system's clocks, moved ahead.
#[derive(Clone, Default)]
pub(crate) struct Ahead(Arc<AtomicU64>);

impl Clock for Ahead {
    fn now(&self) -> Time {
        let ahead = Duration::from_millis(self.0.load(SeqCst));
        let now = SystemClock.now();
        Time { monotonic: now.monotonic + ahead, wall: now.wall + ahead }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// What calls have to pass before they are sent; exchanges pass freely.
#[derive(Clone)]
pub(crate) enum Gate {
    /// So many at a time, since each needs a socket.
    Narrow(Arc<Semaphore>),
    /// The first ones wait for each other and for the test, after which they go together.
    Together(Arc<Barrier>, Arc<AtomicU64>),
}

impl Gate {
    pub(crate) fn narrow(width: usize) -> Self {
        Gate::Narrow(Arc::new(Semaphore::new(width)))
    }

    pub(crate) fn together(count: usize) -> Self {
        Gate::Together(Arc::new(Barrier::new(count + 1)), Arc::new(AtomicU64::new(count as u64)))
    }

    /// Lets the calls go, once all of them are there.
    pub(crate) async fn open(&self) {
        if let Gate::Together(barrier, _) = self {
            barrier.wait().await;
        }
    }
}

struct Gated {
    inner: Arc<dyn Transport>,
    gate: Gate,
}

impl Transport for Gated {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let (inner, gate) = (Arc::clone(&self.inner), self.gate.clone());
        Box::pin(async move {
            if request.url.contains("/auth/") {
                return inner.send(request).await;
            }
            match gate {
                Gate::Narrow(width) => {
                    let _permit = width.acquire_owned().await.unwrap();
                    inner.send(request).await
                }
                Gate::Together(barrier, left) => {
                    let less = |left: u64| left.checked_sub(1);
                    if left.fetch_update(SeqCst, SeqCst, less).is_ok() {
                        barrier.wait().await;
                    }
                    inner.send(request).await
                }
            }
        })
    }
}

pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) clock: Ahead,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        // On a thread of its own, since a test may run inside a runtime.
        let start = || runtime.block_on(Emulator::start(Config::default())).unwrap();
        let emulator = std::thread::scope(|scope| scope.spawn(start).join()).unwrap();
        Stage { emulator, clock: Ahead::default(), runtime: Some(runtime) }
    }

    pub(crate) fn client(&self, gate: Gate) -> ApiVideo {
        let native = platform().unwrap();
        let transport = Arc::new(Gated { inner: Arc::clone(&native.transport), gate });
        let platform = Platform { transport, clock: Arc::new(self.clock.clone()), ..native };
        let key = &self.emulator.credentials().api_video_key;
        let url = self.emulator.base_url(Service::ApiVideo);
        ApiVideo::builder()
            .environment(|_| None)
            .platform(platform)
            .api_key(key)
            .base_url(url)
            .build()
            .unwrap()
    }

    /// Both the client's clocks and the emulator's go on.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(time.as_millis() as u64, SeqCst);
        self.emulator.advance(time);
    }

    pub(crate) fn exchanges(&self) -> u64 {
        self.emulator.calls(Service::ApiVideo, "access_tokens.create")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Not by waiting, which a test's own runtime would not allow.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
