//! Redis in trouble, and a process that is paused for longer than its lease: MP-05, MP-06. The real
//! server, real processes, SIGSTOP.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests"
)]

use std::process::Command;
use std::time::Duration;

use framekey_auth::store::{Entry, RedisStore, TokenStore as _};
use framekey_rows::store::{Caller, Redis, Tally, TokenServer, long};

const PROGRAM: &str = env!("CARGO_BIN_EXE_framekey-store-caller");

fn signal(name: &str, id: u32) {
    let sent = Command::new("kill").args([name, &id.to_string()]).status().unwrap();
    assert!(sent.success());
}

fn generation(redis: &Redis) -> String {
    let entry = redis.key("entry").expect("an entry");
    redis.ask(&format!("HGET {entry} generation")).lines().nth(1).unwrap().to_owned()
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..1000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it does not come to pass");
}

/// In short the lease is ended by hand; with `FRAMEKEY_LONG=1` it ends by itself, after 20 of 40 s.
#[tokio::test(flavor = "multi_thread")]
async fn mp_05_what_a_holder_writes_that_was_paused_past_its_lease_is_refused() {
    let rounds = 3;
    for _ in 0..rounds {
        let redis = Redis::start(&[]);
        let server = TokenServer::start(Duration::from_millis(300)).await;
        let mut paused = Caller::start(PROGRAM, &redis.url(), &server.base, None).await;
        let mut other = Caller::start(PROGRAM, &redis.url(), &server.base, None).await;
        paused.go(20, 0).await;
        until(|| server.exchanges() == 1).await;
        signal("-STOP", paused.id());
        if long() {
            tokio::time::sleep(Duration::from_secs(40)).await;
        } else {
            let lease = redis.key("lease").expect("a lease");
            let _ = redis.ask(&format!("DEL {lease}"));
        }
        other.go(20, 0).await;
        let tally = other.done().await.expect("it lives");
        assert_eq!((tally.good, tally.failed, tally.troubles), (20, 0, 0), "{tally:?}");
        let written = generation(&redis);
        assert_eq!(server.exchanges(), 2);
        signal("-CONT", paused.id());
        let tally = paused.done().await.expect("it lives");
        assert_eq!((tally.good, tally.failed, tally.troubles), (20, 0, 0), "{tally:?}");
        assert_eq!((generation(&redis), server.exchanges()), (written, 2));
        // Nor does it end the lease of somebody else.
        until(|| redis.key("lease").is_none()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_05_late_writes_are_refused_a_thousand_times_in_a_thousand() {
    let redis = Redis::start(&[]);
    let (early, late) =
        (RedisStore::new(&redis.url()).unwrap(), RedisStore::new(&redis.url()).unwrap());
    let life = Duration::from_secs(60);
    for _ in 0..1000 {
        let first = early.lease("e").await.unwrap();
        assert!(first.hold.is_some());
        // Its lease ends while it is paused.
        ask_quick(&redis, "DEL framekey:{e}:lease");
        let second = late.lease("e").await.unwrap();
        assert!(second.hold.is_some() && second.generation > first.generation);
        let entry = |generation| Entry { generation, sealed: vec![1] };
        assert!(late.save("e", entry(second.generation), life).await.unwrap());
        assert!(!early.save("e", entry(first.generation), life).await.unwrap());
        // What it gives back is not its own any more.
        first.hold.unwrap().release().await;
        assert!(early.lease("e").await.unwrap().hold.is_none());
        second.hold.unwrap().release().await;
        assert_eq!(late.load("e").await.unwrap(), Some(entry(second.generation)));
    }
    // A counter that was evicted does not bring old numbers back.
    let _ = redis.ask("DEL framekey:{e}:counter");
    let there = late.load("e").await.unwrap().unwrap();
    let lease = early.lease("e").await.unwrap();
    assert!(lease.hold.is_some() && lease.generation > there.generation);
}

fn ask_quick(redis: &Redis, command: &str) {
    assert!(redis.ask(command).starts_with(":1"), "{command}");
}

/// Four processes with 50 calls each. The store costs no call its success, and one operation its
/// patience: 250 ms of virtual time in the tests of `framekey-auth`. Here, where other processes
/// share the machine, operations are counted.
async fn rush(url: &str, server: &TokenServer, redis: &Redis, what: &str) -> Vec<Tally> {
    let mut callers = Vec::new();
    for _ in 0..4 {
        callers.push(Caller::start(PROGRAM, url, &server.base, None).await);
    }
    if what == "stalled" {
        signal("-STOP", redis.id());
    }
    let mut tallies = Vec::new();
    for caller in &mut callers {
        caller.go(50, 0).await;
    }
    for caller in &mut callers {
        tallies.push(caller.done().await.expect("it lives"));
    }
    // Now that each has a token and has left the store alone, nothing is added any more; not even
    // when they need another token.
    server.revoke_all();
    for (caller, before) in callers.iter_mut().zip(&tallies) {
        caller.go(50, 0).await;
        let tally = caller.done().await.expect("it lives");
        assert_eq!((tally.failed, tally.good), (0, 50), "{what}: {tally:?}");
        assert_eq!((tally.asked, tally.in_vain), (before.asked, 1), "{what}: {tally:?}");
    }
    tallies
}

fn check(what: &str, tallies: &[Tally], exchanges: usize) {
    let longest = tallies.iter().map(|tally| tally.longest_ms).fold(0.0, f64::max);
    println!(
        "MP-06 {what}: the longest call {longest:.0} ms, {exchanges} exchanges of 4 processes"
    );
    for tally in tallies {
        assert_eq!((tally.failed, tally.good), (0, 50), "{what}: {tally:?}");
        assert_eq!((tally.troubles, tally.in_vain), (1, 1), "{what}: {tally:?}");
    }
    // One for each process, and one for each when all tokens are dead.
    assert!(exchanges <= 8, "{what}: {exchanges}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_06_redis_down_stalled_full_or_with_another_password_fails_no_call() {
    for what in ["down", "stalled", "nothing fits", "another password", "full"] {
        let options: &[&str] = match what {
            "another password" => &["--requirepass", "right"],
            // Too little for anything, and nothing may be written.
            "full" => &["--maxmemory", "1", "--maxmemory-policy", "noeviction"],
            "nothing fits" => &["--maxmemory", "1", "--maxmemory-policy", "allkeys-random"],
            _ => &[],
        };
        let mut redis = Redis::start(options);
        let server = TokenServer::start(Duration::from_millis(50)).await;
        if what == "down" {
            redis.stop();
        }
        let url = match what {
            "another password" => redis.url_with("canary-password"),
            _ => redis.url(),
        };
        let tallies = rush(&url, &server, &redis, what).await;
        check(what, &tallies, server.exchanges());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_06_redis_that_dies_or_forgets_under_load_fails_no_call() {
    for what in ["dies", "forgets", "comes back"] {
        let mut redis = Redis::start(&[]);
        let server = TokenServer::start(Duration::from_millis(50)).await;
        let mut callers = Vec::new();
        for _ in 0..4 {
            callers.push(Caller::start(PROGRAM, &redis.url(), &server.base, None).await);
        }
        for caller in &mut callers {
            caller.go(100, 5).await;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        match what {
            "dies" => redis.stop(),
            "forgets" => drop(redis.ask("FLUSHALL")),
            _ => redis.start_again(),
        }
        server.revoke_all();
        for caller in &mut callers {
            let tally = caller.done().await.expect("it lives");
            assert_eq!((tally.failed, tally.good), (0, 100), "{what}: {tally:?}");
            let dead = usize::from(what == "dies");
            assert_eq!((tally.troubles, tally.in_vain), (dead, dead), "{what}: {tally:?}");
        }
        // The first one, and one for each that is alone now.
        let most = if what == "dies" { 5 } else { 2 };
        assert!(server.exchanges() <= most, "{what}: {}", server.exchanges());
    }
}

#[tokio::test]
async fn mp_06_a_password_is_in_no_text() {
    let redis = Redis::start(&["--requirepass", "right"]);
    let store = RedisStore::new(&redis.url_with("canary-password")).unwrap();
    let error = store.load("e").await.unwrap_err();
    let shown = format!("{error} {error:?} {store:?} {}", store.title());
    assert!(!shown.contains("canary") && shown.contains("127.0.0.1"), "{shown}");
    for url in ["redis://:canary@[", "canary", "rediss://:canary@127.0.0.1#insecure"] {
        let error = RedisStore::new(url).unwrap_err();
        assert_eq!(error.code(), "config.bad_option");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
