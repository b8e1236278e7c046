//! A source and what it gave last: one read at a time, for all who ask.

#[cfg(feature = "native")]
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
use arc_swap::ArcSwapOption;
use framekey_runtime::{Clock, Error, ErrorKind, Time};
#[cfg(feature = "native")]
use {
    super::within,
    framekey_runtime::BoxFuture,
    futures_util::FutureExt as _,
    futures_util::future::{Shared, WeakShared},
};

use super::{Found, Held, SecretSource};
use crate::Provenance;
use crate::key_text::KeyRule;
#[cfg(target_arch = "wasm32")]
use crate::token::ArcSwapOption;
#[cfg(feature = "native")]
use crate::{Notice, Notices};

/// After a read that gave nothing new, its result serves this long, unless there is a sign of change: a
/// storm of refused calls reads a file, or runs a command, once.
const PAUSE: Duration = Duration::from_secs(1);
/// A secret that ends is read again this long before its end, or a quarter of its life before.
const AHEAD: Duration = Duration::from_secs(30);

/// A source, and what it gave last. Clones share both.
#[derive(Clone)]
pub(super) struct Reader(Arc<Inner>);

struct Inner {
    source: Arc<dyn SecretSource>,
    /// What it should look like.
    rule: KeyRule,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "native")]
    notices: Notices,
    current: ArcSwapOption<Held>,
    /// When the source was last looked at for a sign of change, in ms of the monotonic clock.
    #[cfg(feature = "native")]
    looked: AtomicU64,
    /// The last read gave nothing new: what is in hand may be refused.
    #[cfg(feature = "native")]
    in_vain: AtomicBool,
    reading: Mutex<Reading>,
}

type Outcome = Result<Arc<Held>, Error>;
#[cfg(feature = "native")]
type Flight = Shared<BoxFuture<'static, Outcome>>;

#[derive(Default)]
struct Reading {
    #[cfg(feature = "native")]
    flight: Option<WeakShared<BoxFuture<'static, Outcome>>>,
    /// The last read that gave nothing new.
    fruitless: Option<(Time, Outcome)>,
}

impl Reader {
    pub(super) fn new(
        source: Arc<dyn SecretSource>,
        rule: KeyRule,
        clock: Arc<dyn Clock>,
        #[cfg(feature = "native")] notices: Notices,
    ) -> Self {
        Reader(Arc::new(Inner {
            source,
            rule,
            clock,
            #[cfg(feature = "native")]
            notices,
            current: ArcSwapOption::empty(),
            #[cfg(feature = "native")]
            looked: AtomicU64::new(0),
            #[cfg(feature = "native")]
            in_vain: AtomicBool::new(false),
            reading: Mutex::default(),
        }))
    }

    pub(super) fn provenance(&self) -> Provenance {
        self.0.source.provenance()
    }

    pub(super) fn current(&self) -> Option<Arc<Held>> {
        self.0.current.load_full()
    }

    pub(super) async fn get(&self) -> Result<Arc<Held>, Error> {
        let Some(held) = self.current() else { return self.read(0).await };
        let now = self.0.now();
        if !held.is_due(now) && !self.0.shows_change(now) {
            return Ok(held);
        }
        match self.read(held.generation).await {
            Ok(newer) => Ok(newer),
            Err(_) if !held.has_ended(self.0.now()) => Ok(held),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn reread(&self, generation: u64) -> Result<Option<Arc<Held>>, Error> {
        if !self.0.source.can_change() {
            return Ok(None);
        }
        let held = self.read(generation).await?;
        Ok((held.generation > generation).then_some(held))
    }

    /// One read for all who want something newer than `generation`.
    #[cfg(feature = "native")]
    async fn read(&self, generation: u64) -> Outcome {
        let flight = {
            let mut reading = self.0.lock();
            if let Some(outcome) = self.0.at_hand(&reading, generation) {
                return outcome;
            }
            match reading.flight.as_ref().and_then(WeakShared::upgrade) {
                Some(flight) => flight,
                None => {
                    let flight: Flight = read_once(Arc::clone(&self.0)).shared();
                    reading.flight = flight.downgrade();
                    flight
                }
            }
        };
        flight.await
    }

    /// One read for all who want something newer than `generation`: the host gives them one promise,
    /// and keeps its time.
    #[cfg(not(feature = "native"))]
    async fn read(&self, generation: u64) -> Outcome {
        if let Some(outcome) = self.0.at_hand(&self.0.lock(), generation) {
            return outcome;
        }
        let found = self.0.source.read().await;
        let before = self.0.at_hand(&self.0.lock(), generation);
        before.unwrap_or_else(|| self.0.take(found))
    }
}

#[cfg(feature = "native")]
fn read_once(inner: Arc<Inner>) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let read = async { inner.source.read().await };
        let found = within(&inner.clock, &inner.source.provenance(), read).await;
        inner.take(found)
    })
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    /// What there is without a read for somebody who wants something newer than `generation`.
    fn at_hand(&self, reading: &Reading, generation: u64) -> Option<Outcome> {
        let newer = self.current.load_full().filter(|held| held.generation > generation);
        if let Some(held) = newer.filter(|held| !held.has_ended(self.now())) {
            return Some(Ok(held));
        }
        let (at, outcome) = reading.fruitless.as_ref()?;
        let serves = since(self.now(), *at) < PAUSE;
        #[cfg(feature = "native")]
        let serves = serves && !self.source.looks_changed();
        serves.then(|| outcome.clone())
    }

    /// Nothing that a browser asks shows one.
    #[cfg(not(feature = "native"))]
    fn shows_change(&self, _: Time) -> bool {
        false
    }

    /// Looks for a sign of change: once a second, and at once where what is in hand may be refused.
    #[cfg(feature = "native")]
    fn shows_change(&self, now: Time) -> bool {
        if !self.source.can_change() {
            return false;
        }
        let now = u64::try_from(now.monotonic.as_millis()).unwrap_or(u64::MAX);
        let looked = self.looked.load(Ordering::Relaxed);
        let turn = self.in_vain.load(Ordering::Relaxed)
            || now.saturating_sub(looked) >= 1000
                && self
                    .looked
                    .compare_exchange(looked, now, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok();
        turn && self.source.looks_changed()
    }

    /// Takes what the source gave in hand. The end of a read.
    fn take(&self, found: Result<Found, Error>) -> Outcome {
        let now = self.now();
        let before = self.current.load_full();
        let outcome = found.and_then(|found| self.check(found, before.as_deref(), now));
        let mut reading = self.lock();
        #[cfg(feature = "native")]
        {
            reading.flight = None;
        }
        let newer = matches!((&outcome, &before), (Ok(held), Some(old)) if held.generation > old.generation)
            || (outcome.is_ok() && before.is_none());
        if let Ok(held) = &outcome {
            self.current.store(Some(Arc::clone(held)));
        }
        // What is asked for at every need is not kept from it.
        reading.fruitless = (!newer && self.source.lasts()).then(|| (now, outcome.clone()));
        #[cfg(feature = "native")]
        self.in_vain.store(reading.fruitless.is_some(), Ordering::Relaxed);
        drop(reading);
        #[cfg(feature = "native")]
        if newer && before.is_some() {
            self.notices
                .note(&Notice::Replaced { what: self.rule.what(), from: self.source.provenance() });
        }
        outcome
    }

    fn check(&self, found: Found, before: Option<&Held>, now: Time) -> Outcome {
        let from = self.source.provenance();
        let lasts = self.source.lasts();
        // What a callback gives was not configured wrongly: it failed as one that gives nothing does.
        let junk = |error: Error| match from {
            Provenance::Callback(_) => {
                Error::new(ErrorKind::Credential, "auth.source", error.message())
            }
            _ => error,
        };
        #[cfg(feature = "native")]
        let (secret, remarks) = self.rule.check(found.secret.expose(), &from).map_err(junk)?;
        #[cfg(not(feature = "native"))]
        let secret = self.rule.clean(found.secret.expose(), &from).map_err(junk)?;
        let same = before.is_some_and(|old| old.secret.matches(secret.expose().as_bytes()));
        #[cfg(feature = "native")]
        if !same {
            remarks.iter().for_each(|remark| self.notices.note(remark));
        }
        let generation = before.map_or(1, |old| old.generation + u64::from(!same));
        // One that does not last has its one use, whatever its end: the clock here may be wrong.
        let expires_at = found.expires_at.or((!lasts).then_some(Duration::ZERO));
        let held = Held { generation, secret, expires_at, due: None };
        if lasts && held.has_ended(now) {
            return Err(Error::new(
                ErrorKind::Credential,
                "auth.source",
                format!("the {} from {from} has already ended", self.rule.what()),
            ));
        }
        let due = held.expires_at.map(|end| {
            let left = end.saturating_sub(now.wall);
            end.saturating_sub(AHEAD.min(left / 4))
        });
        Ok(Arc::new(Held { due, ..held }))
    }
}

impl Held {
    fn has_ended(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|end| now.wall >= end)
    }

    fn is_due(&self, now: Time) -> bool {
        self.due.is_some_and(|due| now.wall >= due)
    }
}

fn since(now: Time, then: Time) -> Duration {
    now.monotonic.saturating_sub(then.monotonic)
}
