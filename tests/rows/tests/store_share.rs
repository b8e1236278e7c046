//! Several processes on one store: MP-01, and what a load from it costs.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use framekey_rows::store::{Caller, Folder, Redis, Tally, TokenServer, store};

const PROGRAM: &str = env!("CARGO_BIN_EXE_framekey-store-caller");

/// Eight processes with `each` calls, all at the same moment.
async fn rush(store: &str, server: &TokenServer, each: usize) -> Vec<Tally> {
    let mut callers = Vec::new();
    for _ in 0..8 {
        callers.push(Caller::start(PROGRAM, store, &server.base, None).await);
    }
    for caller in &mut callers {
        caller.go(each, 0).await;
    }
    let mut tallies = Vec::new();
    for caller in &mut callers {
        tallies.push(caller.done().await.expect("it lives"));
    }
    tallies
}

/// All that a store keeps: names and contents.
fn dump(store: &str) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(address) = store.strip_prefix("redis://") {
        let mut stream = TcpStream::connect(address).unwrap();
        // As they are: a dump would be compressed.
        let script = "local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do \
             local kind = redis.call('TYPE', key).ok \
             all[#all + 1] = key \
             all[#all + 1] = redis.call(kind == 'hash' and 'HGETALL' or 'GET', key) end return all";
        stream.write_all(format!("EVAL \"{script}\" 0\r\nQUIT\r\n").as_bytes()).unwrap();
        stream.read_to_end(&mut all).unwrap();
        return all;
    }
    for file in std::fs::read_dir(store.trim_start_matches("file:")).unwrap() {
        let file = file.unwrap();
        all.extend(file.file_name().as_encoded_bytes());
        all.extend(std::fs::read(file.path()).unwrap());
    }
    all
}

async fn cold(store: &str) {
    let server = TokenServer::start(Duration::from_millis(50)).await;
    let began = Instant::now();
    let tallies = rush(store, &server, 200).await;
    let took = began.elapsed().as_millis();
    let longest = tallies.iter().map(|tally| tally.longest_ms).fold(0.0, f64::max);
    let kind = store.split(':').next().unwrap();
    println!("MP-01 {kind}: 8 x 200 calls in {took} ms, the longest {longest:.0} ms");
    for tally in &tallies {
        assert_eq!((tally.good, tally.failed, tally.troubles), (200, 0, 0), "{tally:?}");
    }
    assert_eq!((server.exchanges(), server.calls()), (1, 1600));
    let dump = dump(store);
    assert!(dump.len() > 200);
    for secret in ["canary", "Bearer", "header", "refresh"] {
        assert!(framekey_rows::raw::find(&dump, secret.as_bytes()).is_none(), "{secret} in {kind}");
    }
    // And once more by others, later: the store is warm.
    assert!(rush(store, &server, 10).await.iter().all(|tally| tally.failed == 0));
    assert_eq!(server.exchanges(), 1);
    // All find their token refused: one of them exchanges.
    server.revoke_all();
    assert!(rush(store, &server, 10).await.iter().all(|tally| tally.failed == 0));
    assert_eq!(server.exchanges(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_01_eight_processes_on_a_cold_folder_make_one_exchange() {
    let folder = Folder::new("mp01");
    cold(&folder.store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_01_eight_processes_on_a_cold_redis_make_one_exchange() {
    let redis = Redis::start(&[]);
    cold(&redis.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_01_a_load_from_a_store_is_quick() {
    let folder = Folder::new("mp01-load");
    let redis = Redis::start(&[]);
    for name in [folder.store(), redis.url()] {
        let store = store(&name);
        let entry = framekey_auth::store::Entry { generation: 1, sealed: vec![7; 700] };
        let lease = store.lease("0123").await.unwrap();
        assert!(lease.hold.is_some());
        assert!(store.save("0123", entry.clone(), Duration::from_secs(60)).await.unwrap());
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..500 {
            let began = Instant::now();
            assert_eq!(store.load("0123").await.unwrap(), Some(entry.clone()));
            times.push(began.elapsed());
        }
        times.sort_unstable();
        let kind = name.split(':').next().unwrap();
        println!("MP-01 {kind}: a load takes {:?}, {:?} at p99", times[250], times[495]);
        // Ten times what it takes on a machine of two cores.
        assert!(times[250] < Duration::from_millis(5), "{:?}", times[250]);
    }
}
