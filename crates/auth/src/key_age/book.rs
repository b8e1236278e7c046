//! When each key was first used, what is left of its life, and who was warned.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use framekey_catalog::Service;
use framekey_runtime::Clock;

use super::file;
use crate::{Held, Notice, Notices, Provenance, fingerprint};

const DAY: u64 = 24 * 3600;
/// Days before the end at which there is a warning, once each.
const WARNINGS: [u64; 4] = [14, 7, 3, 1];
/// A key in use is looked at again after this time, in seconds.
const LOOK: u64 = 3600;
/// So many keys are remembered: those that were used last.
const MOST: usize = 200;

/// What is known of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In seconds since 1970.
    pub(super) first_used: u64,
    /// To the day.
    pub(super) last_used: u64,
    /// The last of [`WARNINGS`] that was given.
    pub(super) warned: Option<u64>,
}

/// Keys by their fingerprints.
pub(super) type Entries = BTreeMap<String, Entry>;

/// A key's age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAge {
    /// By what the key may be named.
    pub fingerprint: String,
    /// How long ago it was first used, as far as this process or the file knows.
    pub age: Duration,
    /// How long it still lives, where that is known or assumed; zero if it should have ended.
    pub left: Option<Duration>,
}

/// The ages of one client's keys. In memory; in a file too, if one is given. Clones share them.
#[derive(Clone)]
pub struct KeyAges(Arc<Book>);

struct Book {
    service: Service,
    /// How long keys live where their source does not say.
    lifetime: Option<Duration>,
    file: Option<PathBuf>,
    /// The file has what is known here, so that dates mean more than this process.
    is_kept: AtomicBool,
    clock: Arc<dyn Clock>,
    notices: Notices,
    entries: Mutex<Entries>,
    /// The generation that was looked at last, and when to look at it again, in seconds since 1970.
    looked_at: AtomicU64,
    next_look: AtomicU64,
}

impl KeyAges {
    /// Keeps the ages of `service`'s keys, which live for `lifetime` where their source says no
    /// end: for Twelve Labs 60 days unless it is set, since keys ended after two months once.
    ///
    /// `file` is written when a key is first used, once a day from then on, and when there was a
    /// warning; its folder is made if it is not there. It holds fingerprints and times, and whether it
    /// can be read or written harms no call.
    #[must_use]
    pub fn new(
        service: Service,
        lifetime: Option<Duration>,
        file: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        notices: Notices,
    ) -> Self {
        let assumed = (service == Service::TwelveLabs).then(|| Duration::from_secs(60 * DAY));
        KeyAges(Arc::new(Book {
            service,
            lifetime: lifetime.or(assumed),
            file,
            is_kept: AtomicBool::new(false),
            clock,
            notices,
            entries: Mutex::default(),
            looked_at: AtomicU64::new(0),
            next_look: AtomicU64::new(0),
        }))
    }

    /// The same ages, for a key that is counted from 1 again.
    pub(crate) fn of_another(&self) -> Self {
        self.0.looked_at.store(0, Ordering::Relaxed);
        self.clone()
    }

    /// The key is about to be sent. Looks at it when it is new, and once an hour.
    pub(crate) fn used(&self, held: &Held, from: &Provenance) {
        let book = &*self.0;
        let now = book.now();
        let seen = book.looked_at.load(Ordering::Relaxed) == held.generation;
        if seen && now < book.next_look.load(Ordering::Relaxed) {
            return;
        }
        book.looked_at.store(held.generation, Ordering::Relaxed);
        book.next_look.store(now.saturating_add(LOOK), Ordering::Relaxed);
        if let Some(notice) = book.look(held, from, now) {
            book.notices.note(&notice);
        }
    }

    /// The age of a key that was used before; `None` for one that was not.
    #[must_use]
    pub fn of(&self, held: &Held) -> Option<KeyAge> {
        let book = &*self.0;
        let mark = fingerprint(&held.secret);
        let entry = book.find(&mark)?;
        let now = book.now();
        let first_used = entry.first_used.min(now);
        let end = book.end(held, first_used);
        let left = end.map(|end| Duration::from_secs(end.saturating_sub(now)));
        let age = Duration::from_secs(now - first_used);
        Some(KeyAge { fingerprint: mark, age, left })
    }

    /// `3f9a1c02, first used 63 days ago`; `by this process` where nothing outlives it.
    pub(crate) fn tell(&self, held: &Held) -> String {
        let Some(KeyAge { fingerprint, age, .. }) = self.of(held) else {
            return fingerprint(&held.secret);
        };
        let by = if self.0.is_kept.load(Ordering::Relaxed) { "" } else { "by this process " };
        format!("{fingerprint}, first used {by}{}", ago(age))
    }
}

impl Book {
    /// In seconds since 1970.
    fn now(&self) -> u64 {
        self.clock.now().wall.as_secs()
    }

    /// Runs `work` on the entries, those of the file among them.
    fn with_entries<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = self.file.as_deref().and_then(file::read);
        for (mark, known) in stored.iter().flatten() {
            let entry = entries.entry(mark.clone()).or_insert(*known);
            entry.first_used = entry.first_used.min(known.first_used);
            entry.last_used = entry.last_used.max(known.last_used);
            entry.warned = [entry.warned, known.warned].into_iter().flatten().min();
        }
        let outcome = work(&mut entries);
        while entries.len() > MOST {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.last_used);
            let Some(oldest) = oldest.map(|(mark, _)| mark.clone()) else { break };
            entries.remove(&oldest);
        }
        let stored = stored.unwrap_or_default();
        let is_written = *entries != stored
            && self.file.as_deref().is_some_and(|path| file::write(path, &entries));
        let is_kept = is_written || entries.keys().all(|mark| stored.contains_key(mark));
        self.is_kept.store(is_kept, Ordering::Relaxed);
        outcome
    }

    /// Does not read the file for a key that is known: errors are made many times over.
    fn find(&self, mark: &str) -> Option<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let known = entries.get(mark).copied();
        drop(entries);
        known.or_else(|| self.with_entries(|entries| entries.get(mark).copied()))
    }

    fn look(&self, held: &Held, from: &Provenance, now: u64) -> Option<Notice> {
        let mark = fingerprint(&held.secret);
        let (first_used, end) = self.with_entries(|entries| {
            let new = Entry { first_used: now, last_used: now, warned: None };
            let entry = entries.entry(mark.clone()).or_insert(new);
            // What lies ahead was written when the clock was wrong.
            entry.first_used = entry.first_used.min(now);
            if now.abs_diff(entry.last_used) >= DAY {
                entry.last_used = now;
            }
            // Told to nobody it would not have been given.
            let end = self.end(held, entry.first_used).filter(|_| self.notices.are_heard())?;
            // Only what is less than the whole life: a key for an hour is renewed, not warned of.
            let due = WARNINGS
                .into_iter()
                .filter(|days| days * DAY < end.saturating_sub(entry.first_used))
                .rfind(|days| now.saturating_add(days * DAY) >= end)?;
            if entry.warned.is_some_and(|warned| warned <= due) {
                return None;
            }
            entry.warned = Some(due);
            Some((entry.first_used, end))
        })?;
        Some(Notice::Aging {
            service: self.service,
            from: from.clone(),
            fingerprint: mark,
            age: Duration::from_secs(now.saturating_sub(first_used)),
            left: Duration::from_secs(end.saturating_sub(now)),
            assumed: held.expires_at.is_none(),
        })
    }

    /// When the key ends, in seconds since 1970, as far as that is known or assumed.
    fn end(&self, held: &Held, first_used: u64) -> Option<u64> {
        match held.expires_at {
            Some(end) => Some(end.as_secs()),
            None => self.lifetime.map(|life| first_used.saturating_add(life.as_secs())),
        }
    }
}

/// `63 days ago`.
pub(crate) fn ago(age: Duration) -> String {
    match age.as_secs() / DAY {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

impl std::fmt::Debug for KeyAges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyAges").field("service", &self.0.service).finish_non_exhaustive()
    }
}
