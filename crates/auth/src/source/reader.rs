//! A source and what it gave last: one read at a time, for all who ask.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use framekey_runtime::{BoxFuture, Clock, Error, ErrorKind, Time};
use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

use super::{Found, Held, SecretSource, within};
use crate::key_text::KeyRule;
use crate::{Notice, Notices, Provenance};

/// After a read that gave nothing new, its result serves this long: a storm of refused calls reads
/// a file, or runs a command, once.
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
    notices: Notices,
    current: ArcSwapOption<Held>,
    /// When the source was last looked at for a sign of change, in ms of the monotonic clock.
    looked: AtomicU64,
    reading: Mutex<Reading>,
}

type Outcome = Result<Arc<Held>, Error>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

#[derive(Default)]
struct Reading {
    flight: Option<WeakShared<BoxFuture<'static, Outcome>>>,
    /// The last read that gave nothing new.
    fruitless: Option<(Time, Outcome)>,
}

impl Reader {
    pub(super) fn new(
        source: Arc<dyn SecretSource>,
        rule: KeyRule,
        clock: Arc<dyn Clock>,
        notices: Notices,
    ) -> Self {
        Reader(Arc::new(Inner {
            source,
            rule,
            clock,
            notices,
            current: ArcSwapOption::empty(),
            looked: AtomicU64::new(0),
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
    async fn read(&self, generation: u64) -> Outcome {
        let flight = {
            let mut reading = self.0.lock();
            let current = self.current().filter(|held| held.generation > generation);
            if let Some(held) = current.filter(|held| !held.has_ended(self.0.now())) {
                return Ok(held);
            }
            if let Some((at, outcome)) = &reading.fruitless
                && since(self.0.now(), *at) < PAUSE
            {
                return outcome.clone();
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
}

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

    /// Looks for a sign of change, once a second.
    fn shows_change(&self, now: Time) -> bool {
        if !self.source.can_change() {
            return false;
        }
        let now = u64::try_from(now.monotonic.as_millis()).unwrap_or(u64::MAX);
        let looked = self.looked.load(Ordering::Relaxed);
        let turn = now.saturating_sub(looked) >= 1000
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
        reading.flight = None;
        let newer = matches!((&outcome, &before), (Ok(held), Some(old)) if held.generation > old.generation)
            || (outcome.is_ok() && before.is_none());
        if let Ok(held) = &outcome {
            self.current.store(Some(Arc::clone(held)));
        }
        reading.fruitless = (!newer).then(|| (now, outcome.clone()));
        drop(reading);
        if newer && before.is_some() {
            self.notices
                .note(&Notice::Replaced { what: self.rule.what(), from: self.source.provenance() });
        }
        outcome
    }

    fn check(&self, found: Found, before: Option<&Held>, now: Time) -> Outcome {
        let from = self.source.provenance();
        let (secret, remarks) = self.rule.check(found.secret.expose(), &from)?;
        let same = before.is_some_and(|old| old.secret.matches(secret.expose().as_bytes()));
        if !same {
            remarks.iter().for_each(|remark| self.notices.note(remark));
        }
        let generation = before.map_or(1, |old| old.generation + u64::from(!same));
        let held = Held { generation, secret, expires_at: found.expires_at, due: None };
        if held.has_ended(now) {
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
