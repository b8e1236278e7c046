//! What is typed for an argument of `framekey call`: a text where the operation takes a text, else JSON.

use framekey::catalog::Operation;
use framekey::dynamic::wire_name;
use serde_json::Value;

/// The schemas of one operation, by which its arguments are read.
pub(crate) struct Reader {
    operation: &'static Operation,
    document: Value,
}

impl Reader {
    pub(crate) fn new(operation: &'static Operation) -> Self {
        let schemas = framekey_catalog::schemas(operation.service);
        Reader { operation, document: serde_json::from_str(schemas).unwrap_or_default() }
    }

    /// Whether the argument takes a text and nothing else, so that `2024` and `@me` are texts too.
    pub(crate) fn takes_text(&self, argument: &str) -> bool {
        self.schema(argument).is_some_and(|schema| self.is_text(schema))
    }

    /// The value that was typed.
    pub(crate) fn read(&self, argument: &str, typed: &str) -> Value {
        let text = || Value::String(typed.to_owned());
        let schema = self.schema(argument).filter(|schema| self.is_text(schema));
        match schema.and_then(|schema| self.resolved(schema)) {
            // Nothing is a value of its own there, and has no other way to be typed.
            Some(schema) if schema["nullable"] == true && typed == "null" => Value::Null,
            Some(_) => text(),
            None => serde_json::from_str(typed).unwrap_or_else(|_| text()),
        }
    }

    fn schema(&self, argument: &str) -> Option<&Value> {
        let wire = wire_name(self.operation, argument)?;
        let operation = self.document.get("operations")?.get(self.operation.id)?;
        let of_query = || operation.get("params")?.get(wire);
        of_query().or_else(|| self.property(operation.get("request")?, wire))
    }

    fn property<'a>(&'a self, schema: &'a Value, wire: &str) -> Option<&'a Value> {
        let schema = self.resolved(schema)?;
        let own = schema.get("properties").and_then(|properties| properties.get(wire));
        own.or_else(|| parts(schema, "allOf").find_map(|part| self.property(part, wire)))
    }

    fn is_text(&self, schema: &Value) -> bool {
        let Some(schema) = self.resolved(schema) else { return false };
        let is_one_of = |name| {
            parts(schema, name).next().is_some()
                && parts(schema, name).all(|part| self.is_text(part))
        };
        (schema["type"] == "string" && schema["format"] != "binary")
            || parts(schema, "allOf").any(|part| self.is_text(part))
            || is_one_of("oneOf")
            || is_one_of("anyOf")
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.get("schemas")?.get(reference.rsplit('/').next()?),
            None => Some(schema),
        }
    }
}

fn parts<'a>(schema: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten()
}
