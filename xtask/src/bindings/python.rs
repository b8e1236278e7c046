//! The wheel, by maturin.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::emptied;
use crate::{process, setup};

/// Builds the wheel into `out`; gives its path.
pub(crate) fn build(root: &Path, out: &Path) -> Result<PathBuf> {
    let (programs, _) = setup::python_environment(root)?;
    // Its own folder: what maturin made is then what is there.
    let made = setup::target(root).join("wheel");
    emptied(&made)?;
    process::text(
        Command::new(programs.join("maturin"))
            .args(["build", "--release", "--locked", "--interpreter", "python3"])
            .args(["--manifest-path", "bindings/python/Cargo.toml", "--out"])
            .arg(&made)
            .current_dir(root),
    )?;
    let wheel = std::fs::read_dir(&made)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|end| end == "whl"))
        .context("maturin made no wheel")?;
    let name = wheel.file_name().context("the wheel has no name")?;
    std::fs::create_dir_all(out).with_context(|| format!("{}: cannot be made", out.display()))?;
    std::fs::copy(&wheel, out.join(name))
        .with_context(|| format!("{}: cannot be written", out.display()))?;
    Ok(out.join(name))
}
