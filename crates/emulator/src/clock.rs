//! The emulator's clock: the machine's, and how far a test has moved it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// A moment by the emulator's clock, since 1970 in UTC.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Moment(pub Duration);

impl Moment {
    /// The moment `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Moment(self.0.saturating_add(Duration::from_secs(seconds)))
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0.as_secs()
    }
}

/// RFC 3339 in UTC, seconds: `2026-11-21T10:20:30Z`.
impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX);
        match Timestamp::from_second(seconds) {
            Ok(time) => write!(f, "{time}"),
            // Beyond the year 9999: as far as the format goes.
            Err(_) => f.write_str("9999-12-31T23:59:59Z"),
        }
    }
}

/// A thousand years: steps stop there, so that time never wraps round.
const FARTHEST_MILLIS: u64 = 1000 * 366 * 86_400_000;

#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_millis: AtomicU64,
}

impl Clock {
    pub(crate) fn now(&self) -> Moment {
        let ahead = Duration::from_millis(self.ahead_millis.load(Ordering::Relaxed));
        Moment(machine_time() + ahead)
    }

    pub(crate) fn advance(&self, time: Duration) {
        let step = u64::try_from(time.as_millis()).unwrap_or(FARTHEST_MILLIS);
        let further = |ahead: u64| Some(ahead.saturating_add(step).min(FARTHEST_MILLIS));
        let _ = self.ahead_millis.fetch_update(Ordering::Relaxed, Ordering::Relaxed, further);
    }
}

/// Lets real time pass.
#[expect(clippy::disallowed_methods, reason = "the one place where the emulator waits")]
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the emulator reads the machine's clock"
)]
fn machine_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
