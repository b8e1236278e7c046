//! Objects of one kind by id, in the order in which they were made.

use std::collections::{BTreeMap, HashMap};

use framekey_catalog::Service;

use crate::answer::{Answer, not_found};

/// A collection; what it holds is found by id without looking through the others.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Shelf<T> {
    numbers: HashMap<String, u64>,
    items: BTreeMap<u64, T>,
    next: u64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf { numbers: HashMap::new(), items: BTreeMap::new(), next: 0 }
    }
}

impl<T> Shelf<T> {
    pub(super) fn add(&mut self, id: &str, item: T) -> &mut T {
        self.numbers.insert(id.to_owned(), self.next);
        let number = self.next;
        self.next += 1;
        self.items.entry(number).or_insert(item)
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(self.numbers.get(id)?)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(self.numbers.get(id)?)
    }

    pub(super) fn take(&mut self, id: &str) -> Option<T> {
        self.items.remove(&self.numbers.remove(id)?)
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.values()
    }

    /// What `then` answers for one item, or that there is none.
    pub(super) fn with(
        &mut self,
        what: &str,
        id: &str,
        then: impl FnOnce(&mut T) -> Answer,
    ) -> Answer {
        match self.get_mut(id) {
            Some(item) => then(item),
            None => not_found(Service::ApiVideo, what),
        }
    }

    /// Takes one item away: 204, or that there is none.
    pub(super) fn delete(&mut self, what: &str, id: &str) -> Answer {
        match self.take(id) {
            Some(_) => Answer::empty(204),
            None => not_found(Service::ApiVideo, what),
        }
    }
}
