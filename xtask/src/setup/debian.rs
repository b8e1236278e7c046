//! Debian packages: installed when we are root, else the command to install them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::State;
use crate::{process, say};

/// The browser that the JavaScript tests run in.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// Installs the packages that are missing.
pub(super) fn packages(missing: &[&str]) -> Result<State> {
    if missing.is_empty() {
        return Ok(State::There);
    }
    let list = missing.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("needed, and here is no apt-get to install it: the equivalent of Debian's {list}");
    }
    if !is_root()? {
        bail!("needed from Debian: {list}\nrun: sudo apt-get install -y {list}");
    }
    say::line(&format!("setup  debian  installing {list}"));
    if !process::works(&mut install(missing)) {
        // A fresh machine has no package lists, or old ones.
        process::text(Command::new("apt-get").arg("update"))
            .context("the Debian packages could not be listed")?;
        process::text(&mut install(missing))?;
    }
    Ok(State::Made(format!("installed {list}")))
}

fn install(packages: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> Result<bool> {
    Ok(process::text(Command::new("id").arg("-u"))?.trim() == "0")
}
