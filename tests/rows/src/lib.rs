//! What the row tests share. Each file under `tests/` proves rows of one subject.
#![forbid(unsafe_code)]

pub mod canary;
pub mod carriers;
pub mod child;
pub mod hpack;
pub mod http2;
pub mod raw;
pub mod store;
pub mod tls;
pub mod trap;
