//! clippy over every target of the workspace; a warning is a failure.

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::Report;
use super::subject::Subject;
use crate::process;

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let mut command = process::cargo();
    command
        .args(["clippy", "--quiet", "--workspace", "--all-targets", "--message-format=json"])
        .current_dir(&subject.root);
    let output = process::output(&mut command)?;
    let mut failures = faults(&String::from_utf8_lossy(&output.stdout))?;
    if !output.status.success() && failures.is_empty() {
        failures.push(format!("`cargo clippy` failed:\n{}", process::last_words(&output)));
    }
    Ok(Report::new("clippy has nothing to say", failures))
}

/// Every message once: a library is linted as itself and as its own tests.
fn faults(messages: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let value: Value = serde_json::from_str(line).context("clippy's output is no JSON")?;
        let message = &value["message"];
        let level = message["level"].as_str().unwrap_or_default();
        if !matches!(level, "warning" | "error") {
            continue;
        }
        let Some(span) = message["spans"].as_array().and_then(|spans| spans.first()) else {
            continue;
        };
        let text = message["message"].as_str().unwrap_or_default();
        let lint = message["code"]["code"].as_str().unwrap_or(level);
        let file = span["file_name"].as_str().unwrap_or_default();
        let fault = format!("{file}:{}: {text} ({lint})", span["line_start"]);
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_a_failure_named_once() {
        let message = concat!(
            r#"{"reason":"compiler-message","message":{"level":"warning","message":"used unwrap()","#,
            r#""code":{"code":"clippy::unwrap_used"},"spans":[{"file_name":"a.rs","line_start":7}]}}"#,
        );
        let summary = r#"{"reason":"compiler-message","message":{"level":"warning","message":"1 warning emitted","code":null,"spans":[]}}"#;
        let found = faults(&[message, message, summary, "not json"].join("\n")).unwrap();
        assert_eq!(found, ["a.rs:7: used unwrap() (clippy::unwrap_used)"]);
    }
}
