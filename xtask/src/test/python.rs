//! The wheel: built, installed into a clean environment, and tested from outside the work tree.

use std::process::Command;

use anyhow::{Context, Result};

use super::summary::{Count, Runner};
use super::tee;
use super::workshop::Workshop;
use crate::{bindings, process, setup};

pub(super) fn tests(workshop: &Workshop) -> Result<Count> {
    let framekey = workshop.framekey()?;
    let folder = workshop.scratch("python")?;
    let wheel = bindings::build_wheel(workshop.root(), &folder)?;
    let programs = installed(workshop, &wheel)?;
    let tests = workshop.root().join("bindings/python/tests");
    // From another folder, so that `import framekey` finds the wheel and not the source.
    tee::tests(
        Runner::Pytest,
        Command::new(programs.join("python"))
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
            .arg(tests)
            .current_dir(&folder)
            .env_remove("PYTHONPATH")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("FRAMEKEY_BIN", framekey),
    )
}

/// An environment with the wheel and what the tests need, and nothing of the work tree.
fn installed(workshop: &Workshop, wheel: &std::path::Path) -> Result<std::path::PathBuf> {
    let root = workshop.root();
    let folder = wheel.parent().context("the wheel is in no folder")?.join("venv");
    process::text(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let programs = folder.join("bin");
    process::text(
        Command::new(programs.join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .args([setup::REQUIREMENTS.as_ref(), wheel.as_os_str()])
            .current_dir(root),
    )?;
    Ok(programs)
}
