//! The secret in hand: one read for all, what was in hand serves on, a storm reads once.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_catalog::Service;
use framekey_runtime::testing::HandClock;
use framekey_runtime::{BoxFuture, Clock, Error, ErrorKind, Secret};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::{Found, HeldKey, SecretSource};
use crate::{KeyRule, Notices, Provenance, Slot};

/// What a source gives next: a key and when it ends, or nothing.
type Next = Option<(&'static str, Option<Duration>)>;

/// Gives what it is told to, the last of it for ever; counts the reads.
#[derive(Default)]
struct Told {
    gives: Mutex<VecDeque<Next>>,
    reads: AtomicUsize,
    changed: AtomicBool,
    /// Polls that a read takes.
    slow: AtomicUsize,
}

impl SecretSource for Told {
    fn provenance(&self) -> Provenance {
        Provenance::File("/run/key".into())
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            self.reads.fetch_add(1, Ordering::Relaxed);
            for _ in 0..self.slow.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
            }
            let mut gives = self.gives.lock().unwrap();
            let next = if gives.len() > 1 { gives.pop_front().unwrap() } else { gives[0] };
            match next {
                Some((key, expires_at)) => Ok(Found { secret: Secret::new(key), expires_at }),
                None => Err(Error::new(ErrorKind::Credential, "auth.source", "gone")),
            }
        })
    }

    fn can_change(&self) -> bool {
        true
    }

    fn looks_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }
}

struct Bench {
    source: Arc<Told>,
    clock: HandClock,
    key: HeldKey,
    told: Arc<Mutex<Vec<String>>>,
}

fn bench(gives: &[Next]) -> Bench {
    let source =
        Arc::new(Told { gives: Mutex::new(gives.iter().copied().collect()), ..Told::default() });
    let clock = HandClock::default();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let ear = Arc::clone(&told);
    let notices =
        Notices::to(move |notice: &crate::Notice| ear.lock().unwrap().push(notice.to_string()));
    let rule = KeyRule::new(Service::TwelveLabs, Slot::ApiKey);
    let key = HeldKey::new(source.clone(), rule, Arc::new(clock.clone()), notices);
    Bench { source, clock, key, told }
}

impl Bench {
    fn reads(&self) -> usize {
        self.source.reads.load(Ordering::Relaxed)
    }

    async fn get(&self) -> Result<String, &'static str> {
        let held = self.key.get().await.map_err(|error| error.code())?;
        Ok(held.secret.expose().to_owned())
    }
}

#[tokio::test]
async fn e32_a_source_is_read_at_the_first_need_and_then_left_alone() {
    let bench = bench(&[Some(("tlk_1\n\n", None)), Some(("tlk_2", None))]);
    assert_eq!(bench.reads(), 0);
    for _ in 0..100 {
        assert_eq!(bench.get().await.unwrap(), "tlk_1");
        bench.clock.advance(Duration::from_secs(60));
    }
    assert_eq!((bench.reads(), bench.told.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn e32_a_thousand_refused_calls_read_the_source_once() {
    let bench = bench(&[Some(("tlk_1", None)), Some(("tlk_2", None))]);
    let old = bench.key.get().await.unwrap();
    bench.source.slow.store(3, Ordering::Relaxed);
    let all = join_all((0..1000).map(|_| bench.key.reread(old.generation))).await;
    for outcome in all {
        assert_eq!(outcome.unwrap().unwrap().secret.expose(), "tlk_2");
    }
    assert_eq!(bench.reads(), 2);
    // A late refusal of the old one finds the new one in hand.
    assert!(bench.key.reread(old.generation).await.unwrap().is_some());
    assert_eq!(bench.reads(), 2);
    assert_eq!(
        *bench.told.lock().unwrap(),
        ["file /run/key gives another API key than before; it is used from now on"]
    );
}

#[tokio::test]
async fn e32_a_key_that_stays_refused_is_read_again_once_a_second() {
    let bench = bench(&[Some(("tlk_1", None))]);
    let held = bench.key.get().await.unwrap();
    for _ in 0..1000 {
        assert!(bench.key.reread(held.generation).await.unwrap().is_none());
        bench.clock.advance(Duration::from_millis(10));
    }
    assert!((10..=12).contains(&bench.reads()), "{}", bench.reads());
    assert_eq!(bench.key.get().await.unwrap().generation, 1);
}

#[tokio::test]
async fn e32_what_ends_is_read_again_before_its_end_and_serves_to_it() {
    let wall = HandClock::default().now().wall;
    let end = |seconds| Some(wall + Duration::from_secs(seconds));
    let bench = bench(&[Some(("tlk_1", end(100))), None, None, Some(("tlk_2", end(3600)))]);
    assert_eq!(bench.get().await.unwrap(), "tlk_1");
    bench.clock.advance(Duration::from_secs(74));
    assert_eq!((bench.get().await.unwrap().as_str(), bench.reads()), ("tlk_1", 1));
    bench.clock.advance(Duration::from_secs(2));
    assert_eq!((bench.get().await.unwrap().as_str(), bench.reads()), ("tlk_1", 2));
    bench.clock.advance(Duration::from_secs(24));
    assert_eq!((bench.get().await, bench.reads()), (Err("auth.source"), 3));
    assert_eq!((bench.get().await, bench.reads()), (Err("auth.source"), 3), "one read a second");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!((bench.get().await.unwrap().as_str(), bench.reads()), ("tlk_2", 4));
}

#[tokio::test]
async fn e32_a_value_that_has_ended_already_is_refused() {
    let wall = HandClock::default().now().wall;
    let bench = bench(&[Some(("tlk_1", Some(wall)))]);
    let error = bench.key.get().await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("auth.source", ErrorKind::Credential));
    assert!(error.message().contains("has already ended"), "{error}");
}

#[tokio::test]
async fn e32_a_sign_of_change_is_followed_within_a_second() {
    let bench = bench(&[Some(("tlk_1", None)), Some(("tlk_2", None)), Some(("not\na key", None))]);
    assert_eq!(bench.get().await.unwrap(), "tlk_1");
    bench.source.changed.store(true, Ordering::Relaxed);
    bench.clock.advance(Duration::from_millis(1000));
    assert_eq!(bench.get().await.unwrap(), "tlk_2");
    bench.source.changed.store(true, Ordering::Relaxed);
    bench.clock.advance(Duration::from_millis(900));
    assert_eq!((bench.get().await.unwrap().as_str(), bench.reads()), ("tlk_2", 2));
    // What cannot be a key does not replace one that is.
    bench.clock.advance(Duration::from_millis(100));
    assert_eq!((bench.get().await.unwrap().as_str(), bench.reads()), ("tlk_2", 3));
}

#[tokio::test]
async fn e32_a_read_that_all_gave_up_is_dropped_and_the_next_caller_reads_anew() {
    let bench = bench(&[Some(("tlk_1", None))]);
    bench.source.slow.store(usize::MAX, Ordering::Relaxed);
    assert!(bench.key.get().now_or_never().is_none());
    bench.source.slow.store(0, Ordering::Relaxed);
    assert_eq!((bench.get().await.unwrap().as_str(), bench.reads()), ("tlk_1", 2));
}

#[tokio::test]
async fn e32_a_fixed_key_is_never_read_again_and_nothing_shows_it() {
    let key = HeldKey::fixed(Secret::new("canary"), Provenance::Option("api_key"));
    let held = key.get().await.unwrap();
    assert_eq!((held.secret.expose(), held.generation), ("canary", 1));
    assert!(key.reread(1).await.unwrap().is_none());
    let shown = format!("{key:?} {held:?}");
    assert!(shown.contains("api_key") && !shown.contains("canary"), "{shown}");
}
