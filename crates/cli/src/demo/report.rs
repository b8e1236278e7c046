//! What the demo did: as a table for people, as JSON for programs.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::{Value, json};

/// Below so many columns a table of six has a word a line.
const NARROW: u16 = 100;

/// One step.
#[derive(Clone, Debug)]
pub struct Row {
    /// The story that it belongs to.
    pub story: &'static str,
    /// What it does.
    pub step: &'static str,
    /// The operations that were sent, in order, each once.
    pub operations: Vec<String>,
    /// The credentials that were sent, in order, each once.
    pub credentials: Vec<String>,
    /// How many requests were seen.
    pub requests: usize,
    /// What came of it.
    pub result: String,
    /// What differs from what it should be; `None`: nothing.
    pub differs: Option<String>,
    /// Not run: why.
    pub skipped: Option<&'static str>,
}

/// All steps.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The steps in order.
    pub rows: Vec<Row>,
}

impl Report {
    /// How many steps differ from what they should be.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|row| row.differs.is_some()).count()
    }

    fn skipped(&self) -> usize {
        self.rows.iter().filter(|row| row.skipped.is_some()).count()
    }

    fn requests(&self) -> usize {
        self.rows.iter().map(|row| row.requests).sum()
    }

    /// One document: `steps` and `totals`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let steps: Vec<Value> = self.rows.iter().map(row_json).collect();
        let ok = self.rows.len() - self.failed() - self.skipped();
        json!({
            "steps": steps,
            "totals": {
                "steps": self.rows.len(), "ok": ok, "failed": self.failed(), "skipped": self.skipped(),
                "requests": self.requests(),
            },
        })
    }

    /// A table as wide as the terminal, a line for each step that differs, and a last line of totals.
    #[must_use]
    pub fn to_table(&self) -> String {
        self.to_table_of(width())
    }

    /// Six columns, or in a narrow terminal one, in which each step has three lines.
    fn to_table_of(&self, width: u16) -> String {
        let is_narrow = width < NARROW;
        let mut table = Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        if !is_narrow {
            table.set_header(["", "step", "operation", "credential sent", "requests", "result"]);
            // No name of an operation is broken.
            let longest = self.rows.iter().flat_map(|row| &row.operations).map(String::len).max();
            let least = u16::try_from(longest.unwrap_or_default() + 3).unwrap_or_default();
            if let Some(column) = table.column_mut(2) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            }
        }
        let mut story = "";
        for row in &self.rows {
            if row.story != story {
                story = row.story;
                table.add_row([""]);
                table.add_row(["", story]);
            }
            let mark = match (&row.differs, row.skipped) {
                (Some(_), _) => "✗",
                (None, Some(_)) => "-",
                (None, None) => "✓",
            };
            let operations = row.operations.join(", ");
            let credentials = row.credentials.join(", ");
            let result =
                row.skipped.map_or_else(|| row.result.clone(), |why| format!("skipped: {why}"));
            if is_narrow {
                let sent = match row.requests {
                    0 => "nothing sent".to_owned(),
                    1 => format!("{operations} with {credentials}: 1 request"),
                    count => format!("{operations} with {credentials}: {count} requests"),
                };
                table.add_row([mark, &[row.step, &sent, &result].join("\n")]);
            } else {
                let requests = row.requests.to_string();
                table.add_row([mark, row.step, &operations, &credentials, &requests, &result]);
            }
        }
        let mut text = table.trim_fmt();
        for row in &self.rows {
            if let Some(differs) = &row.differs {
                text.push_str(&format!("\n✗ {}: {}: {differs}", row.story, row.step));
            }
        }
        let done = self.rows.len() - self.failed() - self.skipped();
        text.push_str(&format!(
            "\n{} steps: {done} as they should be, {} not, {} skipped; {} requests",
            self.rows.len(),
            self.failed(),
            self.skipped(),
            self.requests()
        ));
        text
    }
}

/// The terminal's width, within what can be read; a fixed one where there is none.
fn width() -> u16 {
    match console::Term::stdout().size_checked() {
        Some((_, columns)) => readable(columns),
        None => 160,
    }
}

fn readable(columns: u16) -> u16 {
    columns.clamp(40, 180)
}

fn row_json(row: &Row) -> Value {
    json!({
        "story": row.story, "step": row.step, "operations": row.operations, "credentials": row.credentials,
        "requests": row.requests, "result": row.result, "ok": row.differs.is_none() && row.skipped.is_none(),
        "differs": row.differs, "skipped": row.skipped,
    })
}

#[cfg(test)]
mod tests {
    use super::{Report, Row, readable};

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let row = Row {
            story: "api.video: a key becomes an access token of one hour",
            step: "with the JWT: a configuration for AI clients, with a key that reads",
            operations: vec!["videos.upload_with_token".into(), "upload_tokens.create".into()],
            credentials: vec!["upload_token".into(), "bearer".into()],
            requests: 2,
            result: "`videos.list` (api.video): it accepts only an access token. ".repeat(3),
            differs: None,
            skipped: None,
        };
        let report = Report { rows: vec![row] };
        for width in [60, 80, 99, 100, 120, 180] {
            let table = report.to_table_of(readable(width));
            let widest = table.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(width)), "{width}: {widest:?}\n{table}");
            let is_whole = |name: &str| table.lines().any(|line| line.contains(name));
            assert!(is_whole("videos.upload_with_token") && is_whole("upload_token"), "{table}");
        }
    }
}
