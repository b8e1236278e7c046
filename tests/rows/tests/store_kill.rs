//! A process that is killed at any step of its turn at a folder: MP-02. Real processes, SIGKILL.
//!
//! Each of the nine places twice; 100 times with `FRAMEKEY_LONG=1`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests"
)]

use std::time::Duration;

use framekey_auth::store::Entry;
use framekey_rows::store::{Caller, Folder, TokenServer, long};

const PROGRAM: &str = env!("CARGO_BIN_EXE_framekey-store-caller");

/// In the order in which a flight comes past them.
const PLACES: [&str; 9] = [
    "leased",
    "looked",
    "answered",
    "created",
    "half_written",
    "written",
    "renamed",
    "saved",
    "published",
];

/// From here on the token is there for the others.
const KEPT: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn mp_02_others_go_on_at_once_when_the_one_who_exchanges_is_killed() {
    let rounds = if long() { 100 } else { 2 };
    let mut longest = 0.0;
    for round in 0..rounds {
        for (number, place) in PLACES.into_iter().enumerate() {
            let took = round_at(place, number >= KEPT, round).await;
            longest = f64::max(longest, took);
        }
    }
    println!("MP-02: {} kills, the longest wait of another process {longest:.0} ms", rounds * 9);
}

/// What is there under the name of an entry is a whole one, whenever the process died.
fn check_files(folder: &Folder, place: &str) {
    let mut entries = 0;
    for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
        if file.path().extension().is_some_and(|extension| extension == "token") {
            let bytes = std::fs::read(file.path()).unwrap();
            let entry = Entry::from_bytes(&bytes).expect("a whole entry");
            assert!(entry.sealed.len() > 100, "{place}: {} bytes", bytes.len());
            entries += 1;
        }
    }
    let kept = PLACES.iter().position(|name| *name == place) >= Some(KEPT);
    assert_eq!(entries, usize::from(kept), "{place}");
}

/// Gives the longest call of those that live on, in milliseconds.
async fn round_at(place: &str, kept: bool, round: usize) -> f64 {
    let folder = Folder::new(&format!("mp02-{place}-{round}"));
    let server = TokenServer::start(Duration::from_millis(60)).await;
    let mut victim = Caller::start(PROGRAM, &folder.store(), &server.base, Some(place)).await;
    let mut others = Vec::new();
    for _ in 0..2 {
        others.push(Caller::start(PROGRAM, &folder.store(), &server.base, None).await);
    }
    victim.go(1, 0).await;
    // Half of the rounds have the others wait while it exchanges; half have them come to what it left.
    let exchanges = !matches!(place, "leased" | "looked");
    if exchanges && round.is_multiple_of(2) {
        while server.exchanges() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    } else {
        assert!(victim.killed().await, "{place}: it was not killed");
        check_files(&folder, place);
    }
    let mut longest = 0.0;
    for other in &mut others {
        other.go(20, 0).await;
    }
    for other in &mut others {
        let tally = other.done().await.expect("it lives");
        assert_eq!((tally.good, tally.failed, tally.troubles), (20, 0, 0), "{place}: {tally:?}");
        longest = f64::max(longest, tally.longest_ms);
    }
    assert!(victim.killed().await, "{place}: it was not killed");
    assert!(longest <= 1000.0, "{place}: {longest} ms");
    let most = if kept { 1 } else { 2 };
    let exchanges = server.exchanges();
    assert!(exchanges <= most, "{place}: {exchanges} exchanges");
    // What is in the folder can be read: the next process needs no exchange.
    let mut next = Caller::start(PROGRAM, &folder.store(), &server.base, None).await;
    next.go(1, 0).await;
    assert_eq!(next.done().await.expect("it lives").good, 1, "{place}");
    assert_eq!(server.exchanges(), exchanges, "{place}: what was left cannot be read");
    longest
}
