//! A store for the clients of one process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use framekey_runtime::BoxFuture;

use super::{Entry, Hold, Lease, StoreError, TokenStore};

/// Keeps tokens in memory, for clients that do not share a clone. Clones share what they keep.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    entries: BTreeMap<String, Entry>,
    leased: BTreeSet<String>,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryStore {
    fn title(&self) -> String {
        "memory".to_owned()
    }

    /// All who share it end with it, so there is nothing to make durable.
    fn holds_sessions(&self) -> bool {
        true
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        let entry = self.lock().entries.get(name).cloned();
        Box::pin(std::future::ready(Ok(entry)))
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        let mut inner = self.lock();
        let generation = Entry::next(inner.entries.get(name));
        let hold = inner.leased.insert(name.to_owned()).then(|| {
            let held: Box<dyn Hold> = Box::new(Held { store: self.clone(), name: name.to_owned() });
            held
        });
        drop(inner);
        Box::pin(std::future::ready(Ok(Lease { generation, hold })))
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        _: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let mut inner = self.lock();
        let higher =
            inner.entries.get(name).is_none_or(|there| entry.generation > there.generation);
        if higher {
            inner.entries.insert(name.to_owned(), entry);
        }
        drop(inner);
        Box::pin(std::future::ready(Ok(higher)))
    }
}

struct Held {
    store: MemoryStore,
    name: String,
}

impl Hold for Held {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        Box::pin(std::future::ready(()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.store.lock().leased.remove(&self.name);
    }
}
