//! Valid, deterministic bodies from schemas, for operations without rules of their own.

use bytes::Bytes;
use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::schemas;

/// Schemas may contain themselves: deeper objects have required fields only, and lists are empty.
const DEEP: usize = 4;

/// The answer of an operation by its schema alone.
pub(crate) fn answer(call: &Call) -> Answer {
    let operation = call.operation;
    let (status, media, schema) = schemas::success(operation);
    let maker = Maker { service: operation.service, call };
    let asked = operation.stream.and_then(|stream| stream.when).is_none_or(|field| {
        // The stream field of Twelve Labs' analyze is true where it is left out.
        call.body.get(field).and_then(Value::as_bool).unwrap_or(operation.id == "analyze.create")
    });
    if let Some(stream) = operation.stream.filter(|_| asked) {
        return maker.stream(status, stream.kind);
    }
    match media {
        "" => Answer::empty(status),
        "application/json" => Answer::json(status, &maker.value(schema, "", 0)),
        media => Answer::of(status, media, Bytes::from_static(b"bytes of the emulator")),
    }
}

struct Maker<'a> {
    service: Service,
    call: &'a Call,
}

impl Maker<'_> {
    fn stream(&self, status: u16, kind: framekey_catalog::StreamKind) -> Answer {
        use framekey_catalog::StreamKind;
        let lines = [
            json!({ "event_type": "stream_start" }),
            json!({ "event_type": "text_generation", "text": "Emulated." }),
            json!({ "event_type": "stream_end" }),
        ];
        match kind {
            StreamKind::Ndjson => {
                Answer::of(status, "application/x-ndjson", joined(&lines, "", "\n"))
            }
            StreamKind::Jsonl => Answer::of(status, "application/jsonl", joined(&lines, "", "\n")),
            StreamKind::Sse => {
                let events = joined(&lines, "data: ", "\n\n");
                Answer::of(status, "text/event-stream", format!("{events}data: [DONE]\n\n"))
            }
            StreamKind::Bytes => Answer::json(status, &json!({})),
        }
    }

    fn value(&self, schema: &'static Value, name: &str, depth: usize) -> Value {
        let schema = schemas::resolve(self.service, schema);
        for union in ["oneOf", "anyOf"] {
            if let Some(first) =
                schema.get(union).and_then(Value::as_array).and_then(|list| list.first())
            {
                return self.value(first, name, depth);
            }
        }
        if let Some(first) =
            schema.get("enum").and_then(Value::as_array).and_then(|list| list.first())
        {
            return first.clone();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Value::String(self.text(schema, name)),
            Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
            Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(0.5)),
            Some("boolean") => Value::Bool(true),
            Some("array") if depth >= DEEP => json!([]),
            Some("array") => schema
                .get("items")
                .map_or_else(|| json!([]), |items| json!([self.value(items, name, depth + 1)])),
            _ => self.object(schema, depth),
        }
    }

    fn object(&self, schema: &'static Value, depth: usize) -> Value {
        let mut object = Map::new();
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(fields) = self.value(part, "", depth) {
                object.extend(fields);
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for (name, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let needed = required.is_some_and(|list| list.iter().any(|item| item == name));
            if needed || depth < DEEP {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        Value::Object(object)
    }

    /// A text: what the call said about it, else one that fits the format.
    fn text(&self, schema: &Value, name: &str) -> String {
        let said = self.call.body.get(name).and_then(Value::as_str);
        if let Some(said) = said.or_else(|| self.call.path.get(name).map(String::as_str)) {
            return said.to_owned();
        }
        match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => self.call.now.to_string(),
            Some("date") => self.call.now.to_string().get(..10).unwrap_or_default().to_owned(),
            Some("uri" | "url") => "https://files.example/emulated".to_owned(),
            Some("uuid") => "3f0c2a52-7d2e-4c7b-a5d8-0d9c4b1e6f77".to_owned(),
            _ if name.ends_with("_at") || name.ends_with("At") => self.call.now.to_string(),
            // Cursors and page tokens of a list that has no more pages.
            _ if name.contains("cursor") || name.ends_with("page_token") => String::new(),
            _ if schema.get("pattern").is_some() => "00:00:01.00".to_owned(),
            _ => "emulated".to_owned(),
        }
    }
}

fn joined(lines: &[Value], before: &str, after: &str) -> String {
    lines.iter().map(|line| format!("{before}{line}{after}")).collect()
}
