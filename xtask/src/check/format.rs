//! Hand-written Rust is as rustfmt writes it.

use anyhow::Result;

use super::report::Report;
use super::subject::Subject;
use crate::process;

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let mut command = process::cargo();
    command.args(["fmt", "--all", "--", "--check", "--files-with-diff"]).current_dir(&subject.root);
    let output = process::output(&mut command)?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut failures = faults(&subject.root.to_string_lossy(), &listed);
    if !output.status.success() && failures.is_empty() {
        failures.push(format!("`cargo fmt` failed:\n{}", process::last_words(&output)));
    }
    Ok(Report::new("as rustfmt writes it", failures))
}

fn faults(root: &str, listed: &str) -> Vec<String> {
    let mut files: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix(root))
        .map(|file| file.trim_start_matches('/'))
        .collect();
    files.sort_unstable();
    files.dedup();
    files
        .into_iter()
        .map(|file| match file.contains("/generated/") {
            true => format!("{file}: rustfmt reads it; put #[rustfmt::skip] above its `mod` line"),
            false => format!("{file}: run `cargo fmt`"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_once_with_what_to_do() {
        let listed =
            "/a/crates/x/src/lib.rs\n/a/crates/x/src/lib.rs\n/a/crates/x/src/generated/y.rs\n";
        let found = faults("/a", listed);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("rustfmt::skip"), "{found:?}");
        assert_eq!(found[1], "crates/x/src/lib.rs: run `cargo fmt`");
        assert!(faults("/a", "").is_empty());
    }
}
