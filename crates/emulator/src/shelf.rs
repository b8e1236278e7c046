//! Objects of one kind by id, in the order in which they were made.

use std::collections::{BTreeMap, HashMap};

/// A collection. The number of an object is its place in the order and is never used again, so that a
/// page can go on behind an object that is gone.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Shelf<T> {
    numbers: HashMap<String, u64>,
    items: BTreeMap<u64, T>,
    next: u64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf { numbers: HashMap::new(), items: BTreeMap::new(), next: 1 }
    }
}

impl<T> Shelf<T> {
    pub(crate) fn add(&mut self, id: &str, item: T) -> &mut T {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(id.to_owned(), number);
        self.items.entry(number).or_insert(item)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(self.numbers.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(self.numbers.get(id)?)
    }

    /// The newest one.
    pub(crate) fn last_mut(&mut self) -> Option<&mut T> {
        self.items.last_entry().map(std::collections::btree_map::OccupiedEntry::into_mut)
    }

    pub(crate) fn take(&mut self, id: &str) -> Option<T> {
        self.items.remove(&self.numbers.remove(id)?)
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The oldest one.
    pub(crate) fn first(&self) -> Option<&T> {
        self.items.values().next()
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.values()
    }

    /// Newest first, each with a number that grows along the way.
    pub(crate) fn newest(&self) -> impl Iterator<Item = (u64, &T)> {
        self.items.iter().rev().map(|(number, item)| (u64::MAX - number, item))
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;

    #[test]
    fn keeps_order_and_never_gives_a_number_twice() {
        let mut shelf = Shelf::default();
        for id in ["a", "b", "c"] {
            shelf.add(id, id.to_owned());
        }
        let before: Vec<u64> = shelf.newest().map(|(number, _)| number).collect();
        assert!(before.is_sorted());
        assert_eq!(shelf.take("b").as_deref(), Some("b"));
        assert!(shelf.get("b").is_none() && shelf.take("b").is_none());
        shelf.add("b", "again".to_owned());
        assert_eq!(shelf.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "c", "again"]);
        assert!(!before.contains(&shelf.newest().next().unwrap().0));
        let saved = serde_json::to_string(&shelf).unwrap();
        let loaded: Shelf<String> = serde_json::from_str(&saved).unwrap();
        assert_eq!(loaded.get("b").map(String::as_str), Some("again"));
    }
}
