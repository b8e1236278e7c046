//! Seeded arguments and answers from the schemas, and a transport that notes what would be sent.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod schema;
pub mod seed;
pub mod tap;
pub mod typed;

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
