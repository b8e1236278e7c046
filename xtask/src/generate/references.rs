//! That the references of a document lead somewhere, and that no schema is made of itself: told here, where
//! the place is known, and not by whoever stumbles over it later.

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::pointer::reference_name;

/// Checks the whole document.
pub(crate) fn check(root: &Value) -> Result<()> {
    lead_somewhere(root, root, &mut Vec::new())?;
    let schemas = root.pointer("/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        ensure!(
            !is_made_of(root, schema, name, &mut Vec::new()),
            "the schema `{name}` is made of itself, by `allOf`, `oneOf`, `anyOf` or `$ref`"
        );
    }
    Ok(())
}

fn lead_somewhere<'a>(root: &Value, value: &'a Value, place: &mut Vec<&'a str>) -> Result<()> {
    match value {
        Value::Object(entries) => {
            if let Some(reference) = entries.get("$ref").and_then(Value::as_str) {
                let is_there = |pointer| root.pointer(pointer).is_some();
                if !reference.strip_prefix('#').is_some_and(is_there) {
                    bail!(
                        "{}: `$ref` is `{reference}`, and there is no such thing",
                        place.join(" > ")
                    );
                }
            }
            for (key, value) in entries {
                place.push(key);
                lead_somewhere(root, value, place)?;
                place.pop();
            }
        }
        Value::Array(items) => {
            for item in items {
                lead_somewhere(root, item, place)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a value of the schema is a value of the schema called `name` by definition; what is inside of
/// it (properties, items) may be.
fn is_made_of<'a>(root: &'a Value, schema: &'a Value, name: &str, seen: &mut Vec<&'a str>) -> bool {
    let parts =
        ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
    let mut parts = parts.flatten().chain(schema.get("$ref").map(|_| schema));
    parts.any(|part| match reference_name(part) {
        Some(other) if other == name => true,
        Some(other) if seen.contains(&other) => false,
        Some(other) => {
            seen.push(other);
            let pointer = format!("/components/schemas/{other}");
            root.pointer(&pointer).is_some_and(|schema| is_made_of(root, schema, name, seen))
        }
        None => is_made_of(root, part, name, seen),
    })
}
