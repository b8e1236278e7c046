//! What a check found.

use std::time::Duration;

use crate::say;

/// The outcome of one check.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What was looked at: `259 operations`.
    pub(crate) seen: String,
    /// Each names the place, what is wrong and what to do.
    pub(crate) failures: Vec<String>,
    /// Worth a look, but no failure.
    pub(crate) notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(seen: impl Into<String>, failures: Vec<String>) -> Self {
        Report { seen: seen.into(), failures, notes: Vec::new() }
    }

    pub(crate) fn failure(text: String) -> Self {
        Report::new("", vec![text])
    }

    pub(crate) fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// One line for the check, then one for each finding.
    pub(crate) fn print(&self, name: &str, took: Duration) {
        let (mark, said) = match self.failures.len() {
            0 => ("ok  ", self.seen.clone()),
            1 => ("FAIL", "1 finding".to_owned()),
            many => ("FAIL", format!("{many} findings")),
        };
        say::line(&format!("{mark}  {name:<12} {:>6.1} s  {said}", took.as_secs_f64()));
        self.failures.iter().for_each(|failure| say::line(&format!("        {failure}")));
        self.notes.iter().for_each(|note| say::line(&format!("        note: {note}")));
    }
}
