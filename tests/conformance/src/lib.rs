//! What the services are known to do, as data (`cases/`), and a runner that holds the emulator, or the
//! service itself, against it.
#![forbid(unsafe_code)]

pub mod case;
#[path = "../../../crates/emulator/tests/support/valid.rs"]
#[allow(clippy::unwrap_used, reason = "helpers of tests")]
mod document;
pub mod expect;
pub mod place;
pub mod run;
pub mod tap;

pub use document::Document;
