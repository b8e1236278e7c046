//! The npm package: built, installed into a clean folder, and tested there in Node and Chromium.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::summary::{Count, Runner};
use super::tee;
use super::workshop::Workshop;
use crate::{bindings, process, setup};

const TESTS: &str = "bindings/js/test";

pub(super) fn tests(workshop: &Workshop) -> Result<Count> {
    let framekey = workshop.framekey()?;
    let folder = workshop.scratch("javascript")?;
    let tarball = bindings::build_npm(workshop.root(), &folder)?;
    install(&folder, &tarball)?;
    // Copied, so that `import "framekey"` finds the installed package and not the source.
    copy(&workshop.root().join(TESTS), &folder.join("test"))?;
    tee::tests(
        Runner::Node,
        Command::new("node")
            .args(["--test", "--test-reporter=spec"])
            .args(test_files(&folder.join("test"))?)
            .current_dir(&folder)
            .env("FRAMEKEY_BIN", framekey)
            .env("FRAMEKEY_ROOT", workshop.root())
            .env("FRAMEKEY_CHROMIUM", setup::CHROMIUM),
    )
}

/// By name: what Node takes for a test file by itself differs between its versions.
fn test_files(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).context("there is no folder of tests")?;
    let mut files: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains(".test."))
        .map(|name| format!("test/{name}"))
        .collect();
    ensure!(!files.is_empty(), "{TESTS}: no file named *.test.*");
    files.sort();
    Ok(files)
}

/// A project of its own that has the package as its only dependency.
fn install(folder: &Path, tarball: &Path) -> Result<()> {
    let manifest = "{ \"name\": \"framekey-consumer\", \"private\": true, \"type\": \"module\" }\n";
    std::fs::write(folder.join("package.json"), manifest).context("the project cannot be made")?;
    process::text(
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--offline"])
            .arg(tarball)
            .current_dir(folder),
    )?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("{}: cannot be made", to.display()))?;
    let entries =
        std::fs::read_dir(from).with_context(|| format!("{}: cannot be read", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("{}: cannot be read", from.display()))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to)?,
            false => {
                std::fs::copy(&from, &to)
                    .with_context(|| format!("{}: cannot be copied", from.display()))?;
            }
        }
    }
    Ok(())
}
