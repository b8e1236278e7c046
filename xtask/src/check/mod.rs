//! `cargo xtask check`: what must hold in every commit, one file per check.

mod deny;
mod format;
mod generated;
mod layers;
mod lengths;
mod lints;
mod manifests;
mod metadata;
mod report;
mod secrets;
mod spec_names;
mod spec_texts;
mod subject;
mod unsafe_code;

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

pub(crate) use report::Report;
pub(crate) use subject::Subject;

type Check = fn(&Subject) -> Result<Report>;

/// The quick ones first.
const CHECKS: [(&str, Check); 12] = [
    ("layers", layers::check),
    ("manifests", manifests::check),
    ("unsafe", unsafe_code::check),
    ("generated", generated::check),
    ("lengths", lengths::check),
    ("secrets", secrets::check),
    ("rows", crate::rows::check),
    ("spec-names", spec_names::check),
    ("spec-texts", spec_texts::check),
    ("format", format::check),
    ("deny", deny::check),
    ("lints", lints::check),
];

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these, by name; all of them when none is named.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(CHECKS.map(|(name, _)| name)))]
    names: Vec<String>,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let tally = run_all(root, &options.names)?;
    if tally.failed > 0 {
        bail!("{} of {} checks failed", tally.failed, tally.failed + tally.passed);
    }
    Ok(())
}

/// How many checks passed and how many failed.
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

/// Runs the named checks, or all; a check that cannot run has failed.
pub(crate) fn run_all(root: &Path, names: &[String]) -> Result<Tally> {
    let subject = Subject::read(root)?;
    let mut tally = Tally { passed: 0, failed: 0 };
    for (name, check) in CHECKS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let start = now();
        let report = check(&subject).unwrap_or_else(|error| Report::failure(format!("{error:#}")));
        report.print(name, start.elapsed());
        match report.passed() {
            true => tally.passed += 1,
            false => tally.failed += 1,
        }
    }
    Ok(tally)
}

/// The workshop's own stopwatch: it times commands, and nothing in it is tested against time.
#[allow(clippy::disallowed_methods)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
