//! What strangers send, and what must hold whatever it is: one target a file. libFuzzer calls the
//! same functions (`cargo xtask fuzz`) as the tests, which replay the corpus and add seeded noise.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a finding is a panic")]
#![allow(clippy::disallowed_methods, reason = "tokio's clock is paused here")]

pub mod corpus;
pub mod noise;
mod run;
mod targets;
pub mod words;

/// Something that reads what strangers send.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: that of its file, and of its corpus.
    pub name: &'static str,
    /// Panics where something does not hold.
    pub check: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What inputs are made of: the dictionary.
    pub words: fn() -> Vec<String>,
    /// Longer inputs reach nothing more.
    pub longest: usize,
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    targets::answer::TARGET,
    targets::content_range::TARGET,
    targets::document::TARGET,
    targets::door::TARGET,
    targets::key::TARGET,
    targets::multipart::TARGET,
    targets::profile::TARGET,
    targets::store::TARGET,
    targets::story::TARGET,
    targets::token::TARGET,
];

impl Target {
    /// The target of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }
}
