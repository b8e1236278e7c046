//! The npm packages of the workshop, exactly as the lock file names them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{State, stamp};
use crate::{process, say};

const FOLDER: &str = "bindings/js";

/// Installs the packages if they are not there or not up to date.
pub(crate) fn packages(root: &Path) -> Result<State> {
    let folder = root.join(FOLDER);
    let lock = std::fs::read_to_string(folder.join("package-lock.json"))
        .with_context(|| format!("{FOLDER}/package-lock.json: cannot be read"))?;
    let version = process::text(Command::new("node").arg("--version"))?;
    let wanted = stamp::of(&[&lock, &version]);
    let modules = folder.join("node_modules");
    if stamp::is(&modules, &wanted) {
        return Ok(State::There);
    }
    say::line(&format!("setup  node    installing the packages of {FOLDER}/package-lock.json"));
    process::text(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder),
    )?;
    stamp::put(&modules, &wanted)?;
    Ok(State::Made(format!("made {FOLDER}/node_modules")))
}
