//! `cargo xtask rows --prove`: without the line that a row guards, a test of the row fails.
//!
//! All of it in a copy of the work tree below the target folder, which stays there, so that the
//! next time little has to be built.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Standing;
use super::found::Found;
use crate::check::{Subject, now};
use crate::{process, say, setup};

/// A test that runs longer hangs, which is a failure as well.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn run(subject: &Subject, standings: &[Standing]) -> Result<()> {
    let folder = setup::target(&subject.root).join("rows");
    let copy = Copy { tree: folder.join("tree"), target: folder.join("target") };
    copy.bring(subject)?;
    let mut unproved = Vec::new();
    for standing in standings {
        let id = &standing.row.id;
        let start = now();
        let outcome = copy.prove(standing);
        let took = start.elapsed().as_secs_f64();
        match outcome {
            Ok(how) => say::line(&format!("ok    {id}  {took:>5.1} s  {how}")),
            Err(error) => {
                say::line(&format!("FAIL  {id}  {took:>5.1} s  {error:#}"));
                unproved.push(id.as_str());
            }
        }
    }
    ensure!(unproved.is_empty(), "not proved: {}", unproved.join(", "));
    Ok(())
}

/// The copy of the work tree, and where it is built.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

/// How a run of the tests ended.
enum End {
    Passed,
    /// These failed.
    Failed(Vec<String>),
    Hung,
    NotBuilt(String),
}

impl Copy {
    /// Makes the copy what the work tree is. Files that are the same stay untouched, so that cargo
    /// does not build them anew.
    fn bring(&self, subject: &Subject) -> Result<()> {
        let wanted: BTreeSet<&str> = subject.files.iter().map(String::as_str).collect();
        for file in &wanted {
            let bytes = fs::read(subject.root.join(file)).with_context(|| (*file).to_owned())?;
            let place = self.tree.join(file);
            if fs::read(&place).is_ok_and(|old| old == bytes) {
                continue;
            }
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&place, bytes).with_context(|| place.display().to_string())?;
        }
        // A file that is gone from the work tree would still be a test in the copy.
        for file in files_below(&self.tree, &self.tree)? {
            if !wanted.contains(file.as_str()) {
                fs::remove_file(self.tree.join(file))?;
            }
        }
        Ok(())
    }

    /// How the row's tests fail without its guard.
    fn prove(&self, standing: &Standing) -> Result<String> {
        let Standing { row, tests, line, .. } = standing;
        if let Err(why) = line {
            bail!("{} {why}", row.guard.file);
        }
        let runs = runs(tests);
        ensure!(!runs.is_empty(), "no Rust test is named {}…", row.prefix());
        let place = self.tree.join(&row.guard.file);
        let code = fs::read_to_string(&place)?;
        for run in &runs {
            if !matches!(self.test(run, &row.prefix())?, End::Passed) {
                bail!("`{}` fails as the code is", run.join(" "));
            }
        }
        fs::write(&place, row.guard.removed(&code))?;
        let ends: Result<Vec<End>> = runs.iter().map(|run| self.test(run, &row.prefix())).collect();
        fs::write(&place, code)?;
        let mut failed = Vec::new();
        for end in ends? {
            match end {
                End::Passed => {}
                // A test that takes its process down is in no list.
                End::Failed(names) if names.is_empty() => failed.push("a test crashes".to_owned()),
                End::Failed(names) => failed.extend(names),
                End::Hung => failed.push("a test hangs".to_owned()),
                End::NotBuilt(why) => bail!("without the guard it does not compile: {why}"),
            }
        }
        ensure!(!failed.is_empty(), "all its tests pass without the guard");
        Ok(format!("fails without the guard: {}", failed.join(", ")))
    }

    fn test(&self, run: &[String], filter: &str) -> Result<End> {
        // Building takes as long as it takes.
        let built = process::output(self.cargo(run).arg("--no-run"))?;
        if !built.status.success() {
            let text = String::from_utf8_lossy(&built.stderr).into_owned();
            let why = text.lines().find(|line| line.starts_with("error")).unwrap_or_default();
            return Ok(End::NotBuilt(why.to_owned()));
        }
        let log = self.target.with_extension("log");
        let mut command = self.cargo(run);
        command
            .args(["--no-fail-fast", filter])
            .stdin(Stdio::null())
            .stdout(fs::File::create(&log)?)
            .stderr(Stdio::null())
            // A group of its own, to be ended with the tests that it started.
            .process_group(0);
        let mut child = command.spawn()?;
        let start = now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if start.elapsed() > PATIENCE {
                process::run(Command::new("kill").args(["--", &format!("-{}", child.id())]))?;
                child.wait()?;
                return Ok(End::Hung);
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        if status.success() {
            return Ok(End::Passed);
        }
        let failed = text.lines().filter_map(|line| {
            let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
            Some(name.rsplit("::").next().unwrap_or(name).to_owned())
        });
        Ok(End::Failed(failed.collect()))
    }

    fn cargo(&self, run: &[String]) -> Command {
        let mut command = process::cargo();
        command.arg("test").args(run).current_dir(&self.tree);
        command.env("CARGO_TARGET_DIR", &self.target).env("RUST_BACKTRACE", "0");
        command
    }
}

/// The targets that hold the row's Rust tests, as arguments of `cargo test`.
fn runs(tests: &[Found]) -> BTreeSet<Vec<String>> {
    tests.iter().filter_map(|test| run_of(&test.file)).collect()
}

/// `crates/auth/tests/token/crowd.rs` is in `--test token` of the package in `crates/auth`.
fn run_of(file: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = file.strip_suffix(".rs")?.split('/').collect();
    // The innermost `src` or `tests` with a package above it.
    let at = parts
        .iter()
        .rposition(|part| *part == "src")
        .or_else(|| parts.iter().skip(1).position(|part| *part == "tests").map(|at| at + 1))?;
    let manifest = format!("{}/Cargo.toml", parts.get(..at)?.join("/"));
    let mut run = vec!["--manifest-path".to_owned(), manifest];
    match parts.get(at..)? {
        // xtask has no library; all it has is quick.
        ["src", ..] if parts.first() == Some(&"xtask") => {}
        ["src", ..] => run.push("--lib".to_owned()),
        ["tests", name, ..] => run.extend(["--test".to_owned(), (*name).to_owned()]),
        _ => return None,
    }
    Some(run)
}

fn files_below(folder: &Path, root: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path(), root)?);
        } else if let Some(name) = entry.path().strip_prefix(root)?.to_str() {
            files.push(name.to_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(file: &str) -> Option<String> {
        run_of(file).map(|run| run.join(" "))
    }

    #[test]
    fn a_file_of_tests_belongs_to_a_target() {
        let of = |file: &str| run(file).unwrap();
        assert_eq!(
            of("crates/auth/tests/token/crowd.rs"),
            "--manifest-path crates/auth/Cargo.toml --test token"
        );
        assert_eq!(
            of("crates/auth/src/token/tests/tables.rs"),
            "--manifest-path crates/auth/Cargo.toml --lib"
        );
        assert_eq!(
            of("tests/rows/tests/blocking.rs"),
            "--manifest-path tests/rows/Cargo.toml --test blocking"
        );
        assert_eq!(run("bindings/python/tests/test_rows.py"), None);
    }
}
