//! What the row tests share. Each file under `tests/` proves rows of one subject.
#![forbid(unsafe_code)]

/// What SECURITY.md shows has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../SECURITY.md")]
pub struct Security;

pub mod canary;
pub mod carriers;
pub mod child;
pub mod echo;
#[cfg(target_os = "linux")]
pub mod heap;
pub mod hpack;
pub mod http2;
#[cfg(target_os = "linux")]
pub mod leftover;
pub mod log;
pub mod raw;
pub mod shown;
pub mod store;
pub mod tls;
pub mod trap;
