//! The seams on an operating system: reqwest over rustls, tokio's timers and tasks, the system's
//! randomness.

mod background;
mod form;
mod pool;
mod tls;
mod transport;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime};

use crate::{BoxFuture, Clock, Error, Platform, Random, SerdeJson, Spawn, Time};

pub use background::{BackgroundSpawn, background};
pub use tls::{authorities, tls_config};
pub use transport::HttpTransport;

/// The seams of this process. Calls must run inside a tokio runtime.
///
/// # Errors
/// `internal` where TLS cannot be set up.
pub fn platform() -> Result<Platform, Error> {
    Ok(Platform {
        transport: Arc::new(HttpTransport::new()?),
        clock: Arc::new(SystemClock),
        spawn: Arc::new(BackgroundSpawn),
        random: Arc::new(SystemRandom),
        json: Arc::new(SerdeJson),
    })
}

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static START: LazyLock<Instant> = LazyLock::new(read_monotonic);

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn read_monotonic() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn read_wall() -> Duration {
    // A clock before 1970 is a clock that is not set: 0 serves as well.
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        // START first: its first read must not be later than the one it is compared with.
        let start = *START;
        Time { monotonic: read_monotonic().duration_since(start), wall: read_wall() }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Tasks on the tokio runtime that the caller is in, and on its clock: for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSpawn;

impl Spawn for TokioSpawn {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(tokio::spawn(task));
    }
}

/// The system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // Without a random source the buffer keeps zeros; it serves boundaries and jitter, not keys.
        let _ = getrandom::fill(buffer);
    }
}
