//! The headline figures through the whole stack: facade, credential, HTTP and the emulator.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod crowd;
mod outage;
mod refusal;
mod stage;
