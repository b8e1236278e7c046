//! `framekey/generated/errors.py`: one exception class per kind of failure.

use super::super::output::{HEAD, Output};
use super::super::tables::ErrorEntry;
use super::python::{FOLDER, docstring};

pub(super) fn generate(errors: &[ErrorEntry], output: &mut Output) {
    let mut text = format!(
        "# {HEAD}\n\"\"\"One exception class per kind of failure.\"\"\"\n\n\
         from __future__ import annotations\n\nfrom .._errors import FramekeyError\n"
    );
    // Bases first, whatever the order of the table.
    let mut rows: Vec<&ErrorEntry> = errors.iter().collect();
    rows.sort_by_key(|row| base(row) != "FramekeyError");
    text.push_str("\n__all__ = [\n");
    for row in &rows {
        text.push_str(&format!("    \"{}\",\n", row.class));
    }
    text.push_str("]\n");
    for row in &rows {
        text.push_str(&format!("\n\nclass {}({}):\n", row.class, base(row)));
        text.push_str(&docstring(&row.doc, "", &[], "    "));
        text.push_str(&format!("\n    kind = \"{}\"\n", row.kind));
    }
    text.push_str("\n\nKINDS: dict[str, type[FramekeyError]] = {\n");
    for row in errors {
        text.push_str(&format!("    \"{}\": {},\n", row.kind, row.class));
    }
    text.push_str("}\n");
    output.text(format!("{FOLDER}/errors.py"), text);
}

/// As in other clients of the field: what the service answered with a status is under
/// `APIStatusError`, and running out of time is a failure to connect.
pub(super) fn base(row: &ErrorEntry) -> &'static str {
    match row.kind.as_str() {
        _ if !row.status.is_empty() => "APIStatusError",
        "timeout" => "APIConnectionError",
        _ => "FramekeyError",
    }
}
