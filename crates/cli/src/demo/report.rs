//! What the demo did: as a table for people, as JSON for programs.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

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

    /// A table, a line for each step that differs, and a last line of totals.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut table = Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width());
        table.set_header(["", "step", "operation", "credential sent", "requests", "result"]);
        let mut story = "";
        for row in &self.rows {
            if row.story != story {
                story = row.story;
                table.add_row([""; 6]);
                table.add_row(["", story, "", "", "", ""]);
            }
            let mark = match (&row.differs, row.skipped) {
                (Some(_), _) => "✗",
                (None, Some(_)) => "-",
                (None, None) => "✓",
            };
            table.add_row([
                mark.to_owned(),
                row.step.to_owned(),
                row.operations.join(", "),
                row.credentials.join(", "),
                row.requests.to_string(),
                row.skipped.map_or_else(|| row.result.clone(), |why| format!("skipped: {why}")),
            ]);
        }
        let mut text = table.to_string();
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
        Some((_, columns)) => columns.clamp(100, 180),
        None => 160,
    }
}

fn row_json(row: &Row) -> Value {
    json!({
        "story": row.story, "step": row.step, "operations": row.operations, "credentials": row.credentials,
        "requests": row.requests, "result": row.result, "ok": row.differs.is_none() && row.skipped.is_none(),
        "differs": row.differs, "skipped": row.skipped,
    })
}
