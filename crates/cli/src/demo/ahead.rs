//! A clock that can be set ahead, so that the client and the emulator live through an hour together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use framekey::runtime::{BoxFuture, Clock, Time};

/// The clock below, and how far it is ahead. Clones move together.
#[derive(Clone)]
pub(crate) struct Ahead {
    below: Arc<dyn Clock>,
    millis: Arc<AtomicU64>,
}

impl Ahead {
    pub(crate) fn new(below: Arc<dyn Clock>) -> Self {
        Ahead { below, millis: Arc::default() }
    }

    pub(crate) fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Time {
        let ahead = Duration::from_millis(self.millis.load(Ordering::Relaxed));
        let now = self.below.now();
        Time { monotonic: now.monotonic + ahead, wall: now.wall + ahead }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.below.sleep(duration)
    }
}
