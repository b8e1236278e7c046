//! The schemas of a service as one JSON text without prose: for the emulator and for tests.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::document::{Document, Operation};
use super::output::Output;
use super::pointer::resolve;

pub(crate) fn generate(document: &Document, folder: &str, output: &mut Output) -> Result<()> {
    let operations: Map<String, Value> = document
        .operations
        .iter()
        .map(|operation| (operation.id.clone(), describe(document, operation)))
        .collect();
    let schemas: Map<String, Value> =
        document.schemas().map(|(name, schema)| (name.clone(), without_prose(schema))).collect();
    // JSON has no comments: this file's origin is said by the module that includes it.
    let text = format!(
        "{{\"operations\":{{\n{}\n}},\"schemas\":{{\n{}\n}}}}\n",
        lines(&operations)?,
        lines(&schemas)?
    );
    output.text(format!("{folder}/{}.json", document.service.slug), text);
    Ok(())
}

/// One entry a line, so that a change is seen where it is.
fn lines(entries: &Map<String, Value>) -> Result<String> {
    let lines =
        entries.iter().map(|(name, value)| Ok(format!("{}:{value}", serde_json::to_string(name)?)));
    Ok(lines.collect::<Result<Vec<_>>>()?.join(",\n"))
}

fn describe(document: &Document, operation: &Operation) -> Value {
    let params: Map<String, Value> = operation
        .params
        .iter()
        .map(|param| (param.wire.clone(), without_prose(&param.schema)))
        .collect();
    let mut responses = Map::new();
    for (status, answer) in
        operation.raw.get("responses").and_then(Value::as_object).into_iter().flatten()
    {
        let answer = resolve(&document.root, answer).unwrap_or(answer);
        let content = answer.get("content").and_then(Value::as_object);
        let schema = |media: &str| {
            let schema = content
                .and_then(|content| content.get(media))
                .and_then(|content| content.get("schema"));
            schema.map_or(Value::Null, without_prose)
        };
        let media: Vec<&String> = content.into_iter().flat_map(Map::keys).collect();
        let first = media.iter().find(|media| **media == "application/json").or(media.first());
        let mut entry = Map::new();
        entry.insert("media".to_owned(), first.map_or(Value::Null, |media| json!(media)));
        entry.insert("schema".to_owned(), first.map_or(Value::Null, |media| schema(media)));
        let others: Map<String, Value> = media
            .iter()
            .filter(|media| Some(media) != first.as_ref())
            .map(|media| ((*media).clone(), schema(media)))
            .collect();
        if !others.is_empty() {
            entry.insert("others".to_owned(), Value::Object(others));
        }
        responses.insert(status.clone(), Value::Object(entry));
    }
    let (request, media) = match &operation.body {
        None => (Value::Null, Value::Null),
        Some(body) if body.multipart => (without_prose(&body.schema), json!("multipart/form-data")),
        Some(body) => (without_prose(&body.schema), json!("application/json")),
    };
    json!({ "request": request, "request_media": media, "responses": responses, "params": params })
}

/// A schema without `description`, `title` and extensions. A property may have any of these names.
fn without_prose(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(without_prose).collect(),
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(key, _)| {
                !matches!(key.as_str(), "description" | "title" | "externalDocs")
                    && !key.starts_with("x-")
            });
            kept.map(|(key, value)| (key.clone(), part(key, value))).collect()
        }
        other => other.clone(),
    }
}

fn part(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("properties", Value::Object(properties)) => {
            properties.iter().map(|(name, schema)| (name.clone(), without_prose(schema))).collect()
        }
        // Values, not schemas.
        ("example" | "default" | "enum" | "required", _) => value.clone(),
        _ => without_prose(value),
    }
}
