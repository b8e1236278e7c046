//! `tests/rows/rows.toml`: what each row demands, and the line of code that its tests guard.

use anyhow::{Context, Result};
use serde::Deserialize;

/// Where the table is.
pub(crate) const TABLE: &str = "tests/rows/rows.toml";
/// The environment variable that tests with a long form ask for.
pub(crate) const LONG: &str = "FRAMEKEY_LONG";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    #[serde(rename = "row")]
    pub(crate) rows: Vec<Row>,
}

/// A row of the reliability table, or a need.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// `TK-01`, `E33`.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What is demanded.
    pub(crate) figure: String,
    /// What of it an ordinary run does; all of it is done with [`LONG`].
    pub(crate) short: Option<String>,
    /// The row whose tests prove this one too, where it has none of its own.
    pub(crate) by: Option<String>,
    pub(crate) guard: Guard,
}

/// The code that the row stands on: with it removed or replaced, a test of the row fails.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    pub(crate) file: String,
    /// Occurs exactly once in the file.
    pub(crate) text: String,
    /// What `--prove` puts in its place; nothing where it is not said.
    #[serde(default)]
    pub(crate) instead: String,
}

impl Table {
    pub(crate) fn read(text: &str) -> Result<Self> {
        toml::from_str(text).context(TABLE)
    }
}

impl Row {
    /// How the names of its tests begin: `tk_01_`.
    pub(crate) fn prefix(&self) -> String {
        let id = self.by.as_ref().unwrap_or(&self.id);
        format!("{}_", id.to_lowercase().replace('-', "_"))
    }
}

impl Guard {
    /// The line that the text begins on, from 1.
    ///
    /// # Errors
    /// When the text is gone from the file, or is there more than once.
    pub(crate) fn line(&self, code: &str) -> Result<usize, String> {
        match code.matches(&self.text).count() {
            1 => {}
            0 => return Err(format!("no longer has the guarded text `{}`", self.text)),
            more => return Err(format!("has the guarded text `{}` {more} times", self.text)),
        }
        let before = code.find(&self.text).and_then(|at| code.get(..at)).unwrap_or_default();
        Ok(before.matches('\n').count() + 1)
    }

    /// The code without the guard.
    pub(crate) fn removed(&self, code: &str) -> String {
        code.replacen(&self.text, &self.instead, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_is_there_once() {
        let guard = Guard { file: String::new(), text: "b();".to_owned(), instead: String::new() };
        assert_eq!(guard.line("a();\n  b();\n"), Ok(2));
        assert!(guard.line("a();").unwrap_err().contains("no longer"));
        assert!(guard.line("b(); b();").unwrap_err().contains("2 times"));
        assert_eq!(guard.removed("a(); b();"), "a(); ");
    }
}
