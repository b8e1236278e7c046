//! Nothing of its own: see `tests/`.
#![forbid(unsafe_code)]
