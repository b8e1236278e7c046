//! The Rust tests, and the demo as a user runs it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::summary::{Count, Runner, count_steps};
use super::tee;
use super::workshop::Workshop;
use crate::{process, say};

/// Unit tests, integration tests and the examples of the documentation, in one build. A second
/// runner would compile most of it again, with other features.
pub(super) fn tests(workshop: &Workshop) -> Result<Count> {
    let mut cargo = workshop.cargo(&["test", "--no-fail-fast"]);
    // The examples are programs of users, and remember when a key was first used.
    cargo.env("XDG_CONFIG_HOME", workshop.scratch("config")?);
    tee::tests(Runner::Cargo, &mut cargo)
}

/// The token cell in thousands of schedules, and the store's protocol with every crash. A build of
/// its own: there, the cell's locks are a scheduler's.
pub(super) fn models(workshop: &Workshop) -> Result<Count> {
    tee::tests(
        Runner::Cargo,
        &mut workshop.cargo(&["test", "--no-fail-fast", "-p", "framekey-models"]),
    )
}

/// Once for the eye, once for the count.
pub(super) fn demo(workshop: &Workshop) -> Result<Count> {
    let framekey = workshop.framekey()?;
    let mut shown = Command::new(&framekey);
    shown.arg("demo").current_dir(workshop.root());
    say::line(&format!("$ {}", process::show(&shown)));
    process::run(&mut shown)?;
    let mut counted = Command::new(&framekey);
    counted.args(["demo", "--json"]).current_dir(workshop.root());
    let output = process::output(&mut counted)?;
    let count = count_steps(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| process::last_words(&output))?;
    if !output.status.success() && count.failed == 0 {
        bail!("`framekey demo --json` failed ({}), but names no step", output.status);
    }
    Ok(count)
}
