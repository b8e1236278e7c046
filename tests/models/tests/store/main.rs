//! The protocol of the file store, every interleaving of three processes with crashes and lost
//! answers. A hand-written model of `crates/auth/src/token/turn.rs`: what it shows is that the
//! protocol is right; that the code follows it is for the tests with real processes.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod protocol;

use protocol::{Flaw, Mode, Protocol};
use stateright::{Checker, Model};

fn states(mode: Mode) -> usize {
    let model = Protocol { mode, flaw: Flaw::None, crashes: 2, losses: 1 };
    let checker = model.checker().spawn_bfs().join();
    checker.assert_properties();
    checker.unique_state_count()
}

/// Which property a flawed protocol breaks.
fn broken(mode: Mode, flaw: Flaw) -> Vec<&'static str> {
    let model = Protocol { mode, flaw, crashes: 2, losses: 1 };
    let checker = model.checker().spawn_bfs().join();
    let found = checker.discoveries();
    let mut broken: Vec<_> =
        found.into_keys().filter(|name| !name.starts_with("reached")).collect();
    broken.sort_unstable();
    broken
}

#[test]
fn fz_02_mp_02_a_shared_session_survives_every_crash_that_it_can() {
    assert!(states(Mode::Session) > 2000);
}

#[test]
fn fz_02_mp_02_a_shared_key_costs_one_exchange_unless_its_holder_hangs() {
    assert!(states(Mode::Key) > 30_000);
}

#[test]
fn each_flaw_that_the_protocol_might_have_is_found() {
    use Flaw::{DoesNotLookAgain, KeepsLockInDeath, ProceedsWithoutLock, ReleasesBeforeSaving};
    for (flaw, property) in [
        (DoesNotLookAgain, "I5: presented again only after an unknown outcome"),
        (ReleasesBeforeSaving, "I5: presented again only after an unknown outcome"),
        (ProceedsWithoutLock, "I1: one exchange at a time"),
        (KeepsLockInDeath, "death frees the lock"),
    ] {
        let found = broken(Mode::Session, flaw);
        assert!(found.contains(&property), "{flaw:?}: {found:?}");
    }
    let found = broken(Mode::Key, DoesNotLookAgain);
    assert!(found.contains(&"I1: one exchange in all while nobody fails"), "{found:?}");
}
