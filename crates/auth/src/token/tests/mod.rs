//! The machine alone, in a world that plays the cell and checks the invariants after every event.

mod histories;
mod shared;
mod tables;

use std::time::Duration;

use framekey_runtime::Time;

use super::flight::{Fault, Means, Order, Outcome};
use super::life::elapsed;
use super::state::{
    Answer, Event, LONGEST_WAIT, Mode, PATIENCE, Phase, Reason, Settled, State, step,
};

const START: Time =
    Time { monotonic: Duration::from_secs(100), wall: Duration::from_secs(1_800_000_000) };

fn later(at: Time, by: Duration) -> Time {
    Time { monotonic: at.monotonic + by, wall: at.wall + by }
}

fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Drives the machine as the cell does, and checks what must hold after every event.
struct World {
    state: State,
    now: Time,
    /// The attempt under way.
    order: Option<Order>,
    /// Generations that got a 401 while they were in hand.
    rejected: Vec<u64>,
    /// How often the refresh token in hand was presented with its fate unknown or pending.
    presented: u8,
    unsent: u8,
    /// Whether callers wait for the flight.
    waiters: bool,
    /// Exchanges that succeeded because of a 401.
    repairs: Vec<Time>,
    /// When the flight under way began, if a 401 asked for it. By the clocks of that moment.
    repair_began: Option<Time>,
    settled: Vec<Settled>,
}

impl World {
    fn new(mode: Mode) -> Self {
        World {
            state: State::new(mode),
            now: START,
            order: None,
            rejected: Vec::new(),
            presented: 0,
            unsent: 0,
            waiters: false,
            repairs: Vec::new(),
            repair_began: None,
            settled: Vec::new(),
        }
    }

    fn step(&mut self, event: Event) -> Option<Answer> {
        let before = self.state;
        let asked = matches!(event, Event::Ask { .. });
        let (state, actions) = step(before, event, self.now);
        self.state = state;
        if let Some(order) = actions.order {
            // I1: a new flight only where there is none; a further attempt only of the same one.
            assert_eq!(asked, self.order.is_none(), "I1 {event:?} {before:?}");
            assert!(
                self.order.is_none_or(|current| current.flight == order.flight),
                "I1 {event:?}"
            );
            assert!(
                order.limit > Duration::ZERO && order.limit + order.after <= secs(15),
                "I4 {order:?}"
            );
            if order.means == Means::Refresh {
                self.presented += 1;
                let most = if before.mode == Mode::Session { 2 } else { 1 };
                assert!(self.presented - self.unsent <= most, "I5 {event:?} {before:?}");
            }
            if asked {
                self.repair_began = before.rejected.then_some(self.now);
            }
            self.order = Some(order);
        }
        if let Some(settled) = actions.settled {
            self.settled.push(settled);
            self.order = None;
            self.waiters = false;
        } else if !asked && matches!(event, Event::Attempted { .. }) && actions.order.is_none() {
            self.order = None;
        }
        assert_eq!(
            self.order.map(|order| order.flight),
            self.state.flight.map(|flight| flight.id),
            "I1"
        );
        // Whoever waits, waits for a flight.
        assert!(!self.waiters || self.order.is_some(), "I4 {event:?}");
        if let Some(life) = self.state.token() {
            // I7
            let skew = (life.whole / 100).clamp(secs(1), secs(30));
            assert!(life.hard <= life.whole.saturating_sub(skew), "I7 {life:?}");
            assert!(life.fresh <= life.aging && life.aging <= life.hard);
            // I3
            assert!(!self.rejected.contains(&self.state.generation()), "I3");
        }
        actions.answer
    }

    fn ask(&mut self, waited: Duration) -> Answer {
        let before = self.state;
        let answer = self.step(Event::Ask { waited }).expect("who asks is answered");
        let good = before.token().filter(|life| life.is_good(self.now));
        match answer {
            Answer::Take => assert!(good.is_some(), "a token that has ended was handed out"),
            Answer::Wait(limit) => {
                self.waiters = true;
                assert!(limit > Duration::ZERO && waited + limit <= LONGEST_WAIT, "I4");
                if let Some(life) = good {
                    assert!(
                        life.age(self.now) >= life.aging && waited + limit <= PATIENCE,
                        "I2 {life:?}"
                    );
                }
            }
            Answer::Fail(reason) => {
                assert!(good.is_none(), "I2 {reason:?}");
                match reason {
                    // I6: an error ends with its pause.
                    Reason::Unavailable { retry_in } => {
                        assert!(retry_in > Duration::ZERO && retry_in <= secs(300), "I6")
                    }
                    Reason::KeyRefused { retry_in } => {
                        assert!(retry_in > Duration::ZERO && retry_in <= secs(300), "I6")
                    }
                    Reason::Rejected { retry_in } => {
                        assert!(retry_in > Duration::ZERO && retry_in <= secs(300), "I6")
                    }
                    Reason::SessionLost => {
                        assert!(before.mode == Mode::Session && before.refresh.is_none())
                    }
                    Reason::TooSlow => assert!(waited >= LONGEST_WAIT),
                    Reason::Closed => assert!(matches!(before.phase(self.now), Phase::Closed)),
                }
            }
        }
        answer
    }

    /// The attempt under way ends.
    fn land(&mut self, outcome: Outcome, chance: f64) {
        let Some(order) = self.order else { return };
        if order.means == Means::Refresh {
            match outcome {
                Outcome::Token { .. } => (self.presented, self.unsent) = (0, 0),
                Outcome::Failed { fault: Fault::Unsent | Fault::Barred, .. }
                | Outcome::Elsewhere => self.unsent += 1,
                Outcome::Failed { .. } => {}
            }
        } else if matches!(outcome, Outcome::Token { .. }) {
            (self.presented, self.unsent) = (0, 0);
        }
        let generation = self.state.generation();
        self.step(Event::Attempted { flight: order.flight, outcome, chance });
        if self.state.generation() > generation
            && let Some(began) = self.repair_began.take()
        {
            let found = matches!(outcome, Outcome::Token { found: Some(_), .. });
            if let Some(last) = self.repairs.last().filter(|_| !found) {
                assert!(elapsed(began, *last) >= secs(30), "two exchanges for 401s within 30 s");
            }
            // One that was found cost no exchange.
            if !matches!(outcome, Outcome::Token { found: Some(_), .. }) {
                self.repairs.push(self.now);
            }
        }
        // A token that was not taken: the flight goes on, because of a 401 or because it came late.
        if matches!(outcome, Outcome::Token { .. }) && self.order.is_some() {
            self.repair_began = self.state.rejected.then_some(self.now);
        }
    }

    fn reject(&mut self, generation: u64) {
        let current = generation == self.state.generation() && self.state.token().is_some();
        let before = self.state.rejections;
        self.step(Event::Rejected { generation });
        if current {
            self.rejected.push(generation);
        } else {
            assert_eq!(self.state.rejections, before, "an old refusal counted");
        }
    }

    fn pass(&mut self, by: Duration) {
        self.now = later(self.now, by);
        // The driver ends an attempt at its limit.
        if let Some(order) = self.order
            && by >= order.after + order.limit
        {
            self.land(Outcome::Failed { fault: Fault::Unknown, hint: None }, 0.5);
        }
    }

    /// A token that was found in a store, where it was this old.
    fn found(&self, age: Duration) -> Outcome {
        Outcome::Token { sent: self.now, life: secs(3600), refresh: true, found: Some(age) }
    }

    fn token(&self, life: Duration, refresh: bool) -> Outcome {
        Outcome::Token { sent: self.now, life, refresh, found: None }
    }
}

/// A number that `seed` repeats (splitmix64).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn chance(seed: &mut u64) -> f64 {
    (random(seed) >> 11) as f64 / (1_u64 << 53) as f64
}
