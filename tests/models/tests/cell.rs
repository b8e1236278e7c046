//! The real token cell in thousands of schedules.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey_auth::{Credential as _, DisposableTokenCredential, locked};
use framekey_models::{World, token};
use shuttle::{future, thread};

/// Runs a scenario in so many schedules, in thirty times as many with `FRAMEKEY_LONG=1`.
fn explore(schedules: usize, scenario: impl Fn() + Send + Sync + 'static) {
    let times = if std::env::var_os("FRAMEKEY_LONG").is_some() { 30 } else { 1 };
    shuttle::check_random(scenario, schedules * times);
}

/// A world and a credential that has a token, which is due for renewal.
fn due() -> (World, DisposableTokenCredential) {
    let world = World::default();
    let credential = world.credential().unwrap();
    token(&credential).unwrap();
    world.pass(3200);
    (world, credential)
}

#[test]
fn tk_01_callers_without_a_token_share_one_exchange() {
    explore(2000, || {
        let world = World::default();
        let credential = world.credential().unwrap();
        let callers = [0; 3].map(|_| {
            let credential = credential.clone();
            thread::spawn(move || token(&credential).unwrap().applied.generation)
        });
        for caller in callers {
            assert_eq!(caller.join().unwrap(), 1);
        }
        assert_eq!(world.exchanges(), 1);
    });
}

#[test]
fn tk_01_reading_a_fresh_token_locks_nothing() {
    shuttle::check_random(
        || {
            let credential = World::default().credential().unwrap();
            token(&credential).unwrap();
            let before = locked();
            assert_eq!(credential.ready(), Some(1));
            token(&credential).unwrap();
            assert_eq!(locked(), before);
            // The counter counts.
            future::block_on(credential.rejected(&token(&credential).unwrap().applied));
            assert!(locked() > before);
        },
        1,
    );
}

#[test]
fn tk_02_callers_share_one_refusal() {
    explore(2000, || {
        let world = World::default();
        world.refuse();
        let credential = world.credential().unwrap();
        let callers = [0; 3].map(|_| {
            let credential = credential.clone();
            thread::spawn(move || token(&credential).err().map(|error| error.code()))
        });
        for caller in callers {
            assert_eq!(caller.join().unwrap(), Some("auth.exchange_refused"));
        }
        assert_eq!(world.exchanges(), 1);
    });
}

#[test]
fn tk_06_refusals_of_one_token_make_one_exchange() {
    explore(2000, || {
        let world = World::default();
        let credential = world.credential().unwrap();
        let calls = [0; 3].map(|_| token(&credential).unwrap());
        let calls = calls.map(|call| {
            let credential = credential.clone();
            thread::spawn(move || {
                future::block_on(credential.rejected(&call.applied));
                token(&credential).unwrap().applied.generation
            })
        });
        for call in calls {
            assert_eq!(call.join().unwrap(), 2);
        }
        assert_eq!(world.exchanges(), 2);
    });
}

#[test]
fn tk_07_what_was_asked_for_before_a_refusal_is_never_handed_out_after_it() {
    explore(10_000, || {
        let (world, credential) = due();
        world.hold_answers();
        let old = token(&credential).unwrap();
        while world.exchanges() < 2 {
            thread::yield_now();
        }
        // A renewal has been asked for and not answered: what it brings is as old as what it replaces.
        let callers = [0; 2].map(|_| {
            let credential = credential.clone();
            thread::spawn(move || token(&credential).map(drop).unwrap())
        });
        let refused_at = world.moment();
        future::block_on(credential.rejected(&old.applied));
        world.let_answers_go();
        assert!(token(&credential).unwrap().sent > refused_at);
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(world.exchanges(), 3);
    });
}

#[test]
fn tk_09_a_flight_that_is_dropped_is_started_anew() {
    explore(2000, || {
        let world = World::default();
        world.drop_first_task();
        let credential = world.credential().unwrap();
        let callers = [0; 2].map(|_| {
            let credential = credential.clone();
            thread::spawn(move || token(&credential).map(drop).unwrap())
        });
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(world.exchanges(), 2);
    });
}

#[test]
fn i_4_a_client_that_is_closed_leaves_nobody_waiting() {
    explore(2000, || {
        let world = World::default();
        let credential = world.credential().unwrap();
        let callers = [0; 2].map(|_| {
            let credential = credential.clone();
            thread::spawn(move || token(&credential).err().map(|error| error.code()))
        });
        credential.close();
        for caller in callers {
            assert!(matches!(caller.join().unwrap(), None | Some("usage.closed")));
        }
        assert_eq!(token(&credential).err().map(|error| error.code()), Some("usage.closed"));
    });
}
