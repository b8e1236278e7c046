//! How old a key is, by the first time it was used: for warnings before its end, and for errors.

mod book;
mod file;
#[cfg(test)]
mod tests;

pub(crate) use book::ago;
pub use book::{KeyAge, KeyAges};
