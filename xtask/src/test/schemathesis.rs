//! schemathesis over the three documents, against a running emulator; and emulators with a planted bug
//! each, which it has to find.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::summary::Count;
use super::workshop::Workshop;
use crate::{process, say, setup};

const FOLDER: &str = "tests/schemathesis";
/// What no answer may be.
const CHECKS: &str = "not_a_server_error,content_type_conformance,response_schema_conformance";
/// Seconds for one document. On two idle cores the largest takes a fifth of it.
const PATIENCE: &str = "600";

pub(super) fn tests(workshop: &Workshop) -> Result<Count> {
    let stage = Stage {
        root: workshop.root().to_path_buf(),
        framekey: workshop.framekey()?,
        program: setup::schemathesis(workshop.root())?.0.join("schemathesis"),
        scratch: workshop.scratch("schemathesis")?,
        is_long: std::env::var_os("FRAMEKEY_LONG").is_some(),
    };
    let mut count = Count::default();
    let emulator = Emulator::start(&stage.framekey, None)?;
    for service in ["api-video", "twelve-labs", "videovector"] {
        let found = stage.run(&emulator, service, None)?;
        say::line(&format!("{service}: {}", found.summary));
        match found.is_good {
            true => count.passed += 1,
            false => {
                count.failed += 1;
                say::error(&found.said);
            }
        }
    }
    for bug in stage.bugs()? {
        match stage.finds(&bug)? {
            true => count.passed += 1,
            false => {
                count.failed += 1;
                say::error(&format!("{}: schemathesis does not find it", bug.display()));
            }
        }
    }
    Ok(count)
}

struct Stage {
    root: PathBuf,
    framekey: PathBuf,
    program: PathBuf,
    scratch: PathBuf,
    is_long: bool,
}

struct Found {
    is_good: bool,
    summary: String,
    said: String,
}

impl Stage {
    /// Runs over a document, or over one operation of it.
    fn run(&self, emulator: &Emulator, service: &str, operation: Option<&str>) -> Result<Found> {
        let examples = if self.is_long { "50" } else { "3" };
        let document = self.root.join("spec").join(service).join("openapi.yaml");
        let mut command = Command::new("timeout");
        command.arg(PATIENCE).arg(&self.program).arg("run").arg(document);
        command.args(["--url", emulator.text(service, "base_url")?]);
        command.args(emulator.credential(service)?).args(["--checks", CHECKS]);
        // More workers run into an error of CPython 3.11 in `ast`.
        command.args(["--phases", "coverage,fuzzing", "--seed", "1", "--workers", "1"]);
        command.args(["--max-examples", examples, "--warnings", "off", "--continue-on-failure"]);
        if let Some(operation) = operation {
            command.args(["--include-operation-id", operation]);
        }
        // It leaves a folder of its own where it runs.
        let output = process::output(command.current_dir(&self.scratch))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines = || said.lines().map(str::trim);
        let tested = lines().find_map(|line| line.strip_prefix("Tested: ")).unwrap_or("0");
        let cases = lines().find(|line| line.contains(" generated"));
        let summary = format!("{tested} operations, {}", cases.unwrap_or("no test cases"));
        let all = said.contains(&format!("Selected: {tested}/"));
        let is_good = output.status.success() && all && tested != "0";
        Ok(Found { is_good, summary, said: process::last_words(&output) })
    }

    fn bugs(&self) -> Result<Vec<PathBuf>> {
        let folder = self.root.join(FOLDER).join("bugs");
        let entries = std::fs::read_dir(&folder).context("there is no folder of planted bugs")?;
        let mut bugs: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        bugs.sort();
        ensure!(!bugs.is_empty(), "{FOLDER}/bugs: there is nothing to find");
        Ok(bugs)
    }

    /// Whether it fails where the bug is.
    fn finds(&self, bug: &Path) -> Result<bool> {
        let text = std::fs::read_to_string(bug).context("a planted bug cannot be read")?;
        let scenario: Value = serde_json::from_str(&text).context("a planted bug is no JSON")?;
        let field = |name: &str| scenario["faults"][0][name].as_str().unwrap_or_default();
        let emulator = Emulator::start(&self.framekey, Some(bug))?;
        let found =
            self.run(&emulator, field("service"), Some(&field("operation").replace('.', "_")))?;
        say::line(&format!("planted bug: {} {}", scenario["about"], found.summary));
        // Its words for what it found, so that a run that broke off does not count.
        Ok(!found.is_good && found.said.contains("Failures:"))
    }
}

struct Emulator {
    child: Child,
    info: Value,
}

impl Emulator {
    fn start(framekey: &Path, scenario: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(framekey);
        command.args(["emulate", "--json"]).stdout(Stdio::piped());
        if let Some(scenario) = scenario {
            command.arg("--scenario").arg(scenario);
        }
        let mut child = command.spawn().context("the emulator cannot be started")?;
        let out = child.stdout.take().context("the emulator has no output")?;
        let mut emulator = Emulator { child, info: Value::Null };
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).context("the emulator said nothing")?;
        emulator.info = serde_json::from_str(&line).context("the emulator did not start")?;
        Ok(emulator)
    }

    fn text(&self, service: &str, name: &str) -> Result<&str> {
        self.info[service][name].as_str().with_context(|| format!("{service}.{name}: not told"))
    }

    /// The credential that opens most.
    fn credential(&self, service: &str) -> Result<[String; 2]> {
        let (flag, value) = match service {
            "twelve-labs" => ("--header", format!("x-api-key: {}", self.text(service, "api_key")?)),
            "videovector" => {
                ("--header", format!("authorization: Bearer {}", self.text(service, "jwt")?))
            }
            _ => ("--auth", format!("{}:", self.text(service, "api_key")?)),
        };
        Ok([flag.to_owned(), value])
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
