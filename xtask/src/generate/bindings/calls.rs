//! `bindings/generated/calls.json`: for each operation the smallest call that its schema allows.
//! The tests of both bindings make all of them.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::super::document::{Document, FieldKind, Operation};
use super::super::output::Output;
use super::super::pointer::resolve;
use super::argument::Arguments;

const FOLDER: &str = "bindings/generated";

pub(super) fn generate(documents: &[Document], output: &mut Output) -> Result<()> {
    output.folder(FOLDER);
    let lines: Vec<String> = documents
        .iter()
        .flat_map(|document| {
            document.operations.iter().map(|operation| call(document, operation).to_string())
        })
        .collect();
    output.text(format!("{FOLDER}/calls.json"), format!("[\n{}\n]\n", lines.join(",\n")));
    Ok(())
}

fn call(document: &Document, operation: &Operation) -> Value {
    let root = &document.root;
    let mut arguments = Map::new();
    for param in operation.params.iter().filter(|param| param.required) {
        arguments.insert(param.name.clone(), smallest(root, &param.schema, 0));
    }
    let mut files = Vec::new();
    for field in operation.body.iter().flat_map(|body| &body.fields).filter(|field| field.required)
    {
        match field.kind {
            FieldKind::File => files.push(field.name.clone()),
            FieldKind::Value | FieldKind::List => {
                arguments.insert(field.name.clone(), smallest(root, &field.schema, 0));
            }
        }
    }
    let path: Vec<String> =
        Arguments::of(document, operation).path.into_iter().map(|argument| argument.name).collect();
    json!({
        "service": document.service.slug,
        "operation": operation.id,
        "path": path,
        "arguments": arguments,
        "files": files,
    })
}

/// The smallest value that a schema allows, and that reads as an example.
fn smallest(root: &Value, schema: &Value, depth: usize) -> Value {
    let Some(schema) = resolve(root, schema).filter(|_| depth < 12) else {
        return Value::Null;
    };
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some(value) = list("enum").and_then(|values| values.first()) {
        return value.clone();
    }
    if let Some(variant) = list("oneOf").or(list("anyOf")).and_then(|variants| variants.first()) {
        return smallest(root, variant, depth + 1);
    }
    if let Some(parts) = list("allOf") {
        let mut whole = Map::new();
        for part in parts {
            match smallest(root, part, depth + 1) {
                Value::Object(entries) => whole.extend(entries),
                other => return other,
            }
        }
        return Value::Object(whole);
    }
    let least = |key: &str| schema.get(key).and_then(Value::as_i64);
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!(text(schema)),
        Some("integer") => json!(least("minimum").unwrap_or(1)),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(false),
        Some("array") => {
            let item =
                schema.get("items").map_or(Value::Null, |items| smallest(root, items, depth + 1));
            let count = usize::try_from(least("minItems").unwrap_or(1)).unwrap_or(1);
            Value::Array(vec![item; count.max(1)])
        }
        _ => Value::Object(required_properties(root, schema, depth)),
    }
}

fn required_properties(root: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let names = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    names
        .filter_map(|name| {
            let property = schema.get("properties")?.get(name)?;
            Some((name.to_owned(), smallest(root, property, depth + 1)))
        })
        .collect()
}

fn text(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-01-02T03:04:05Z",
        Some("date") => "2026-01-02",
        Some("uuid") => "00000000-0000-4000-8000-000000000001",
        Some("uri" | "url") => "https://example.com/video.mp4",
        Some("email") => "someone@example.com",
        _ => "example",
    };
    let least = schema
        .get("minLength")
        .and_then(Value::as_u64)
        .and_then(|least| usize::try_from(least).ok());
    format!("{text:x<width$}", width = least.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_value_has_what_is_required_and_no_more() {
        let root = json!({"components": {"schemas": {"Node": {
            "type": "object",
            "required": ["name", "sizes"],
            "properties": {
                "name": {"type": "string", "minLength": 9},
                "sizes": {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 3}},
                "next": {"$ref": "#/components/schemas/Node"},
            },
        }}}});
        let node = json!({"$ref": "#/components/schemas/Node"});
        assert_eq!(smallest(&root, &node, 0), json!({"name": "examplexx", "sizes": [3, 3]}));
        let variants = json!({"oneOf": [{"type": "string", "enum": ["a", "b"]}, node]});
        assert_eq!(smallest(&root, &variants, 0), json!("a"));
    }

    #[test]
    fn a_schema_that_holds_itself_has_an_end() {
        let root = json!({"components": {"schemas": {"Loop": {
            "type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Loop"}},
        }}}});
        assert!(smallest(&root, &json!({"$ref": "#/components/schemas/Loop"}), 0).is_object());
    }
}
