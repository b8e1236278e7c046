//! The npm packages of the workshop and the services' own clients, exactly as the lock files name them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{State, stamp};
use crate::{process, say};

/// Installs the workshop's packages if they are not there or not up to date.
pub(crate) fn packages(root: &Path) -> Result<State> {
    made(root, "bindings/js")
}

/// The services' own clients.
pub(crate) fn official(root: &Path) -> Result<State> {
    made(root, "tests/official/node")
}

fn made(root: &Path, name: &str) -> Result<State> {
    let folder = root.join(name);
    let lock = std::fs::read_to_string(folder.join("package-lock.json"))
        .with_context(|| format!("{name}/package-lock.json: cannot be read"))?;
    let version = process::text(Command::new("node").arg("--version"))?;
    let wanted = stamp::of(&[&lock, &version]);
    let modules = folder.join("node_modules");
    if stamp::is(&modules, &wanted) {
        return Ok(State::There);
    }
    say::line(&format!("setup  node    installing the packages of {name}/package-lock.json"));
    process::text(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder),
    )?;
    stamp::put(&modules, &wanted)?;
    Ok(State::Made(format!("made {name}/node_modules")))
}
