//! How old a key is, by the first time it was used: for warnings before its end, and for errors.

mod book;
mod file;
#[cfg(test)]
mod tests;

pub use book::{KeyAge, KeyAges};
