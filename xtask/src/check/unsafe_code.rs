//! `#![forbid(unsafe_code)]` heads every crate but the bindings, whose libraries write it in macros.

use anyhow::Result;

use super::metadata::relative;
use super::report::Report;
use super::subject::Subject;

const FORBID: &str = "#![forbid(unsafe_code)]";

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let mut files: Vec<String> = subject
        .metadata
        .packages
        .iter()
        .flat_map(|package| &package.targets)
        .filter(|target| target.kind.iter().any(|kind| kind == "lib" || kind == "bin"))
        .map(|target| relative(&subject.root, &target.src_path))
        .filter(|file| !file.starts_with("bindings/"))
        .collect();
    files.sort();
    let mut failures = Vec::new();
    for file in &files {
        if !forbids(&subject.text(file)?) {
            failures.push(format!("{file}: has no `{FORBID}`; write it below the head"));
        }
    }
    Ok(Report::new(format!("forbidden in {} crate roots", files.len()), failures))
}

/// Only a line of its own counts, not one in a comment.
fn forbids(text: &str) -> bool {
    text.lines().any(|line| line == FORBID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_attribute_itself_counts() {
        assert!(forbids("//! A crate.\n#![forbid(unsafe_code)]\nmod a;\n"));
        assert!(!forbids("//! A crate.\nmod a;\n"));
        assert!(!forbids("// #![forbid(unsafe_code)]\n"));
        assert!(!forbids("#![deny(unsafe_code)]\n"));
    }
}
