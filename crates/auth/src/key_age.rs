//! How old a key is, by the first time it was used: for warnings before its end, and for errors.

#[cfg(feature = "native")]
mod book;
#[cfg(feature = "native")]
mod file;
#[cfg(all(test, feature = "native"))]
mod tests;

use crate::{Held, Provenance};

#[cfg(feature = "native")]
pub use book::{KeyAge, KeyAges};

/// The ages of keys: not kept where there is no operating system.
#[cfg(not(feature = "native"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyAges {}

#[cfg(not(feature = "native"))]
impl KeyAges {
    pub(crate) fn used(&self, _: &Held, _: &Provenance) {
        match *self {}
    }

    pub(crate) fn tell(&self, _: &Held) -> String {
        match *self {}
    }
}
