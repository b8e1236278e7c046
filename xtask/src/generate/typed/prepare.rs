//! The generator's own copy of a document: the same operations and shapes, without what
//! progenitor refuses and without what would make its types narrower than the open world.

use serde_json::{Map, Value, json};

use crate::generate::document::{Body, Document, Operation, Place, Style};

/// Checks and texts that would turn a field into a type that refuses values, or fill it in.
const DROPPED: [&str; 16] = [
    "default",
    "deprecated",
    "discriminator",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
];

/// A document for progenitor. Its operations are all of ours: forms are put back by
/// [`super::methods`], and a deep object stands as a text there until then.
pub(crate) fn prepare(document: &Document) -> Value {
    let mut paths = Map::new();
    for operation in &document.operations {
        let item = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        item[operation.method.to_lowercase()] = prepare_operation(operation);
    }
    let schemas: Map<String, Value> =
        document.schemas().map(|(name, schema)| (name.clone(), opened(schema))).collect();
    json!({
        "openapi": "3.0.3",
        "info": { "title": document.service.slug, "version": "1" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn prepare_operation(operation: &Operation) -> Value {
    let mut made =
        json!({ "operationId": operation.operation_id, "responses": success(operation) });
    made["parameters"] = operation
        .params
        .iter()
        .map(|param| {
            let schema = if param.style == Style::Deep {
                json!({ "type": "string" })
            } else {
                opened(&param.schema)
            };
            let place = match param.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
            };
            json!({ "name": param.wire, "in": place, "required": param.required, "schema": schema })
        })
        .collect();
    if let Some(Body { multipart: false, schema, .. }) = &operation.body {
        made["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": opened(schema) } },
        });
    }
    made
}

/// One success answer with one media type. The session has made errors of all others.
fn success(operation: &Operation) -> Value {
    let Some((status, answer)) = operation.successes().next() else {
        return json!({ "2XX": { "description": "" } });
    };
    let content = answer.get("content").and_then(|content| content.get(&operation.accept));
    let answer = match content.and_then(|content| content.get("schema")) {
        None => json!({ "description": "" }),
        Some(schema) => {
            let media = &operation.accept;
            json!({ "description": "", "content": { media: { "schema": opened(schema) } } })
        }
    };
    json!({ status: answer })
}

/// A schema that takes whatever a service may answer some day.
fn opened(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(opened).collect(),
        Value::Object(entries) => {
            let mut made: Map<String, Value> = entries
                .iter()
                .filter(|(key, _)| !DROPPED.contains(&key.as_str()) && !key.starts_with("x-"))
                .map(|(key, value)| match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        let inside = properties
                            .iter()
                            .map(|(name, property)| (name.clone(), opened(property)));
                        (key.clone(), inside.collect())
                    }
                    ("enum" | "required" | "description", value) => (key.clone(), value.clone()),
                    (_, value) => (key.clone(), opened(value)),
                })
                .collect();
            open_object(&mut made);
            Value::Object(made)
        }
        other => other.clone(),
    }
}

/// Optional lists and maps become nullable, or an empty one could not be told from none; objects
/// with known fields keep the unknown ones.
fn open_object(schema: &mut Map<String, Value>) {
    let required: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(name)) {
        if property.get("type").is_some_and(|kind| kind == "array" || kind == "object") {
            property["nullable"] = true.into();
        }
    }
    if !schema.get("additionalProperties").is_some_and(Value::is_object) {
        schema.insert("additionalProperties".to_owned(), json!({}));
    }
}
