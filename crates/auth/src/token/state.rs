//! The token state machine: pure, so that tests can drive it through hours in milliseconds.
//!
//! | state         | when                                            | what a caller gets |
//! |---------------|-------------------------------------------------|--------------------|
//! | Empty         | nothing is held                                 | waits for the flight |
//! | Fresh         | to 75-85 % of the lifetime (drawn per token)    | the token |
//! | Aging         | to 60 s before the end                          | the token; the first one starts a flight |
//! | Critical      | the last 60 s                                   | waits 2 s for the flight, then the token |
//! | Expired       | from lifetime - skew (1 %, 1 to 30 s)           | waits for the flight |
//! | Rejected      | the service answered 401 to the token           | waits for the flight; the token is never sent again |
//! | Cooling       | a cycle failed and nothing good is held         | that error at once, for 1 s * 2^k up to 24 s |
//! | KeyRefused    | the exchange answered 400, 401 or 403           | that error at once, for 60 s or until the key changes |
//! | SessionLost   | no key, and the refresh token is spent          | an error until a new session is given |
//! | Closed        | the client was closed                           | an error |
//!
//! There are no timers: callers drive it, so an idle client is silent. A *flight* is the one
//! exchange under way; it makes up to three attempts (a *cycle*) and its result, good or bad, goes
//! to all who wait.

use std::time::Duration;

use framekey_runtime::Time;

use super::flight::{Flight, Means, Order, Outcome};
use super::life::{Life, elapsed};
use super::pause::{Failure, Standing};

/// How long a caller waits for a successor while the token in hand is still good.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// They take the token this long before it ends, so as not to lose it to their patience.
const MARGIN: Duration = Duration::from_millis(250);
/// How long a caller waits in all; a cycle takes at most 15 s.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_millis(15_500);
/// At most one exchange in this time is made because of a 401.
const REJECTION_PAUSE: Duration = Duration::from_secs(30);

/// What renews a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The key is exchanged again.
    Key,
    /// The refresh token is presented once, then the key is exchanged.
    RefreshFirst,
    /// There is no key: the refresh token is all there is.
    Session,
}

/// Everything the machine knows. It holds no secret, no clock and no lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(super) mode: Mode,
    pub(super) token: Option<Life>,
    /// The service answered 401 to the token in hand.
    pub(super) rejected: bool,
    /// Counts the tokens; 0 before the first.
    pub(super) generation: u64,
    /// Counts the tokens that were rejected.
    pub(super) rejections: u64,
    /// When the last exchange that a 401 asked for succeeded.
    pub(super) repaired: Option<Time>,
    /// How often the held refresh token was presented, if one is held and may be presented.
    pub(super) refresh: Option<u8>,
    pub(super) flight: Option<Flight>,
    /// Counts the flights, so that one that is over cannot be taken for its successor.
    pub(super) flights: u64,
    /// Flights in a row that never came back.
    pub(super) vanished: u8,
    pub(super) failure: Option<Failure>,
    /// Counts the keys.
    pub(super) keys: u64,
    closed: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A caller that has waited this long wants a token.
    Ask { waited: Duration },
    /// An attempt of a flight ended. `chance` (0 to 1) is a fresh random number.
    Attempted { flight: u64, outcome: Outcome, chance: f64 },
    /// A flight was dropped before it ended; `sent`: in the middle of an attempt.
    Vanished { flight: u64, sent: bool, chance: f64 },
    /// The service answered 401 to the token of this generation.
    Rejected { generation: u64 },
    /// There is a new key. `flight` is the one that found it and uses it, if it was one.
    KeyChanged { flight: Option<u64> },
    /// A flight found a refresh token in the store that is not the one held, and presents it.
    #[cfg_attr(not(feature = "native"), expect(dead_code, reason = "there is no store"))]
    Adopted { flight: u64 },
    /// A session was given: an access token with this life, if one, and perhaps a refresh token.
    SessionGiven { life: Option<Life>, refresh: bool },
    /// The client is closed.
    Close,
}

/// What to tell the one who asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Take the token in hand.
    Take,
    /// Wait for the flight, at most this long, then ask again.
    Wait(Duration),
    /// There is none to be had.
    Fail(Reason),
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reason {
    /// The last cycle failed.
    Unavailable { retry_in: Duration },
    /// The service refused the key.
    KeyRefused { retry_in: Duration },
    /// The service refuses the tokens that it gives.
    Rejected { retry_in: Duration },
    /// There is no way to a new token.
    SessionLost,
    /// The flight takes longer than a caller waits.
    TooSlow,
    /// The client is closed.
    Closed,
}

/// What those who wait for a flight are told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Settled {
    /// There is a new token.
    Renewed,
    /// The cycle failed.
    Failed(Reason),
    /// It will not come back: ask again.
    Vanished,
}

/// What is to be done. At most one flight is ever on its way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Actions {
    /// To the one who asked, or whose token was rejected.
    pub(crate) answer: Option<Answer>,
    /// The next attempt: of a new flight after [`Event::Ask`], else of the one that reported.
    pub(crate) order: Option<Order>,
    /// To those who wait.
    pub(crate) settled: Option<Settled>,
}

impl Actions {
    pub(super) fn settle(settled: Settled) -> Self {
        Actions { settled: Some(settled), ..Actions::default() }
    }

    fn answer(answer: Answer) -> Self {
        Actions { answer: Some(answer), ..Actions::default() }
    }
}

/// One of the states of the table above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    Empty,
    Fresh,
    Aging,
    Critical,
    Expired,
    /// With the time until an exchange may be made, if one was made shortly before.
    Rejected(Duration),
    Cooling(Duration),
    KeyRefused(Duration),
    SessionLost,
    Closed,
}

/// The machine: what `event` at `now` makes of `state`, and what is to be done.
pub(crate) fn step(mut state: State, event: Event, now: Time) -> (State, Actions) {
    let actions = match event {
        Event::Ask { waited } => state.ask(waited, now),
        Event::Attempted { flight, outcome, chance } => {
            state.attempted(flight, outcome, chance, now)
        }
        Event::Vanished { flight, sent, chance } => state.vanished(flight, sent, chance, now),
        Event::Rejected { generation } => state.reject(generation, now),
        Event::KeyChanged { flight } => state.change_key(flight),
        Event::Adopted { flight } => state.adopt(flight),
        Event::SessionGiven { life, refresh } => state.give_session(life, refresh),
        Event::Close => state.close(),
    };
    (state, actions)
}

impl State {
    pub(crate) fn new(mode: Mode) -> Self {
        State {
            mode,
            token: None,
            rejected: false,
            generation: 0,
            rejections: 0,
            repaired: None,
            refresh: None,
            flight: None,
            flights: 0,
            vanished: 0,
            failure: None,
            keys: 0,
            closed: false,
        }
    }

    /// The number of the token in hand.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The token in hand, unless it was rejected.
    pub(crate) fn token(&self) -> Option<Life> {
        self.token.filter(|_| !self.rejected)
    }

    #[cfg(feature = "native")]
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether this flight is the one under way.
    pub(crate) fn is_flying(&self, flight: u64) -> bool {
        self.flight.is_some_and(|current| current.id == flight)
    }

    /// Whether a refresh token is worth keeping.
    pub(crate) fn keeps_refresh(&self) -> bool {
        self.refresh.is_some()
    }

    pub(crate) fn phase(&self, now: Time) -> Phase {
        if self.closed {
            return Phase::Closed;
        }
        if let Some(life) = self.token().filter(|life| life.is_good(now)) {
            return match life.age(now) {
                age if age < life.fresh => Phase::Fresh,
                age if age < life.aging => Phase::Aging,
                _ => Phase::Critical,
            };
        }
        if self.mode == Mode::Session && self.refresh.is_none() && self.flight.is_none() {
            return Phase::SessionLost;
        }
        let pause = self.pause(Standing::Nothing, now);
        let barred = if self.rejected { self.rejection_pause(now) } else { Duration::ZERO };
        if self.failure.is_some_and(|failure| failure.refused) && !pause.is_zero() {
            Phase::KeyRefused(pause)
        } else if !barred.is_zero() {
            Phase::Rejected(barred.max(pause))
        } else if !pause.is_zero() {
            Phase::Cooling(pause)
        } else if self.rejected {
            Phase::Rejected(Duration::ZERO)
        } else if self.token.is_some() {
            Phase::Expired
        } else {
            Phase::Empty
        }
    }

    /// How long no cycle may begin, for those who have this much in hand.
    pub(super) fn pause(&self, standing: Standing, now: Time) -> Duration {
        self.failure.map_or(Duration::ZERO, |failure| failure.pause(standing, now))
    }

    /// How long no exchange may be made because of a 401.
    pub(super) fn rejection_pause(&self, now: Time) -> Duration {
        self.repaired.map_or(Duration::ZERO, |at| REJECTION_PAUSE.saturating_sub(elapsed(now, at)))
    }

    /// Whether a token can be sent, and how near its end it is.
    pub(super) fn standing(&self, now: Time) -> Standing {
        match self.phase(now) {
            Phase::Fresh | Phase::Aging => Standing::Good,
            Phase::Critical => Standing::Ending,
            _ => Standing::Nothing,
        }
    }

    fn ask(&mut self, waited: Duration, now: Time) -> Actions {
        match self.phase(now) {
            Phase::Fresh => Actions::answer(Answer::Take),
            Phase::Aging => {
                Actions { order: self.launch_if_due(now), ..Actions::answer(Answer::Take) }
            }
            Phase::Critical => {
                let order = self.launch_if_due(now);
                let left = PATIENCE.saturating_sub(waited).min(self.time_left(now));
                let waits = self.flight.is_some() && !left.is_zero();
                let answer = if waits { Answer::Wait(left) } else { Answer::Take };
                Actions { order, ..Actions::answer(answer) }
            }
            Phase::Closed => Actions::answer(Answer::Fail(Reason::Closed)),
            phase => self.wait_or_fail(phase, waited, now),
        }
    }

    /// How long a caller may wait and still find the token good.
    fn time_left(&self, now: Time) -> Duration {
        self.token.map_or(Duration::ZERO, |life| life.hard.saturating_sub(life.age(now) + MARGIN))
    }

    /// Nothing in hand can be sent.
    fn wait_or_fail(&mut self, phase: Phase, waited: Duration, now: Time) -> Actions {
        let reason = match phase {
            Phase::SessionLost => Some(Reason::SessionLost),
            Phase::Cooling(retry_in) => Some(Reason::Unavailable { retry_in }),
            Phase::KeyRefused(retry_in) => Some(Reason::KeyRefused { retry_in }),
            Phase::Rejected(retry_in) if !retry_in.is_zero() => Some(Reason::Rejected { retry_in }),
            _ => None,
        };
        let left = LONGEST_WAIT.saturating_sub(waited);
        // A flight on its way is waited for, whatever came before it.
        match reason {
            Some(reason) if self.flight.is_none() => Actions::answer(Answer::Fail(reason)),
            _ if left.is_zero() => Actions::answer(Answer::Fail(Reason::TooSlow)),
            _ => {
                let order = if self.flight.is_none() { self.launch(now) } else { None };
                Actions { order, ..Actions::answer(Answer::Wait(left)) }
            }
        }
    }

    fn launch_if_due(&mut self, now: Time) -> Option<Order> {
        let busy = self.flight.is_some() || !self.pause(self.standing(now), now).is_zero();
        if busy { None } else { self.launch(now) }
    }

    fn launch(&mut self, now: Time) -> Option<Order> {
        let means = self.first_means()?;
        self.flights += 1;
        let after = self.token.map_or(Duration::ZERO, |life| life.spacing(now));
        Some(self.order(Flight::new(self, now), means, after, now))
    }

    /// How a cycle begins; `None` where the session cannot be renewed.
    pub(super) fn first_means(&self) -> Option<Means> {
        match (self.mode, self.refresh) {
            (Mode::Session, Some(_)) | (Mode::RefreshFirst, Some(0)) => Some(Means::Refresh),
            (Mode::Session, None) => None,
            _ => Some(Means::Key),
        }
    }

    fn reject(&mut self, generation: u64, now: Time) -> Actions {
        if generation == self.generation && self.token.is_some() {
            if !self.rejected {
                self.rejected = true;
                self.rejections += 1;
            }
            let retry_in = self.rejection_pause(now);
            if !retry_in.is_zero() {
                return Actions::answer(Answer::Fail(Reason::Rejected { retry_in }));
            }
        }
        // An older token than the one in hand says nothing about that one.
        Actions::answer(Answer::Take)
    }

    fn change_key(&mut self, by: Option<u64>) -> Actions {
        // Without a key there is none to change.
        if self.mode != Mode::Session {
            self.keys += 1;
            self.failure = None;
            self.repaired = None;
            self.vanished = 0;
            self.refresh = None;
            if let Some(flight) = self.flight.as_mut().filter(|flight| by == Some(flight.id)) {
                flight.keys = self.keys;
            }
        }
        Actions::default()
    }

    fn give_session(&mut self, life: Option<Life>, refresh: bool) -> Actions {
        if self.closed {
            return Actions::default();
        }
        let renewed = State {
            token: life,
            generation: self.generation + u64::from(life.is_some()),
            rejections: self.rejections,
            flights: self.flights,
            keys: self.keys,
            refresh: (refresh && self.mode != Mode::Key).then_some(0),
            ..State::new(self.mode)
        };
        *self = renewed;
        Actions::settle(Settled::Vanished)
    }

    fn close(&mut self) -> Actions {
        self.closed = true;
        self.token = None;
        self.refresh = None;
        self.flight = None;
        Actions::settle(Settled::Vanished)
    }
}
