//! Histories of real processes under faults, held against the invariants and the service's ledger.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod check;
mod event;
mod process;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use check::{Run, breaches};
use event::{Event, What};
use framekey_catalog::Service;
use framekey_emulator::{Config, Emulator, Fault};
use framekey_rows::child;

const PROCESSES: usize = 3;

/// One run: three processes call for 2.5 s while exchanges fail or the token is revoked.
fn run(seed: u64) -> Run {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let emulator = runtime.block_on(Emulator::start(Config { seed, ..Config::default() })).unwrap();
    // Lives so short that it is renewed while the processes run; it may be sent for 2 s.
    emulator.switch(|switches| switches.api_video.token_life = 3);
    let exchange = Fault {
        probability: Some(0.1 * (seed % 5) as f64),
        ..Fault::of(Service::ApiVideo, "access_tokens.create")
    };
    emulator.fault(match seed % 3 {
        0 => Fault { status: Some(503), ..exchange },
        1 => Fault { reset: true, ..exchange },
        _ => Fault { delay: Some(0.4), ..exchange },
    });
    let folder = tempfile::tempdir().unwrap();
    let shared = seed % 2 == 1;
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut command = child::test(process::CHILD);
            command
                .env("URL", emulator.base_url(Service::ApiVideo))
                .env("KEY", &emulator.credentials().api_video_key)
                .stdin(Stdio::null())
                .stdout(Stdio::piped());
            if shared {
                command.env("STORE", folder.path().join("tokens"));
            }
            command.spawn().unwrap()
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300 + seed * 37 % 2000));
    if seed % 4 < 2 {
        emulator.revoke_access_tokens();
    }
    let histories = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{text}");
            text.lines().filter_map(Event::read).collect()
        })
        .collect();
    let mut ledger: BTreeMap<String, Vec<u16>> = BTreeMap::new();
    for entry in emulator.journal() {
        if entry.operation == Some("tags.list") {
            ledger.entry(entry.credential.fingerprint).or_default().push(entry.status);
        }
    }
    Run { histories, ledger: ledger.into_values().collect(), shared, hard: 2_000_000 }
}

/// Four runs; 200 with `FRAMEKEY_LONG=1`.
#[test]
fn fz_02_histories_of_real_processes_break_no_invariant() {
    // Those four see failing exchanges and slow ones, revoked tokens, a store and none.
    let long = std::env::var_os("FRAMEKEY_LONG").is_some();
    let seeds: Vec<u64> = if long { (0..200).collect() } else { vec![9, 14, 19, 24] };
    let (mut calls, mut errors, mut exchanges, mut renewed) = (0, 0, 0, 0);
    for four in seeds.chunks(4) {
        let four = std::thread::scope(|scope| {
            let four: Vec<_> = four.iter().map(|seed| (seed, scope.spawn(|| run(*seed)))).collect();
            four.into_iter().map(|(seed, run)| (seed, run.join().unwrap())).collect::<Vec<_>>()
        });
        for (seed, run) in four {
            assert_eq!(breaches(&run), Vec::<String>::new(), "seed {seed}");
            for event in run.histories.iter().flatten() {
                match &event.what {
                    What::Call(code) => {
                        calls += 1;
                        errors += usize::from(code != "ok");
                    }
                    What::Exchange(_) => exchanges += 1,
                    What::Request(..) => {}
                }
            }
            renewed += run.ledger.len();
        }
    }
    let runs = seeds.len();
    println!(
        "{runs} runs: {calls} calls, {errors} errors, {exchanges} exchanges, {renewed} tokens"
    );
    assert!(calls > 100 * runs && renewed > 2 * runs);
}

fn event(began: u64, ended: u64, what: What) -> Event {
    Event { began, ended, what }
}

/// What the checker says of one process with these events, and this ledger.
fn said(events: &[Event], ledger: &[&[u16]]) -> String {
    let ledger = ledger.iter().map(|tally| tally.to_vec()).collect();
    let histories = vec![events.to_vec()];
    let found = breaches(&Run { histories, ledger, shared: false, hard: 2_000_000 });
    found.first().map_or_else(String::new, |breach| breach.chars().take(2).collect())
}

#[test]
fn the_checker_finds_each_breach() {
    use What::{Call, Exchange, Request};
    let ok = || Call("ok".to_owned());
    let down = || Call("auth.exchange_unavailable".to_owned());
    let fine = [
        event(0, 9, Exchange(200)),
        event(9, 12, Request(1, 200)),
        event(0, 12, ok()),
        event(20, 30, Request(1, 401)),
        event(30, 40, Exchange(200)),
        event(40, 50, Request(2, 200)),
    ];
    assert_eq!(said(&fine, &[&[200, 401], &[200]]), "");
    assert_eq!(said(&fine, &[&[200, 401]]), "th");
    let twice = [event(0, 9, Exchange(200)), event(8, 12, Exchange(200))];
    assert_eq!(said(&twice, &[]), "I1");
    let again = [event(0, 9, Request(1, 401)), event(10, 12, Request(1, 401))];
    assert_eq!(said(&again, &[&[401, 401]]), "I3");
    assert_eq!(said(&[event(0, 16_000_001, ok())], &[]), "I4");
    assert_eq!(said(&[event(0, 9, Exchange(503)), event(0, 9, down())], &[]), "");
    assert_eq!(said(&[event(0, 9, down())], &[]), "I6");
    let outlived = [event(0, 5, Exchange(503)), event(5, 9, Exchange(200)), event(10, 11, down())];
    assert_eq!(said(&outlived, &[]), "I6");
    let old = [event(0, 9, Request(1, 200)), event(2_000_001, 2_000_009, Request(1, 200))];
    assert_eq!(said(&old, &[&[200, 200]]), "I7");
}
