//! Hand-written files stay readable: a look at 500 lines, a split at 700.

use anyhow::Result;

use super::report::Report;
use super::subject::Subject;

const LOOK: usize = 500;
const SPLIT: usize = 700;

/// What people write and read. Documents of the services, lock files and data are not.
const WRITTEN: [&str; 10] = ["cjs", "css", "html", "js", "md", "mjs", "py", "rs", "sh", "ts"];

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let mut sizes = Vec::new();
    for file in subject.files.iter().filter(|file| is_hand_written(file)) {
        sizes.push((file.as_str(), subject.text(file)?.lines().count()));
    }
    let (failures, notes) = judge(&sizes);
    let longest = sizes.iter().map(|(_, lines)| *lines).max().unwrap_or(0);
    let seen = format!("{} hand-written files, the longest has {longest} lines", sizes.len());
    Ok(Report { seen, failures, notes })
}

fn is_hand_written(file: &str) -> bool {
    let generated = file.split('/').any(|part| part == "generated")
        || file.ends_with(".d.ts")
        || file.ends_with(".pyi");
    !generated && file.rsplit('.').next().is_some_and(|ending| WRITTEN.contains(&ending))
}

fn judge(sizes: &[(&str, usize)]) -> (Vec<String>, Vec<String>) {
    let (mut failures, mut notes) = (Vec::new(), Vec::new());
    for (file, lines) in sizes {
        if *lines > SPLIT {
            failures.push(format!("{file}: {lines} lines; split it, {SPLIT} is the limit"));
        } else if *lines > LOOK {
            notes.push(format!("{file}: {lines} lines"));
        }
    }
    (failures, notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_500_and_700() {
        let (failures, notes) =
            judge(&[("a.rs", 500), ("b.rs", 501), ("c.rs", 700), ("d.rs", 701)]);
        assert_eq!(failures, ["d.rs: 701 lines; split it, 700 is the limit"]);
        assert_eq!(notes, ["b.rs: 501 lines", "c.rs: 700 lines"]);
    }

    #[test]
    fn generated_files_and_data_are_left_out() {
        assert!(is_hand_written("crates/auth/src/lib.rs"));
        assert!(is_hand_written("bindings/js/npm/index.mjs"));
        assert!(!is_hand_written("crates/catalog/src/generated/api_video.rs"));
        assert!(!is_hand_written("bindings/python/python/framekey/_native.pyi"));
        assert!(!is_hand_written("spec/api-video/openapi.yaml"));
    }
}
