//! cargo-deny: banned crates, licences, and where crates come from.

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::Report;
use super::subject::Subject;
use crate::{process, setup};

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let tool = setup::cargo_deny(&subject.root)?;
    let mut command = std::process::Command::new(tool);
    command
        .args(["--format", "json", "--all-features", "check", "bans", "licenses", "sources"])
        .current_dir(&subject.root);
    let output = process::output(&mut command)?;
    let mut failures = faults(&String::from_utf8_lossy(&output.stderr))?;
    if !output.status.success() && failures.is_empty() {
        failures.push(format!("cargo-deny failed:\n{}", process::last_words(&output)));
    }
    Ok(Report::new("bans, licences and sources are as deny.toml says", failures))
}

fn faults(lines: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        let value: Value = serde_json::from_str(line).context("cargo-deny's output is no JSON")?;
        let fields = &value["fields"];
        if value["type"] != "diagnostic" || fields["severity"] != "error" {
            continue;
        }
        let message = fields["message"].as_str().unwrap_or("no message");
        let krate = &fields["graphs"][0]["Krate"]["name"];
        let of = krate.as_str().or_else(|| fields["labels"][0]["span"].as_str());
        let of = of.unwrap_or("the workspace");
        found.push(format!("{of}: {message}; drop it, or decide in deny.toml"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_failure_and_a_warning_is_not() {
        let error = r#"{"type":"diagnostic","fields":{"severity":"error","message":"crate is banned","graphs":[{"Krate":{"name":"openssl","version":"0.10"}}]}}"#;
        let warning =
            r#"{"type":"diagnostic","fields":{"severity":"warning","message":"licence not met"}}"#;
        let summary = r#"{"type":"summary","fields":{"bans":{"errors":1}}}"#;
        let found = faults(&[error, warning, summary].join("\n")).unwrap();
        assert_eq!(found, ["openssl: crate is banned; drop it, or decide in deny.toml"]);
    }
}
