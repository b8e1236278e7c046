//! MP-06: a Redis that is full of other people's things, and throws ours away to make room. The real
//! server with `allkeys-lru`, which says itself what it evicts.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_rows::store::{Caller, Redis, TokenServer};

const PROGRAM: &str = env!("CARGO_BIN_EXE_framekey-store-caller");
/// Of other people's things, in one write: 64 kB of the 4 MB that there are.
const LOAD: usize = 64;

/// How many of our keys of each kind (`entry`, `lease`, `counter`) were evicted.
type Gone = Arc<Mutex<BTreeMap<String, usize>>>;

/// Listens to the server's own word on what it evicts.
fn listen(redis: &Redis) -> Gone {
    let gone = Gone::default();
    let mut stream = redis.dial();
    stream.write_all(b"SUBSCRIBE __keyevent@0__:evicted\r\n").unwrap();
    let heard = Arc::clone(&gone);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(("framekey:", kind)) = line
                .split_once('{')
                .map(|(start, rest)| (start, rest.rsplit_once(':').map_or("", |(_, kind)| kind)))
            {
                *heard.lock().unwrap().entry(kind.to_owned()).or_default() += 1;
            }
        }
    });
    gone
}

/// Writes things of 1 kB without end, until `stop`.
fn fill(redis: &Redis, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<usize> {
    let (mut stream, stop) = (redis.dial(), Arc::clone(stop));
    std::thread::spawn(move || {
        let (mut number, value, mut answers) = (0, "x".repeat(1000), vec![0; LOAD * 5]);
        while !stop.load(SeqCst) {
            let mut load = String::new();
            for _ in 0..LOAD {
                number += 1;
                load.push_str(&format!("SET other:{number} {value}\r\n"));
            }
            stream.write_all(load.as_bytes()).unwrap();
            // `+OK` for each of them.
            stream.read_exact(&mut answers).unwrap();
            assert!(answers.starts_with(b"+OK"), "{}", String::from_utf8_lossy(&answers));
        }
        number
    })
}

fn statistic(redis: &Redis, name: &str) -> usize {
    let all = redis.ask("INFO stats");
    let line = all.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.expect("a statistic").trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_06_what_redis_evicts_under_load_fails_no_call_and_costs_each_process_one_exchange() {
    let redis = Redis::start(&[
        "--maxmemory",
        "4mb",
        "--maxmemory-policy",
        "allkeys-lru",
        "--notify-keyspace-events",
        "Ee",
    ]);
    let (gone, stop) = (listen(&redis), Arc::new(AtomicBool::new(false)));
    let filler = fill(&redis, &stop);
    let (mut incidents, mut exchanges) = (0, 0);
    let all_gone = || {
        let gone = gone.lock().unwrap();
        ["entry", "lease", "counter"].iter().all(|kind| gone.contains_key(*kind))
    };
    while incidents < 4 || (!all_gone() && incidents < 20) {
        // Exchanges take long enough that a lease is evicted while it is held. Each time another
        // service, of which nothing is in the store: a token that was revoked and not evicted would
        // take the one exchange that a 401 may cause in 30 s.
        let server = TokenServer::start(Duration::from_millis(300)).await;
        let mut callers = Vec::new();
        for _ in 0..4 {
            callers.push(Caller::start(PROGRAM, &redis.url(), &server.base, None).await);
        }
        let mut before = 0;
        // They have no token at first; then those that they have are dead.
        for _ in 0..2 {
            incidents += 1;
            for caller in &mut callers {
                caller.go(50, 0).await;
            }
            for caller in &mut callers {
                let tally = caller.done().await.expect("it lives");
                assert_eq!((tally.failed, tally.good), (0, 50), "{tally:?}");
            }
            let made = server.exchanges() - before;
            assert!((1..=4).contains(&made), "{made} exchanges of 4 processes");
            before += made;
            server.revoke_all();
        }
        exchanges += before;
    }
    stop.store(true, SeqCst);
    let written = filler.join().unwrap();
    let (evicted, gone) = (statistic(&redis, "evicted_keys"), gone.lock().unwrap().clone());
    println!(
        "MP-06 evicting: {written} written, {evicted} evicted, of ours {gone:?}; \
         {exchanges} exchanges in {incidents} incidents of 4 processes"
    );
    assert!(evicted > 0 && evicted < written + 100, "{evicted} of {written}");
    for kind in ["entry", "lease", "counter"] {
        assert!(gone.get(kind).is_some_and(|times| *times > 0), "no {kind} was evicted: {gone:?}");
    }
}
