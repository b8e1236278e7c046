//! Random histories against the invariants, random schedules around a refusal, and a fleet.

use std::time::Duration;

use proptest::prelude::*;

use super::super::flight::{Fault, Means, Outcome};
use super::super::life::{Life, elapsed};
use super::super::state::{Answer, Event, Mode, Reason, step};
use super::{START, World, chance, later, random, secs};

const LIVES: [u64; 8] = [1, 2, 5, 59, 60, 3600, 86_400, u64::MAX];
const PAUSES: [u64; 12] =
    [0, 1, 7, 30, 60, 500, 1500, 15_500, 60_000, 540_000, 2_700_000, 3_600_000];

/// One event, told by two random numbers.
fn play(world: &mut World, kind: u8, pick: u16) {
    let pick_of = |count: usize| usize::from(pick) % count;
    let chance = f64::from(pick) / f64::from(u16::MAX);
    match kind % 37 {
        0..8 => {
            world.ask(Duration::from_millis(PAUSES[pick_of(9)]));
        }
        8..16 => world.pass(Duration::from_millis(PAUSES[pick_of(12)])),
        16..20 => {
            let outcome = world.token(secs(LIVES[pick_of(8)]), !pick.is_multiple_of(3));
            world.land(outcome, chance);
        }
        20..24 => {
            let fault =
                [Fault::Unsent, Fault::Unknown, Fault::Unusable, Fault::Refused, Fault::Barred]
                    [pick_of(5)];
            let hint = [None, Some(secs(3)), Some(secs(100_000))][usize::from(pick / 4) % 3];
            world.land(Outcome::Failed { fault, hint }, chance);
        }
        24..26 => {
            if let Some(order) = world.order {
                let sent = pick.is_multiple_of(2);
                if order.means == Means::Refresh && !sent {
                    world.unsent += 1;
                }
                world.step(Event::Vanished { flight: order.flight, sent, chance });
            }
        }
        26..29 => {
            let newest = world.state.generation();
            world.reject(newest.saturating_sub([0, 0, 1, 2][pick_of(4)]));
        }
        29 => {
            // The wall clock is set: forward, or back.
            let by = secs([3600, 315_360_000][pick_of(2)]);
            let wall = world.now.wall;
            world.now.wall = if pick % 4 < 2 { wall + by } else { wall.saturating_sub(by) };
        }
        30 => {
            world.step(Event::KeyChanged { flight: None });
            // I6: a new key is tried at once.
            if world.state.mode != Mode::Session {
                (world.presented, world.unsent) = (0, 0);
                world.repairs.clear();
                let answer = world.ask(Duration::ZERO);
                assert!(
                    !matches!(answer, Answer::Fail(reason) if reason != Reason::Closed),
                    "I6 {answer:?}"
                );
            }
        }
        // What a store has: a token of some age, the word that another process is at it, a refresh
        // token that another process left.
        31 | 32 => {
            let outcome = world.found(secs(u64::from(pick) % 3600));
            world.land(outcome, chance);
        }
        33 => world.land(Outcome::Elsewhere, chance),
        34 => {
            if let Some(order) = world.order.filter(|order| order.means == Means::Refresh) {
                world.step(Event::Adopted { flight: order.flight });
                if world.state.mode == Mode::Session {
                    (world.presented, world.unsent) = (1, 0);
                }
            }
        }
        35 => {
            if let Some(order) = world.order {
                world.step(Event::KeyChanged { flight: Some(order.flight) });
                world.repairs.clear();
                if world.state.mode != Mode::Session {
                    (world.presented, world.unsent) = (0, 0);
                }
            }
        }
        _ => match pick % 40 {
            0 => {
                world.step(Event::Close);
            }
            1..20 => {
                let life = pick.is_multiple_of(2).then(|| Life::new(world.now, secs(3600), chance));
                (world.presented, world.unsent) = (0, 0);
                world.repairs.clear();
                world.order = None;
                world.waiters = false;
                world.step(Event::SessionGiven { life, refresh: !pick.is_multiple_of(3) });
            }
            // A report of a flight that is over changes nothing.
            _ => {
                let before = format!("{:?}", world.state);
                let outcome = world.token(secs(3600), true);
                world.state = step(
                    world.state,
                    Event::Attempted { flight: u64::MAX, outcome, chance },
                    world.now,
                )
                .0;
                assert_eq!(format!("{:?}", world.state), before);
            }
        },
    }
}

fn mode_of(number: u8) -> Mode {
    [Mode::Key, Mode::RefreshFirst, Mode::Session][usize::from(number % 3)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fz_02_the_invariants_hold_over_random_histories(
        mode in any::<u8>(),
        events in proptest::collection::vec(any::<(u8, u16)>(), 1..100),
    ) {
        let mut world = World::new(mode_of(mode));
        for (kind, pick) in events {
            play(&mut world, kind, pick);
        }
    }
}

#[test]
fn tk_07_no_schedule_hands_out_what_was_asked_for_before_a_refusal() {
    for schedule in 0..10_000_u64 {
        let mut seed = schedule;
        let mut world = World::new(Mode::Key);
        world.ask(Duration::ZERO);
        let first = world.token(secs(3600), false);
        world.land(first, chance(&mut seed));
        world.now = later(world.now, secs(3100));
        // A renewal is begun; it, a refusal of the old token, and callers come in any order.
        assert_eq!(world.ask(Duration::ZERO), Answer::Take);
        let (mut exchanges, mut refused_at) = (1, None);
        let (mut sent_at, mut order) = (world.now, world.order);
        let mut steps = 0;
        while steps < 12 || world.order.is_some() {
            steps += 1;
            world.now = later(world.now, Duration::from_millis(random(&mut seed) % 200));
            if order.is_none() && world.order.is_some() {
                sent_at = world.now;
                exchanges += 1;
            }
            order = world.order;
            match random(&mut seed) % 4 {
                0 if refused_at.is_none() && world.state.generation() == 1 => {
                    world.reject(1);
                    refused_at = Some(world.now);
                }
                0 => world.reject(1),
                1 if world.order.is_some() => {
                    let outcome = Outcome::Token {
                        sent: sent_at,
                        life: secs(3600),
                        refresh: false,
                        found: None,
                    };
                    let generation = world.state.generation();
                    world.land(outcome, chance(&mut seed));
                    if world.state.generation() > generation {
                        let stale = refused_at.is_some_and(|at| sent_at.monotonic < at.monotonic);
                        assert!(!stale, "schedule {schedule}");
                    } else {
                        exchanges += 1;
                        sent_at = world.now;
                    }
                    order = world.order;
                }
                _ => {
                    world.ask(Duration::ZERO);
                }
            }
        }
        assert!(exchanges <= 2, "schedule {schedule}: {exchanges}");
    }
}

#[test]
fn tk_12_a_fleet_that_starts_together_does_not_renew_together() {
    for round in 0..20_u64 {
        let mut seed = round;
        let mut at_second = vec![0_u32; 3600];
        for _ in 0..1000 {
            let mut world = World::new(Mode::Key);
            world.now = later(START, Duration::from_secs_f64(chance(&mut seed)));
            world.ask(Duration::ZERO);
            let outcome = world.token(secs(3600), false);
            world.land(outcome, chance(&mut seed));
            // Calls once a second, each client at its own part of it.
            world.now = later(world.now, Duration::from_secs_f64(2600.0 + chance(&mut seed)));
            while world.order.is_none() {
                world.now = later(world.now, secs(1));
                let (state, actions) =
                    step(world.state, Event::Ask { waited: Duration::ZERO }, world.now);
                (world.state, world.order) = (state, actions.order);
            }
            at_second[usize::try_from(elapsed(world.now, START).as_secs()).unwrap()] += 1;
        }
        let first = at_second.iter().position(|count| *count > 0).unwrap();
        let last = at_second.iter().rposition(|count| *count > 0).unwrap();
        assert!(last - first >= 300, "round {round}: {first} to {last}");
        let most = at_second.iter().max().unwrap();
        assert!(*most <= 12, "round {round}: {most} in a second");
    }
}
