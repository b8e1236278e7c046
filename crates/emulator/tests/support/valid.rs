//! OpenAPI 3.0 schemas as JSON Schema, and validators of answers made from them.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file, and the conformance suite, uses its own part"
)]

use framekey_catalog::{Operation, Service};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The schemas of a service, converted.
pub struct Document {
    operations: Value,
    components: Value,
}

impl Document {
    /// The document of a service.
    pub fn of(service: Service) -> Self {
        let read: Value = serde_json::from_str(framekey_catalog::schemas(service)).unwrap();
        let components = json!({ "schemas": converted(&read["schemas"]) });
        Document { operations: read["operations"].clone(), components }
    }

    /// What the document says about the answers of an operation with this status.
    pub fn response(&self, operation: &Operation, status: u16) -> Option<&Value> {
        let responses = &self.operations[operation.id]["responses"];
        responses.get(status.to_string()).or_else(|| responses.get(format!("{}XX", status / 100)))
    }

    /// The schema of the body of an operation.
    pub fn request(&self, operation: &Operation) -> &Value {
        &self.operations[operation.id]["request"]
    }

    /// The schema of a parameter, by its name on the wire.
    pub fn param(&self, operation: &Operation, wire: &str) -> &Value {
        &self.operations[operation.id]["params"][wire]
    }

    /// Follows references in the converted components.
    pub fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(name) = schema["$ref"].as_str() {
            schema = &self.components["schemas"][name.rsplit('/').next().unwrap()];
        }
        schema
    }

    /// A validator of one schema, formats included.
    pub fn validator(&self, schema: &Value) -> Validator {
        let root = json!({ "allOf": [converted(schema)], "components": self.components });
        jsonschema::options().should_validate_formats(true).build(&root).unwrap()
    }

    /// The smallest value that a schema allows.
    pub fn least(&self, schema: &Value) -> Value {
        let schema = self.resolve(schema);
        for union in ["allOf", "oneOf", "anyOf"] {
            if let Some(first) = schema[union].get(0) {
                return self.least(first);
            }
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].as_str(),
            kind => kind.as_str(),
        };
        match kind {
            Some("string") if schema["pattern"].is_string() => json!("00:00:01"),
            Some("string") => match schema["format"].as_str() {
                Some("date-time") => json!("2026-01-31T00:00:00Z"),
                Some("uri") => json!("https://example.com/x"),
                Some("uuid") => json!("3f0c2a52-7d2e-4c7b-a5d8-0d9c4b1e6f77"),
                _ => json!("x".repeat(schema["minLength"].as_u64().unwrap_or(3) as usize)),
            },
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(true),
            Some("array") => {
                let count = schema["minItems"].as_u64().unwrap_or(0);
                (0..count).map(|_| self.least(&schema["items"])).collect()
            }
            Some(_) => {
                let mut object = json!({});
                for name in schema["required"].as_array().into_iter().flatten() {
                    let name = name.as_str().unwrap();
                    object[name] = self.least(&schema["properties"][name]);
                }
                object
            }
            None => json!({}),
        }
    }
}

/// `nullable` becomes a type; a union that names its variants by a tag is satisfied by any of them.
fn converted(schema: &Value) -> Value {
    let object = match schema {
        Value::Array(items) => return items.iter().map(converted).collect(),
        Value::Object(object) => object,
        other => return other.clone(),
    };
    let mut made: serde_json::Map<String, Value> =
        object.iter().map(|(name, value)| (name.clone(), converted(value))).collect();
    if made.remove("discriminator").is_some_and(|tag| tag.get("mapping").is_some())
        && let Some(variants) = made.remove("oneOf")
    {
        made.insert("anyOf".to_owned(), variants);
    }
    if made.get("nullable") == Some(&json!(true)) {
        made.remove("nullable");
        return json!({ "anyOf": [made, { "type": "null" }] });
    }
    Value::Object(made)
}
