//! How many tests passed, in the words of each runner.

use std::ops::Add;

use anyhow::{Context, Result};

/// What a runner counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        Count {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Count {
    /// A stage that came to no count of its own.
    pub(crate) fn crash() -> Count {
        Count { failed: 1, ..Count::default() }
    }

    fn add_words(&mut self, number: usize, word: &str) {
        match word {
            "passed" | "pass" => self.passed += number,
            "failed" | "fail" | "error" | "errors" | "cancelled" => self.failed += number,
            "skipped" | "ignored" | "deselected" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

/// The programs that run tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo test`: a line for each test binary. A test that could not run, or a part of one, says
    /// so in a line of its own (`framekey_runtime::testing::skipped`) and then passes.
    Cargo,
    /// The last line of pytest.
    Pytest,
    /// `node --test`: a line for each number.
    Node,
}

/// Sums what the runner says at its end. A run that says nothing, or that fails without saying
/// what failed, is a failure.
pub(crate) fn count(runner: Runner, printed: &str, success: bool) -> Result<Count> {
    let lines: Vec<String> =
        printed.lines().map(plain).filter_map(|line| summary(runner, &line)).collect();
    // pytest may print a line of the same form while it runs; only the last is its summary.
    let lines =
        if runner == Runner::Pytest { &lines[lines.len().saturating_sub(1)..] } else { &lines };
    if lines.is_empty() {
        anyhow::bail!("{runner:?} printed no summary");
    }
    let mut count = Count::default();
    for line in lines {
        let words: Vec<&str> =
            line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            if let Ok(number) = pair[0].parse() {
                count.add_words(number, pair[1]);
            }
        }
    }
    if !success && count.failed == 0 {
        count.failed = 1;
    }
    Ok(count)
}

/// The counting part of a line, as `12 passed, 1 failed`.
fn summary(runner: Runner, line: &str) -> Option<String> {
    let line = line.trim();
    match runner {
        Runner::Cargo if line.starts_with("skipped: ") => Some("1 skipped".to_owned()),
        Runner::Cargo => {
            line.strip_prefix("test result: ")?.split_once(". ").map(|(_, rest)| rest.to_owned())
        }
        Runner::Pytest => {
            let line = line.trim_matches('=').trim();
            let (counts, time) = line.rsplit_once(" in ")?;
            let timed = time.split_once('s')?.0.parse::<f64>().is_ok();
            (timed && counts.starts_with(|first: char| first.is_ascii_digit()))
                .then(|| counts.to_owned())
        }
        Runner::Node => {
            let (word, number) = line.strip_prefix(['#', 'ℹ'])?.trim().split_once(' ')?;
            ["pass", "fail", "cancelled", "skipped", "todo"]
                .contains(&word)
                .then(|| format!("{number} {word}"))
        }
    }
}

/// Without the colours that a terminal is sent.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    text + rest
}

/// The totals of the demo's `--json`.
pub(crate) fn count_steps(json: &str) -> Result<Count> {
    let value: serde_json::Value =
        serde_json::from_str(json).context("the demo printed no JSON")?;
    let total = |name: &str| {
        let number = value["totals"][name].as_u64().and_then(|number| usize::try_from(number).ok());
        number.with_context(|| format!("the demo's JSON has no totals.{name}"))
    };
    Ok(Count { passed: total("ok")?, failed: total("failed")?, skipped: total("skipped")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(runner: Runner, printed: &str) -> (usize, usize, usize) {
        let count = count(runner, printed, true).unwrap();
        (count.passed, count.failed, count.skipped)
    }

    #[test]
    fn each_runner_is_understood() {
        let cargo = "running 2 tests\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(counted(Runner::Cargo, cargo), (15, 2, 1));
        let part = "test mp_03_one ... \nskipped: mp_03_one: no strace\nok\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(counted(Runner::Cargo, part), (1, 0, 1));
        assert_eq!(counted(Runner::Pytest, "259 passed, 1 skipped in 12.34s\n"), (259, 0, 1));
        let pytest =
            "=== \u{1b}[31m1 failed\u{1b}[0m, 258 passed, 2 errors in 62.10s (0:01:02) ===\n";
        assert_eq!(counted(Runner::Pytest, pytest), (258, 3, 0));
        assert_eq!(
            counted(Runner::Node, "# tests 9\n# pass 7\n# fail 1\n# cancelled 1\n# skipped 2\n"),
            (7, 2, 2)
        );
        assert_eq!(
            counted(Runner::Node, "ℹ tests 3\nℹ pass 3\nℹ fail 0\nℹ duration_ms 12\n"),
            (3, 0, 0)
        );
    }

    #[test]
    fn no_summary_is_a_failure() {
        for runner in [Runner::Cargo, Runner::Pytest, Runner::Node] {
            assert!(count(runner, "Killed\n", true).is_err(), "{runner:?}");
        }
    }

    #[test]
    fn a_run_that_fails_has_a_failure() {
        let count = count(Runner::Pytest, "3 passed in 1.00s", false).unwrap();
        assert_eq!((count.passed, count.failed), (3, 1));
    }

    #[test]
    fn steps_of_the_demo_are_counted() {
        let json = r#"{"steps": [], "totals": {"ok": 2, "failed": 1, "skipped": 0}}"#;
        assert_eq!(count_steps(json).unwrap(), Count { passed: 2, failed: 1, skipped: 0 });
        assert!(count_steps("{}").is_err());
    }
}
