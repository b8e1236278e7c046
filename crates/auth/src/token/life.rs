//! How long a token serves: the windows of its life and how its age is told.

use std::time::Duration;

use framekey_runtime::Time;

/// The lifetime where the service does not say one: what api.video documents.
pub(crate) const DEFAULT: Duration = Duration::from_secs(3600);
/// No lifetime is believed beyond this.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// A token of at most this life serves those who waited for it, and nobody after them.
const SHORTEST: Duration = Duration::from_secs(2);
/// Tokens of a shorter life than this are exchanged at most once a second.
const SHORT: Duration = Duration::from_secs(60);
/// The last part of a token's life, in which callers wait a moment for its successor.
const CRITICAL: Duration = Duration::from_secs(60);

/// The time between two moments by the clock that ran further; a wall clock that was set back
/// counts for nothing.
///
/// The monotonic clock may stand still while the machine is suspended, and the wall clock may be
/// set. Taking the larger makes both safe at the price of one exchange too many.
pub(crate) fn elapsed(now: Time, since: Time) -> Duration {
    let monotonic = now.monotonic.saturating_sub(since.monotonic);
    monotonic.max(now.wall.saturating_sub(since.wall))
}

/// Part `chance` (0 to 1) of `whole`.
pub(crate) fn part(whole: Duration, chance: f64) -> Duration {
    let nanos = whole.as_secs() * 1_000_000_000 + u64::from(whole.subsec_nanos());
    // Not `mul_f64`, which is ten times the code: there is nothing here that could overflow.
    Duration::from_nanos((nanos as f64 * chance.clamp(0.0, 1.0)) as u64)
}

/// A token without its text: when it was asked for and what its age means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// When the exchange was *sent*, which is safe against slow answers.
    pub(crate) sent: Time,
    /// How old it was at that moment: more than nothing if it was found, which is when `sent` is the
    /// time of finding it.
    before: Duration,
    /// From this age on a successor is fetched in the background.
    pub(crate) fresh: Duration,
    /// From this age on callers wait up to 2 s for the successor.
    pub(crate) aging: Duration,
    /// From this age on it is not sent any more: the lifetime less the skew.
    pub(crate) hard: Duration,
    /// The lifetime as the service gave it, bounded.
    pub(crate) whole: Duration,
}

impl Life {
    /// The windows of a token of lifetime `whole`. `chance` (0 to 1) is drawn once for the token
    /// and spreads the renewals of many clients over a tenth of the lifetime.
    ///
    /// For 3,600 s: fresh to 2,700-3,060 s, aging to 3,510 s, critical to 3,570 s (skew 30 s). So
    /// the service may be away for 508 s before a caller notices, and a fleet spreads over 360 s.
    pub(crate) fn new(sent: Time, whole: Duration, chance: f64) -> Self {
        let whole = whole.min(LONGEST);
        let skew = (whole / 100).clamp(Duration::from_secs(1), Duration::from_secs(30));
        let hard = if whole <= SHORTEST { Duration::ZERO } else { whole - skew };
        let aging = hard.saturating_sub(CRITICAL.min(whole / 20));
        let fresh = aging.min(whole * 3 / 4 + part(whole / 10, chance));
        Life { sent, before: Duration::ZERO, fresh, aging, hard, whole }
    }

    /// The same life, of a token that was this old at `sent`.
    pub(crate) fn aged(self, before: Duration) -> Self {
        Life { before, ..self }
    }

    pub(crate) fn age(&self, now: Time) -> Duration {
        elapsed(now, self.sent).saturating_add(self.before)
    }

    /// Neither a successor nor a wait is due. The one check on the way of every call.
    pub(crate) fn is_fresh(&self, now: Time) -> bool {
        self.age(now) < self.fresh
    }

    /// It may be sent.
    pub(crate) fn is_good(&self, now: Time) -> bool {
        self.age(now) < self.hard
    }

    /// It lives so shortly that only those who waited for it use it.
    pub(crate) fn is_fleeting(&self) -> bool {
        self.hard.is_zero()
    }

    /// How long the next exchange has to wait, so that a service that gives short lives is asked
    /// at most once a second.
    pub(crate) fn spacing(&self, now: Time) -> Duration {
        if self.whole >= SHORT {
            return Duration::ZERO;
        }
        Duration::from_secs(1).saturating_sub(self.age(now))
    }
}
