//! Debian packages: installed when we are root, else the command to install them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::State;
use crate::{process, say};

/// The browser that the JavaScript tests run in.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// What the row tests start: the package and the program in it. The stores want Redis and a look at
/// the system's calls, the clocks another time, the keyring a Secret Service on a bus of its own.
pub(super) const PROGRAMS: [(&str, &str); 6] = [
    ("redis-server", "/usr/bin/redis-server"),
    ("strace", "/usr/bin/strace"),
    ("faketime", "/usr/bin/faketime"),
    ("dbus-daemon", "/usr/bin/dbus-run-session"),
    ("gnome-keyring", "/usr/bin/gnome-keyring-daemon"),
    ("libsecret-tools", "/usr/bin/secret-tool"),
];

/// Installs the packages that are missing.
pub(super) fn packages(missing: &[&str]) -> Result<State> {
    if missing.is_empty() {
        return Ok(State::There);
    }
    let list = missing.join(" ");
    if let Some(text) = refusal(&list, Path::new("/usr/bin/apt-get").exists(), is_root()?) {
        bail!(text);
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

/// Why nothing can be installed here, and what to do about it.
fn refusal(list: &str, has_apt: bool, root: bool) -> Option<String> {
    match (has_apt, root) {
        (false, _) => Some(format!(
            "not installed: {list} (Debian's names); here is no apt-get, install the like of them"
        )),
        (true, false) => {
            Some(format!("not installed: {list}\nrun: sudo apt-get install --yes {list}"))
        }
        (true, true) => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rights_there_is_one_command_to_run() {
        let text = refusal("chromium python3-venv", true, false).unwrap();
        assert!(text.ends_with("run: sudo apt-get install --yes chromium python3-venv"), "{text}");
        assert!(refusal("chromium", false, true).unwrap().contains("no apt-get"));
        assert_eq!(refusal("chromium", true, true), None);
    }
}
