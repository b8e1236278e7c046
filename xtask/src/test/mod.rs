//! `cargo xtask test`: every test in every language, in stages that can be run by name.

mod javascript;
mod official;
mod python;
mod rust;
mod schemathesis;
mod summary;
mod tee;
mod workshop;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::{check, generate, say, setup};
use summary::Count;
use workshop::Workshop;

type Stage = fn(&Workshop) -> Result<Count>;

/// In this order: what is cheap and tells most comes first.
const STAGES: [(&str, Stage); 10] = [
    ("setup", set_up),
    ("generate", generated),
    ("check", checked),
    ("rust", rust::tests),
    ("models", rust::models),
    ("demo", rust::demo),
    ("python", python::tests),
    ("javascript", javascript::tests),
    ("official", official::tests),
    ("schemathesis", schemathesis::tests),
];

/// What to test.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these stages, by name; all of them when none is named.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(STAGES.map(|(name, _)| name)))]
    stages: Vec<String>,
}

struct Outcome {
    name: &'static str,
    count: Count,
    took: Duration,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let workshop = Workshop::new(root);
    let mut outcomes = Vec::new();
    for (name, stage) in STAGES {
        if !options.stages.is_empty() && !options.stages.iter().any(|wanted| wanted == name) {
            continue;
        }
        say::line(&format!("\n== {name}"));
        let start = check::now();
        let count = stage(&workshop).unwrap_or_else(|error| {
            say::error(&format!("{error:#}"));
            Count::crash()
        });
        let took = start.elapsed();
        say::line(&format!("== {name}: {:.1} s", took.as_secs_f64()));
        outcomes.push(Outcome { name, count, took });
    }
    table(&outcomes);
    let total = outcomes.iter().fold(Count::default(), |sum, outcome| sum + outcome.count);
    say::line(&format!("{} passed, {} failed", total.passed, total.failed));
    if total.failed > 0 {
        bail!("see the stages above that failed");
    }
    Ok(())
}

fn table(outcomes: &[Outcome]) {
    say::line(&format!(
        "\n{:<12}{:>10}{:>8}{:>8}{:>9}",
        "stage", "time", "passed", "failed", "skipped"
    ));
    for Outcome { name, count, took } in outcomes {
        let Count { passed, failed, skipped } = count;
        say::line(&format!(
            "{name:<12}{:>8.1} s{passed:>8}{failed:>8}{skipped:>9}",
            took.as_secs_f64()
        ));
    }
    let all: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    say::line(&format!("{:<12}{:>8.1} s\n", "all", all.as_secs_f64()));
}

fn set_up(workshop: &Workshop) -> Result<Count> {
    setup::run(workshop.root())?;
    Ok(Count::default())
}

/// Counts as one check: that the tree is what the generator makes.
fn generated(workshop: &Workshop) -> Result<Count> {
    generate::check(workshop.root())?;
    Ok(Count { passed: 1, ..Count::default() })
}

fn checked(workshop: &Workshop) -> Result<Count> {
    let tally = check::run_all(workshop.root(), &[])?;
    Ok(Count { passed: tally.passed, failed: tally.failed, skipped: 0 })
}
