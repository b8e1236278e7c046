//! A secret in hand and the source to read it from again: one read at a time, for all who ask.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use framekey_runtime::{BoxFuture, Clock, Error, ErrorKind, Secret, Time};
use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

use super::{Fixed, Found, SecretSource, within};
use crate::key_age::KeyAges;
use crate::key_text::KeyRule;
use crate::{Notice, Notices, Provenance};

/// After a read that gave nothing new, its result serves this long: a storm of refused calls reads
/// a file, or runs a command, once.
const PAUSE: Duration = Duration::from_secs(1);
/// A secret that ends is read again this long before its end, or a quarter of its life before.
const AHEAD: Duration = Duration::from_secs(30);

/// A secret in hand.
#[derive(Debug)]
pub struct Held {
    /// Counts the values that the source gave, from 1.
    pub generation: u64,
    /// The secret, cleaned.
    pub secret: Secret,
    /// When it ends, since 1970 in UTC, where the source knows.
    pub expires_at: Option<Duration>,
    /// From this moment on the source is asked for the next one.
    due: Option<Duration>,
}

/// A source, and what it gave last. Clones share both.
///
/// Reading what is in hand takes no lock. Callers who need the source share one read and its
/// result; when all of them give up, the read is dropped too.
#[derive(Clone)]
pub struct HeldKey(Arc<Inner>);

struct Inner {
    source: Arc<dyn SecretSource>,
    /// What it should look like; none for what is fixed.
    rule: Option<KeyRule>,
    /// None: the secret is fixed.
    clock: Option<Arc<dyn Clock>>,
    notices: Notices,
    ages: OnceLock<KeyAges>,
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

impl HeldKey {
    /// A secret that never changes, already cleaned.
    #[must_use]
    pub fn fixed(secret: Secret, from: Provenance) -> Self {
        let held = Held { generation: 1, secret: secret.duplicate(), expires_at: None, due: None };
        HeldKey(Arc::new(Inner {
            source: Arc::new(Fixed { secret, from }),
            rule: None,
            clock: None,
            notices: Notices::default(),
            ages: OnceLock::new(),
            current: ArcSwapOption::from_pointee(held),
            looked: AtomicU64::new(0),
            reading: Mutex::default(),
        }))
    }

    /// A secret of `source`, which is read at the first need, and cleaned and checked by `rule`.
    #[must_use]
    pub fn new(
        source: Arc<dyn SecretSource>,
        rule: KeyRule,
        clock: Arc<dyn Clock>,
        notices: Notices,
    ) -> Self {
        HeldKey(Arc::new(Inner {
            source,
            rule: Some(rule),
            clock: Some(clock),
            notices,
            ages: OnceLock::new(),
            current: ArcSwapOption::empty(),
            looked: AtomicU64::new(0),
            reading: Mutex::default(),
        }))
    }

    /// Has `ages` kept of its keys, and warned of. The first ones set stay.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn aged(self, ages: KeyAges) -> Self {
        let _ = self.0.ages.set(ages);
        self
    }

    /// The ages that are kept of its keys.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn ages(&self) -> Option<&KeyAges> {
        self.0.ages.get()
    }

    /// `from TWELVE_LABS_API_KEY, 3f9a1c02, first used 63 days ago`: what an error may say of it.
    pub(crate) fn describe(&self) -> String {
        let from = self.provenance();
        match (self.0.ages.get(), self.current()) {
            (Some(ages), Some(held)) => format!("from {from}{}", ages.tell(&held)),
            _ => format!("from {from}"),
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        self.0.source.provenance()
    }

    /// What is in hand, without asking the source.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Held>> {
        self.0.current.load_full()
    }

    /// The secret to use now. Asks the source if there is none in hand, if it is about to end, or
    /// if the source shows a sign of change; what is in hand serves to its end if that fails.
    ///
    /// # Errors
    /// The source's own, and `auth.malformed`.
    pub async fn get(&self) -> Result<Arc<Held>, Error> {
        let held = self.take().await?;
        if let Some(ages) = self.0.ages.get() {
            ages.used(&held, &self.provenance());
        }
        Ok(held)
    }

    async fn take(&self) -> Outcome {
        let (Some(held), now) = (self.current(), self.0.now()) else { return self.read(0).await };
        if !self.0.is_due(&held, now) && !self.0.shows_change(now) {
            return Ok(held);
        }
        match self.read(held.generation).await {
            Ok(newer) => Ok(newer),
            Err(_) if !held.has_ended(self.0.now()) => Ok(held),
            Err(error) => Err(error),
        }
    }

    /// Asks the source for a newer secret than the one of `generation`, which was refused. `None`:
    /// it still gives the same.
    ///
    /// # Errors
    /// The source's own, and `auth.malformed`.
    pub async fn reread(&self, generation: u64) -> Result<Option<Arc<Held>>, Error> {
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
            if let Some((at, outcome)) = &reading.fruitless {
                if self.0.now().is_some_and(|now| since(now, *at) < PAUSE) {
                    return outcome.clone();
                }
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
        let found = match &inner.clock {
            Some(clock) => {
                let read = async { inner.source.read().await };
                within(clock, &inner.source.provenance(), read).await
            }
            None => inner.source.read().await,
        };
        inner.take(found)
    })
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Option<Time> {
        self.clock.as_ref().map(|clock| clock.now())
    }

    fn what(&self) -> &'static str {
        self.rule.map_or("secret", KeyRule::what)
    }

    fn is_due(&self, held: &Held, now: Option<Time>) -> bool {
        matches!((held.due, now), (Some(due), Some(now)) if now.wall >= due)
    }

    /// Looks for a sign of change, once a second.
    fn shows_change(&self, now: Option<Time>) -> bool {
        let Some(now) = now.filter(|_| self.source.can_change()) else { return false };
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
        reading.fruitless = now.filter(|_| !newer).map(|now| (now, outcome.clone()));
        drop(reading);
        if newer && before.is_some() {
            self.notices
                .note(&Notice::Replaced { what: self.what(), from: self.source.provenance() });
        }
        outcome
    }

    fn check(&self, found: Found, before: Option<&Held>, now: Option<Time>) -> Outcome {
        let from = self.source.provenance();
        let (secret, remarks) = match self.rule {
            Some(rule) => rule.check(found.secret.expose(), &from)?,
            None => (found.secret, Vec::new()),
        };
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
                format!("the {} from {from} has already ended", self.what()),
            ));
        }
        let due = held.expires_at.zip(now).map(|(end, now)| {
            let left = end.saturating_sub(now.wall);
            end.saturating_sub(AHEAD.min(left / 4))
        });
        Ok(Arc::new(Held { due, ..held }))
    }
}

impl Held {
    fn has_ended(&self, now: Option<Time>) -> bool {
        matches!((self.expires_at, now), (Some(end), Some(now)) if now.wall >= end)
    }
}

fn since(now: Time, then: Time) -> Duration {
    now.monotonic.saturating_sub(then.monotonic)
}

impl fmt::Debug for HeldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldKey").field("from", &self.provenance()).finish_non_exhaustive()
    }
}
