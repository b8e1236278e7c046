//! What a store tells the machine: a token that was found, that another process is at it, another
//! refresh token.

use std::time::Duration;

use super::super::flight::{Fault, Means, Outcome};
use super::super::state::{Answer, Event, Mode, Phase, Reason, Settled};
use super::{START, World, later, secs};

/// A world with a token of an hour in hand.
fn with_token(mode: Mode) -> World {
    let mut world = World::new(mode);
    if mode == Mode::Session {
        let life = super::super::life::Life::new(START, secs(3600), 0.0);
        world.step(Event::SessionGiven { life: Some(life), refresh: true });
        return world;
    }
    world.ask(Duration::ZERO);
    let outcome = world.token(secs(3600), false);
    world.land(outcome, 0.0);
    world
}

#[test]
fn mp_01_a_found_token_is_as_old_as_it_was() {
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let outcome = world.found(secs(3000));
    world.land(outcome, 0.0);
    assert_eq!((world.state.phase(world.now), world.state.generation()), (Phase::Aging, 1));
    for (after, phase) in
        [(509, Phase::Aging), (511, Phase::Critical), (569, Phase::Critical), (571, Phase::Expired)]
    {
        assert_eq!(world.state.phase(later(START, secs(after))), phase, "{after}");
    }
}

#[test]
fn mp_01_one_that_is_over_already_is_not_taken() {
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let outcome = world.found(secs(3580));
    world.land(outcome, 0.0);
    // The flight goes on, once.
    assert!(world.order.is_some() && world.state.token().is_none());
}

#[test]
fn tk_06_a_found_token_costs_no_exchange_so_the_next_refusal_may() {
    let mut world = with_token(Mode::Key);
    world.reject(1);
    world.ask(Duration::ZERO);
    let outcome = world.found(secs(10));
    world.land(outcome, 0.0);
    world.reject(2);
    assert!(matches!(world.ask(Duration::ZERO), Answer::Wait(_)));
    // After one that was exchanged for it may not, for half a minute.
    let outcome = world.token(secs(3600), false);
    world.land(outcome, 0.0);
    world.reject(3);
    assert!(matches!(world.ask(Duration::ZERO), Answer::Fail(Reason::Rejected { .. })));
}

#[test]
fn mp_01_that_another_process_is_at_it_is_no_failure() {
    for mode in [Mode::Key, Mode::RefreshFirst, Mode::Session] {
        let mut world = with_token(mode);
        world.now = later(START, secs(3000));
        for _ in 0..10 {
            assert_eq!(world.ask(Duration::ZERO), Answer::Take);
            assert!(world.order.is_some(), "there is no pause");
            world.land(Outcome::Elsewhere, 0.0);
            assert_eq!(world.settled.last(), Some(&Settled::Vanished));
        }
        // However often that was: the refresh token was not presented.
        assert!(world.state.refresh.is_none_or(|times| times == 0), "{mode:?}");
        assert!(world.state.failure.is_none());
    }
}

#[test]
fn e31_another_refresh_token_may_be_presented_as_often_as_the_first() {
    let broken = Outcome::Failed { fault: Fault::Unknown, hint: None };
    let mut world = with_token(Mode::Session);
    world.now = later(START, secs(3600));
    world.ask(Duration::ZERO);
    world.land(broken, 0.0);
    // Presented once with an unknown end; now the store has another one.
    let order = world.order.unwrap();
    assert_eq!((order.means, world.state.refresh), (Means::Refresh, Some(2)));
    (world.presented, world.unsent) = (1, 0);
    world.step(Event::Adopted { flight: order.flight });
    assert_eq!(world.state.refresh, Some(1));
    world.land(broken, 0.0);
    assert!(world.order.is_some_and(|order| order.means == Means::Refresh));
    world.land(broken, 0.0);
    assert_eq!(world.state.phase(world.now), Phase::SessionLost);
}

#[test]
fn e31_without_the_lock_a_refresh_token_is_not_presented_and_not_lost() {
    let mut world = with_token(Mode::Session);
    world.now = later(START, secs(3600));
    for _ in 0..5 {
        world.ask(Duration::ZERO);
        world.land(Outcome::Failed { fault: Fault::Barred, hint: None }, 0.0);
        assert_eq!((world.order, world.state.refresh), (None, Some(0)));
        assert!(matches!(world.state.phase(world.now), Phase::Cooling(_)));
        world.now = later(world.now, secs(30));
    }
}

#[test]
fn e32_a_key_that_the_flight_itself_found_is_not_tried_twice() {
    let refused = Outcome::Failed { fault: Fault::Refused, hint: None };
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    let flight = world.order.unwrap().flight;
    world.step(Event::KeyChanged { flight: Some(flight) });
    world.land(refused, 0.0);
    assert!(world.order.is_none());
    assert!(matches!(world.state.phase(world.now), Phase::KeyRefused(_)));
}

#[test]
fn e31_only_the_flight_of_a_session_adopts_another_refresh_token() {
    for (mode, other, presented) in
        [(Mode::Session, 0, Some(1)), (Mode::Session, 1, Some(2)), (Mode::RefreshFirst, 0, Some(2))]
    {
        let mut world = with_token(mode);
        world.now = later(START, secs(3600));
        world.ask(Duration::ZERO);
        let flight = world.order.unwrap().flight;
        world.state.refresh = Some(2);
        world.step(Event::Adopted { flight: flight + other });
        assert_eq!(world.state.refresh, presented, "{mode:?} {other}");
    }
}

#[test]
fn mp_03_a_flight_that_vanishes_has_presented_only_what_it_sent() {
    let mut world = with_token(Mode::Session);
    world.now = later(START, secs(3600));
    for (sent, presented) in [(false, Some(0)), (true, Some(1)), (true, None)] {
        world.ask(Duration::ZERO);
        let order = world.order.take().unwrap();
        assert_eq!(order.means, Means::Refresh);
        world.waiters = false;
        world.unsent += u8::from(!sent);
        world.step(Event::Vanished { flight: order.flight, sent, chance: 0.0 });
        assert_eq!(world.state.refresh, presented, "{sent}");
    }
}

#[test]
fn e32_a_key_that_comes_during_a_flight_gets_a_whole_cycle() {
    let broken = Outcome::Failed { fault: Fault::Unknown, hint: None };
    let mut world = World::new(Mode::Key);
    world.ask(Duration::ZERO);
    world.land(broken, 0.5);
    world.now = later(START, secs(14));
    world.step(Event::KeyChanged { flight: None });
    world.land(broken, 0.5);
    assert_eq!(world.order.unwrap().after, Duration::ZERO, "the new one is tried at once");
    for _ in 0..2 {
        world.land(broken, 0.5);
        assert!(world.order.unwrap().after > Duration::ZERO);
    }
    world.land(broken, 0.5);
    assert!(world.order.is_none(), "three attempts, as ever");
}
