//! The part of the machine that is about one flight: its attempts, and what comes of them.

use std::time::Duration;

use framekey_runtime::Time;

use super::life::{Life, elapsed, part};
use super::pause::{Failure, LONGEST_HINT, Standing};
use super::state::{Actions, Mode, Phase, Reason, Settled, State};

/// Attempts of a cycle.
const ATTEMPTS: u8 = 3;
/// An answer that was read well but gives a token of no life is asked for once more, not twice.
const ATTEMPTS_UNUSABLE: u8 = 2;
/// A cycle in all, pauses included.
const CYCLE: Duration = Duration::from_secs(15);
/// One attempt: a third of a cycle, so that one that hangs leaves time for others.
const ATTEMPT: Duration = Duration::from_secs(5);
/// An attempt for which less time than this is left is not made.
const LEAST: Duration = Duration::from_secs(1);
/// The pause before a further attempt: up to this (full jitter), doubled with each, up to 20 s.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(20));
/// How often a flight that vanished (its task panicked, its runtime stopped) is started anew.
const RE_ELECTIONS: u8 = 3;
/// A refresh token is presented once, and once more where nobody knows what came of it.
const PRESENTATIONS: u8 = 2;

/// The exchange under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(super) id: u64,
    means: Means,
    /// When its cycle began.
    began: Time,
    /// Attempts made in this cycle; a refresh token that the key can stand in for is not counted.
    attempts: u8,
    /// [`State::rejections`] when the cycle began: if it has risen since, the result is stale.
    rejections: u64,
    /// [`State::keys`] when the cycle began.
    pub(super) keys: u64,
    /// A 401 asked for it.
    by_rejection: bool,
    /// A good token was held when it began.
    relaxed: bool,
    /// It is on its second cycle.
    again: bool,
}

/// By what a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// The API key.
    Key,
    /// The refresh token.
    Refresh,
}

/// One attempt to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) flight: u64,
    pub(crate) means: Means,
    /// To be waited first.
    pub(crate) after: Duration,
    /// How long the attempt may take.
    pub(crate) limit: Duration,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// A token of this lifetime, and perhaps a refresh token, asked for at `sent`; or `found` in a
    /// store at that moment, where it was this old.
    Token { sent: Time, life: Duration, refresh: bool, found: Option<Duration> },
    /// None yet: another process is renewing it, and the token in hand serves.
    Elsewhere,
    /// None. `hint` is the pause that the service asked for.
    Failed { fault: Fault, hint: Option<Duration> },
}

/// Why an attempt gave no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service did nothing with it: no connection, or too many requests.
    Unsent,
    /// Whatever leaves open what the service did: no answer, half an answer, 5xx. Never latched.
    Unknown,
    /// A token that has no life.
    Unusable,
    /// Nothing was sent: there is no key to be had from its source, or no lock from the store.
    Barred,
    /// The service refused the key or the refresh token, and said so: 400, 401, 403.
    Refused,
}

impl Flight {
    pub(super) fn new(state: &State, now: Time) -> Self {
        Flight {
            id: state.flights,
            means: Means::Key,
            began: now,
            attempts: 0,
            rejections: state.rejections,
            keys: state.keys,
            by_rejection: state.rejected,
            relaxed: state.standing(now) != Standing::Nothing,
            again: false,
        }
    }
}

impl State {
    /// Sends the flight on its next attempt.
    pub(super) fn order(
        &mut self,
        mut flight: Flight,
        means: Means,
        after: Duration,
        now: Time,
    ) -> Order {
        flight.means = means;
        if means == Means::Refresh {
            self.refresh = self.refresh.map(|times| times + 1);
        }
        self.flight = Some(flight);
        let left = CYCLE.saturating_sub(elapsed(now, flight.began)).saturating_sub(after);
        Order { flight: flight.id, means, after, limit: left.clamp(LEAST, ATTEMPT) }
    }

    pub(super) fn attempted(
        &mut self,
        flight: u64,
        outcome: Outcome,
        chance: f64,
        now: Time,
    ) -> Actions {
        let Some(flight) = self.flight.filter(|current| current.id == flight) else {
            return Actions::default();
        };
        match outcome {
            Outcome::Token { sent, life, refresh, found } => {
                self.refresh = (refresh && self.mode != Mode::Key).then_some(0);
                let life = Life::new(sent, life, chance).aged(found.unwrap_or_default());
                self.land(flight, life, found.is_some(), chance, now)
            }
            Outcome::Elsewhere => {
                if flight.means == Means::Refresh {
                    self.take_presentation_back();
                }
                self.flight = None;
                Actions::settle(Settled::Vanished)
            }
            Outcome::Failed { fault, hint } => {
                self.account_for_refresh(flight.means, fault);
                self.retry_or_fail(flight, fault, hint, chance, now)
            }
        }
    }

    fn land(&mut self, flight: Flight, life: Life, found: bool, chance: f64, now: Time) -> Actions {
        // What was asked for before a 401 may have been revoked with the token that got it; what
        // arrives after its end, from a suspended machine for example, is of no use either.
        let stale = self.rejections != flight.rejections;
        let late = !life.is_fleeting() && !life.is_good(now);
        if stale || late {
            return match self.run_again(flight, now) {
                Some(order) => Actions { order: Some(order), ..Actions::default() },
                None => self.fail(false, None, chance, now),
            };
        }
        self.token = Some(life);
        self.generation += 1;
        self.rejected = false;
        self.failure = None;
        self.vanished = 0;
        self.flight = None;
        // What was found cost no exchange.
        if flight.by_rejection && !found {
            self.repaired = Some(now);
        }
        Actions::settle(Settled::Renewed)
    }

    fn account_for_refresh(&mut self, means: Means, fault: Fault) {
        if means != Means::Refresh {
            return;
        }
        match (self.mode, fault) {
            (Mode::Session, Fault::Unsent | Fault::Barred) => self.take_presentation_back(),
            (Mode::Session, Fault::Unknown | Fault::Unusable) => self.forget_spent_refresh(),
            // Refused; or the key stands in, and a second secret that may be spent is a liability.
            _ => self.refresh = None,
        }
    }

    /// The flight found another refresh token in the store, and presents that one.
    pub(super) fn adopt(&mut self, flight: u64) -> Actions {
        if self.mode == Mode::Session && self.is_flying(flight) {
            self.refresh = Some(1);
        }
        Actions::default()
    }

    fn take_presentation_back(&mut self) {
        self.refresh = self.refresh.map(|times| times.saturating_sub(1));
    }

    fn forget_spent_refresh(&mut self) {
        let most = if self.mode == Mode::Session { PRESENTATIONS } else { 1 };
        self.refresh = self.refresh.filter(|times| *times < most);
    }

    pub(super) fn vanished(&mut self, id: u64, sent: bool, chance: f64, now: Time) -> Actions {
        let Some(flight) = self.flight.filter(|current| current.id == id) else {
            return Actions::default();
        };
        match flight.means {
            Means::Key => {}
            Means::Refresh if sent => self.forget_spent_refresh(),
            Means::Refresh => self.take_presentation_back(),
        }
        if self.vanished >= RE_ELECTIONS {
            return self.fail(false, None, chance, now);
        }
        self.vanished += 1;
        self.flight = None;
        Actions::settle(Settled::Vanished)
    }

    fn retry_or_fail(
        &mut self,
        mut flight: Flight,
        fault: Fault,
        hint: Option<Duration>,
        chance: f64,
        now: Time,
    ) -> Actions {
        let go_on = |order| Actions { order: Some(order), ..Actions::default() };
        if flight.keys != self.keys {
            // The fault is the old key's, or may be: the new one is tried at once.
            flight = Flight { keys: self.keys, began: now, attempts: 0, ..flight };
            return go_on(self.order(flight, Means::Key, Duration::ZERO, now));
        }
        if self.mode == Mode::RefreshFirst && flight.means == Means::Refresh {
            return go_on(self.order(flight, Means::Key, Duration::ZERO, now));
        }
        flight.attempts += 1;
        if let Some(after) = self.pause_before_retry(&flight, fault, hint, chance, now) {
            return go_on(self.order(flight, flight.means, after, now));
        }
        // Those who came when the good token ended get a cycle of their own.
        let ended = flight.relaxed && self.standing(now) == Standing::Nothing;
        if ended
            && fault != Fault::Refused
            && let Some(order) = self.run_again(flight, now)
        {
            return go_on(order);
        }
        self.fail(fault == Fault::Refused, hint, chance, now)
    }

    fn pause_before_retry(
        &self,
        flight: &Flight,
        fault: Fault,
        hint: Option<Duration>,
        chance: f64,
        now: Time,
    ) -> Option<Duration> {
        let most = match fault {
            Fault::Refused | Fault::Barred => 1,
            Fault::Unusable => ATTEMPTS_UNUSABLE,
            Fault::Unsent | Fault::Unknown => ATTEMPTS,
        };
        if flight.attempts >= most || !self.may_present_again(fault, now) {
            return None;
        }
        let longest = PAUSE.1.min(PAUSE.0 * (1 << (flight.attempts - 1)));
        let pause = part(longest, chance).max(hint.unwrap_or_default().min(LONGEST_HINT));
        (elapsed(now, flight.began) + pause + LEAST <= CYCLE).then_some(pause)
    }

    /// Without a key, the one repetition that is left is kept for the next cycle while there is a
    /// good token: the service has more time to come back.
    fn may_present_again(&self, fault: Fault, now: Time) -> bool {
        self.mode != Mode::Session
            || fault == Fault::Unsent
            || (self.refresh.is_some() && self.standing(now) == Standing::Nothing)
    }

    /// A second cycle of the same flight, which may be had once.
    fn run_again(&mut self, flight: Flight, now: Time) -> Option<Order> {
        let barred = self.rejected && !self.rejection_pause(now).is_zero();
        if flight.again || barred {
            return None;
        }
        let means = self.first_means()?;
        let next = Flight { again: true, ..Flight::new(self, now) };
        Some(self.order(next, means, Duration::ZERO, now))
    }

    /// Ends the flight without a token.
    pub(super) fn fail(
        &mut self,
        refused: bool,
        hint: Option<Duration>,
        chance: f64,
        now: Time,
    ) -> Actions {
        self.flight = None;
        self.vanished = 0;
        let standing = self.standing(now);
        let before = self.failure.filter(|failure| failure.standing == standing);
        self.failure = Some(Failure {
            at: now,
            count: before.map_or(1, |failure| failure.count.saturating_add(1)),
            standing,
            refused,
            hint: hint.unwrap_or_default(),
            chance,
        });
        Actions::settle(Settled::Failed(self.reason(now)))
    }

    /// Why the cycle that just failed gave no token.
    fn reason(&self, now: Time) -> Reason {
        match self.phase(now) {
            Phase::SessionLost => Reason::SessionLost,
            Phase::Rejected(retry_in) => Reason::Rejected { retry_in },
            // A good token may still be held.
            _ => {
                let retry_in = self.pause(self.standing(now), now);
                let refused = self.failure.is_some_and(|failure| failure.refused);
                if refused && self.mode != Mode::Session {
                    Reason::KeyRefused { retry_in }
                } else {
                    Reason::Unavailable { retry_in }
                }
            }
        }
    }
}
