//! `cargo xtask bench <name>`: what is measured, beside what it would be without us, in one run.

mod auth;
mod emulator;

use std::path::Path;

use anyhow::Result;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The access token: fresh reads, crowds at its end, failing exchanges, refused tokens.
    Auth,
    /// The emulator: ready, size, small GETs a second.
    Emulator,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    match options.what {
        What::Auth => auth::run(root),
        What::Emulator => emulator::run(root),
    }
}
