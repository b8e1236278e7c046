//! The services' own clients, unmodified, against the emulator; and how much of each was called.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::summary::{Count, Runner};
use super::tee;
use super::workshop::Workshop;
use crate::{process, say, setup};

const FOLDER: &str = "tests/official";

pub(super) fn tests(workshop: &Workshop) -> Result<Count> {
    let framekey = workshop.framekey()?;
    let root = workshop.root();
    let records = workshop.scratch("official")?;
    let (programs, _) = setup::official_python(root)?;
    setup::official_node(root)?;
    let python = programs.join("python");
    let told = |command: &mut Command| {
        command
            .current_dir(root.join(FOLDER))
            .env("FRAMEKEY_BIN", &framekey)
            .env("FRAMEKEY_OFFICIAL_OUT", &records)
            .env("PYTHONDONTWRITEBYTECODE", "1");
    };
    let mut pytest = Command::new(&python);
    told(pytest.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "python"]));
    let mut node = Command::new("node");
    told(node.args(["--test", "--test-reporter=spec"]).args(node_tests(&root.join(FOLDER))?));
    let count = tee::tests(Runner::Pytest, &mut pytest)? + tee::tests(Runner::Node, &mut node)?;
    Ok(count + covered(root, &python, &records)?)
}

/// By name: what Node takes for a test file by itself differs between its versions.
fn node_tests(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder.join("node")).context("there is no folder of tests")?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut files: Vec<String> = names
        .filter(|name| name.ends_with(".test.mjs"))
        .map(|name| format!("node/{name}"))
        .collect();
    ensure!(!files.is_empty(), "{FOLDER}/node: no file named *.test.mjs");
    files.sort();
    Ok(files)
}

/// Writes the table of client and operation. One check: that enough of each client was called.
fn covered(root: &Path, python: &Path, records: &Path) -> Result<Count> {
    let mut command = Command::new(python);
    command.arg("coverage.py").arg(records).current_dir(root.join(FOLDER));
    let output = process::output(&mut command)?;
    say::line(String::from_utf8_lossy(&output.stdout).trim_end());
    if output.status.success() {
        return Ok(Count { passed: 1, ..Count::default() });
    }
    say::error(&format!(
        "less than 80 % of an official client was called\n{}",
        process::last_words(&output)
    ));
    Ok(Count { failed: 1, ..Count::default() })
}
