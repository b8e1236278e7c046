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
    let bindings: Vec<&String> = subject
        .files
        .iter()
        .filter(|file| file.starts_with("bindings/") && file.ends_with(".rs"))
        .collect();
    for file in &bindings {
        for line in by_hand(&subject.text(file)?) {
            failures.push(format!("{file}:{line}: writes `unsafe` itself; leave it to the macros"));
        }
    }
    let told = format!(
        "forbidden in {} crate roots, none by hand in {} files of the bindings",
        files.len(),
        bindings.len()
    );
    Ok(Report::new(told, failures))
}

/// The lines that write the word outside comments and texts.
fn by_hand(text: &str) -> Vec<usize> {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let word = |line: &str| {
        code(line).split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
    };
    text.lines().enumerate().filter(|(_, line)| word(line)).map(|(at, _)| at + 1).collect()
}

/// Only a line of its own counts, not one in a comment.
fn forbids(text: &str) -> bool {
    text.lines().any(|line| line == FORBID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sc_03_unsafe_code_by_hand_is_found() {
        assert_eq!(by_hand("fn a() {\n    unsafe { b() }\n}\n// unsafe\n"), [2]);
        assert_eq!(by_hand("unsafe impl Send for A {}"), [1]);
        assert!(by_hand("#![deny(unsafe_code)]\n#[unsafe_name]").is_empty());
    }

    #[test]
    fn sc_03_only_the_attribute_itself_counts() {
        assert!(forbids("//! A crate.\n#![forbid(unsafe_code)]\nmod a;\n"));
        assert!(!forbids("//! A crate.\nmod a;\n"));
        assert!(!forbids("// #![forbid(unsafe_code)]\n"));
        assert!(!forbids("#![deny(unsafe_code)]\n"));
    }
}
