//! The access token of api.video under crowds, faults, clocks and cancellation, in virtual time.
//! Rows TK-01 to TK-15, and the stores of MP-01 to MP-06 in one process; the machine alone is tested beside it (`src/token`).
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::disallowed_methods, reason = "tokio's clock is paused here")]

mod cancel;
mod clocks;
mod crowd;
mod faults;
mod key;
mod refresh;
mod refusal;
mod sessions;
mod stores;
mod support;
