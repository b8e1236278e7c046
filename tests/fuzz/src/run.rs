//! A runtime for targets that wait: one thread, no sockets, and time that goes on by itself.

use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::testing::{HandClock, Script};
use framekey_runtime::{BoxFuture, Clock, Platform, Time};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
}

/// Waits for `work`; nothing where it still hangs after a day of paused time.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> Option<T> {
    let limit = Duration::from_secs(86_400);
    RUNTIME.with(|runtime| runtime.block_on(async { tokio::time::timeout(limit, work).await }).ok())
}

/// Tokio's clock, which is paused.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Time {
        let monotonic = self.0.elapsed();
        Time { monotonic, wall: Duration::from_secs(1_800_000_000) + monotonic }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Seams around a scripted transport. To be made where tokio runs.
pub(crate) fn platform(script: &Script) -> Platform {
    let clock = Arc::new(Paused(Instant::now()));
    Platform { clock, ..script.platform(&HandClock::default()) }
}
