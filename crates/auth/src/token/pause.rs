//! How long no cycle is begun after one that failed.

use std::time::Duration;

use framekey_runtime::Time;

use super::life::{elapsed, part};

/// What the callers have while an exchange fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A token with more than a minute to go.
    Good,
    /// A token in its last minute.
    Ending,
    /// No token that may be sent.
    Nothing,
}

/// After a key that was refused: wrong keys seldom become right.
const REFUSED: Duration = Duration::from_secs(60);
/// With a good token in hand there is time: 15 s, doubled up to 5 min.
const GOOD: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(300));
/// In the last minute every second counts.
const ENDING: Duration = Duration::from_secs(1);
/// With nothing in hand: 1 s, doubled up to 24 s. With one attempt of 5 s that was under way, a
/// service that comes back is found within 30 s.
const NOTHING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24));
/// A service that asks for a longer pause than this does not get it.
pub(crate) const LONGEST_HINT: Duration = Duration::from_secs(300);

/// The last cycle, which failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(super) at: Time,
    /// Failed cycles in a row at the same standing, from 1.
    pub(super) count: u32,
    pub(super) standing: Standing,
    /// The service refused the key.
    pub(super) refused: bool,
    /// The pause that the service asked for.
    pub(super) hint: Duration,
    /// Drawn once for the failure: a jitter that is drawn on each look is none.
    pub(super) chance: f64,
}

impl Failure {
    /// How much of the pause is left. It depends on what callers have by now: a pause of minutes
    /// that was right for a good token ends when the token does.
    pub(super) fn pause(&self, standing: Standing, now: Time) -> Duration {
        let doubled = |(first, longest): (Duration, Duration)| {
            let times = if standing == self.standing { self.count.clamp(1, 16) - 1 } else { 0 };
            part(longest.min(first * (1 << times)), 0.5 + self.chance / 2.0)
        };
        let pause = match standing {
            _ if self.refused => REFUSED,
            Standing::Good => doubled(GOOD),
            Standing::Ending => ENDING,
            Standing::Nothing => doubled(NOTHING),
        };
        pause.max(self.hint.min(LONGEST_HINT)).saturating_sub(elapsed(now, self.at))
    }
}
