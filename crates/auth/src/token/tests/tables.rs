//! The numbers of the table of states, looked at one by one.

use std::time::Duration;

use super::super::flight::{Fault, Outcome};
use super::super::life::{Life, elapsed};
use super::super::state::{Answer, Mode, PATIENCE, Phase, Reason, Settled};
use super::{START, World, later, secs};

#[test]
fn the_windows_of_an_hour_are_those_of_the_table() {
    for (chance, fresh) in [(0.0, 2700), (0.5, 2880), (1.0, 3060)] {
        let life = Life::new(START, secs(3600), chance);
        assert_eq!((life.fresh, life.aging, life.hard), (secs(fresh), secs(3510), secs(3570)));
    }
    let mut world = World::new(Mode::Key);
    assert_eq!(world.state.phase(START), Phase::Empty);
    world.ask(Duration::ZERO);
    let outcome = world.token(secs(3600), false);
    world.land(outcome, 0.0);
    for (age, phase) in [
        (0, Phase::Fresh),
        (2699, Phase::Fresh),
        (2700, Phase::Aging),
        (3509, Phase::Aging),
        (3510, Phase::Critical),
        (3569, Phase::Critical),
        (3570, Phase::Expired),
    ] {
        let now = later(START, secs(age));
        assert_eq!(world.state.phase(now), phase, "{age}");
        // What the way without a lock asks.
        assert_eq!(world.state.token().unwrap().is_fresh(now), phase == Phase::Fresh, "{age}");
    }
}

#[test]
fn the_pauses_after_failures_are_those_of_the_table() {
    let failed = Outcome::Failed { fault: Fault::Refused, hint: None };
    let broken = Outcome::Failed { fault: Fault::Unknown, hint: None };
    // Nothing in hand: 1 s, doubled up to 24 s, the largest jitter.
    let mut world = World::new(Mode::Key);
    for expected in [1, 2, 4, 8, 16, 24, 24] {
        world.ask(Duration::ZERO);
        while world.order.is_some() {
            world.land(broken, 1.0);
        }
        let Phase::Cooling(pause) = world.state.phase(world.now) else {
            panic!("{:?}", world.state)
        };
        assert_eq!(pause, secs(expected));
        world.now = later(world.now, pause);
    }
    // The smallest jitter is half of it, and in between it is even.
    for (chance, expected) in [(0.0, 500), (0.5, 750)] {
        let mut world = World::new(Mode::Key);
        world.ask(Duration::ZERO);
        while world.order.is_some() {
            world.land(broken, chance);
        }
        let pause = Duration::from_millis(expected);
        assert_eq!(world.state.phase(world.now), Phase::Cooling(pause));
    }
    // A good token in hand: 15 s, doubled up to 5 min; in the last minute 1 s; a refused key 60 s.
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let outcome = world.token(secs(86_400), false);
    world.land(outcome, 0.0);
    world.now = later(world.now, secs(65_000));
    for expected in [15, 30, 60, 120, 240, 300, 300] {
        assert_eq!(world.ask(Duration::ZERO), Answer::Take);
        while world.order.is_some() {
            world.land(broken, 1.0);
        }
        world.now = later(world.now, secs(expected) - Duration::from_millis(1));
        world.ask(Duration::ZERO);
        assert!(world.order.is_none(), "{expected}");
        world.now = later(world.now, Duration::from_millis(1));
    }
    world.now = later(START, secs(86_400 - 80));
    for _ in 0..3 {
        assert!(matches!(world.ask(Duration::ZERO), Answer::Wait(limit) if limit == PATIENCE));
        assert_eq!(world.ask(PATIENCE), Answer::Take);
        while world.order.is_some() {
            world.land(broken, 1.0);
        }
        assert_eq!(world.ask(Duration::ZERO), Answer::Take);
        assert!(world.order.is_none());
        world.now = later(world.now, secs(1));
    }
    world.ask(Duration::ZERO);
    world.land(failed, 1.0);
    world.now = later(START, secs(86_371));
    assert!(matches!(world.state.phase(world.now), Phase::KeyRefused(_)));
    world.now = later(START, secs(86_384));
    assert_eq!(world.state.phase(world.now), Phase::Expired);
}

#[test]
fn i_4_a_flight_makes_three_attempts_in_fifteen_seconds() {
    let broken = Outcome::Failed { fault: Fault::Unknown, hint: None };
    // Attempts that fail at once, with the longest jitter; and attempts that hang.
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let mut pauses = Vec::new();
    while let Some(order) = world.order {
        pauses.push(order.after);
        world.now = later(world.now, order.after);
        world.land(broken, 1.0);
    }
    assert_eq!(pauses, [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(400)]);
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let mut attempts = 0;
    while let Some(order) = world.order {
        attempts += 1;
        world.now = later(world.now, order.after + order.limit);
        world.land(broken, 1.0);
    }
    assert_eq!(attempts, 3);
    assert_eq!(elapsed(world.now, START), secs(15));
    assert!(matches!(world.settled[..], [Settled::Failed(Reason::Unavailable { .. })]));
}

#[test]
fn tk_03_those_who_come_when_the_token_ends_get_a_cycle_of_their_own() {
    let broken = Outcome::Failed { fault: Fault::Unknown, hint: None };
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let outcome = world.token(secs(3600), false);
    world.land(outcome, 0.0);
    // A renewal that hangs from the last seconds of the token into the time after it.
    world.now = later(START, secs(3565));
    world.ask(Duration::ZERO);
    let flight = world.order.map(|order| order.flight);
    let mut attempts = 0;
    while world.settled.len() == 1 {
        let order = world.order.expect("the flight goes on");
        world.now = later(world.now, order.after + order.limit);
        attempts += 1;
        if attempts == 4 {
            assert!(matches!(world.ask(secs(10)), Answer::Wait(_)));
            let outcome = world.token(secs(3600), false);
            world.land(outcome, 0.0);
        } else {
            world.land(broken, 1.0);
        }
    }
    assert_eq!(world.order.map_or(flight, |order| Some(order.flight)), flight);
    assert_eq!(world.settled, [Settled::Renewed, Settled::Renewed]);
    // Once: without an answer the second cycle ends in the error.
    world.now = later(world.now, secs(3565));
    world.ask(Duration::ZERO);
    let mut attempts = 0;
    while let Some(order) = world.order {
        world.now = later(world.now, order.after + order.limit);
        attempts += 1;
        world.land(broken, 1.0);
    }
    assert_eq!(attempts, 6);
    assert!(matches!(world.settled.last(), Some(Settled::Failed(Reason::Unavailable { .. }))));
}

#[test]
fn a_token_that_arrives_after_its_end_has_the_flight_ask_once_more() {
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let flight = world.order.map(|order| order.flight);
    let late = |world: &World| Outcome::Token {
        sent: world.now,
        life: secs(3600),
        refresh: false,
        found: Some(secs(3700)),
    };
    let outcome = late(&world);
    world.land(outcome, 0.0);
    assert_eq!(world.order.map(|order| order.flight), flight);
    let outcome = late(&world);
    world.land(outcome, 0.0);
    assert!(world.order.is_none());
    assert!(matches!(world.settled[..], [Settled::Failed(Reason::Unavailable { .. })]));
}

#[test]
fn tk_08_a_renewal_that_fails_after_its_token_was_refused_is_told_as_the_refusal() {
    let broken = Outcome::Failed { fault: Fault::Unknown, hint: None };
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    for _ in 0..2 {
        let outcome = world.token(secs(20), false);
        world.land(outcome, 0.0);
        if world.state.generation() == 1 {
            world.reject(1);
            world.ask(Duration::ZERO);
        }
    }
    world.now = later(world.now, secs(16));
    assert_eq!(world.ask(Duration::ZERO), Answer::Take);
    world.reject(2);
    while world.order.is_some() {
        world.land(broken, 0.0);
    }
    assert!(matches!(world.settled.last(), Some(Settled::Failed(Reason::Rejected { .. }))));
}

#[test]
fn tk_05_a_refusal_while_a_good_token_is_held_is_told_by_what_was_refused() {
    let refused = Outcome::Failed { fault: Fault::Refused, hint: None };
    for mode in [Mode::Key, Mode::Session] {
        let mut world = World::new(Mode::Key);
        world.ask(Duration::ZERO);
        let outcome = world.token(secs(3600), true);
        world.land(outcome, 0.0);
        world.state.mode = mode;
        world.state.refresh = (mode == Mode::Session).then_some(0);
        world.now = later(START, secs(3000));
        assert_eq!(world.ask(Duration::ZERO), Answer::Take);
        world.land(refused, 0.0);
        let told = world.settled.last();
        let is_key = matches!(told, Some(Settled::Failed(Reason::KeyRefused { .. })));
        let is_session = matches!(told, Some(Settled::Failed(Reason::Unavailable { .. })));
        assert_eq!((is_key, is_session), (mode == Mode::Key, mode == Mode::Session), "{told:?}");
    }
}
