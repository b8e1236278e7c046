//! Valid, deterministic bodies from schemas, for operations without rules of their own.

use bytes::Bytes;
use framekey_catalog::{Operation, Page, Service, StreamKind};
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::schemas;

/// Schemas may contain themselves: deeper objects have required fields only, and lists are empty.
const DEEP: usize = 4;
/// No document requires objects this deep; a schema that requires itself ends here.
const DEEPEST: usize = 24;

/// The answer of an operation by its schema alone.
pub(crate) fn answer(call: &Call) -> Answer {
    let operation = call.operation;
    let (status, media, schema) = schemas::success(operation);
    let maker = Maker { service: operation.service, call };
    if let Some(kind) = asked_stream(call) {
        return maker.stream(status, kind);
    }
    match media {
        "" => Answer::empty(status),
        "application/json" => {
            let mut body = maker.value(schema, "", 0);
            end_pages(operation, &mut body);
            Answer::json(status, &body)
        }
        media => Answer::of(status, media, Bytes::from_static(b"bytes of the emulator")),
    }
}

/// The stream that a call asks for, by its own field or by that field's default.
fn asked_stream(call: &Call) -> Option<StreamKind> {
    let stream = call.operation.stream?;
    let asked = stream.when.is_none_or(|field| {
        let request = schemas::resolve(call.operation.service, schemas::request(call.operation));
        let default = &request["properties"][field]["default"];
        call.field(field).unwrap_or(default) == &Value::Bool(true)
    });
    asked.then_some(stream.kind)
}

/// A list made from a schema is its only page: a pager must not go on for ever.
fn end_pages(operation: &Operation, body: &mut Value) {
    let (Page::Cursor { next, .. } | Page::Token { next, .. }) = operation.page else { return };
    let path: Vec<&str> = next.split('.').collect();
    let Some((last, parents)) = path.split_last() else { return };
    let mut parent = body;
    for name in parents {
        let Some(inner) = parent.get_mut(name) else { return };
        parent = inner;
    }
    if let Some(parent) = parent.as_object_mut() {
        parent.remove(*last);
        if let Some(more) = parent.get_mut("has_more") {
            *more = Value::Bool(false);
        }
    }
}

struct Maker<'a> {
    service: Service,
    call: &'a Call,
}

impl Maker<'_> {
    /// A short, whole stream of the events that the document knows.
    fn stream(&self, status: u16, kind: StreamKind) -> Answer {
        let (media, tags): (_, &[&str]) = match kind {
            StreamKind::Ndjson => {
                ("application/x-ndjson", &["stream_start", "text_generation", "stream_end"])
            }
            StreamKind::Sse => (
                "text/event-stream",
                &["response.created", "response.output_text.delta", "response.completed"],
            ),
            StreamKind::Jsonl => ("application/jsonl", &["", ""]),
            StreamKind::Bytes => {
                let bytes = Bytes::from_static(b"bytes of the emulator");
                return Answer::of(status, "application/octet-stream", bytes);
            }
        };
        let schema = schemas::of_media(self.call.operation, media);
        let events = tags.iter().enumerate().map(|(at, tag)| {
            let variant = schemas::variant(self.service, schema, tag).unwrap_or(schema);
            let mut event = self.value(variant, "", 0);
            if let Some(number) = event.get_mut("sequence_number") {
                *number = json!(at);
            }
            event
        });
        let body: String = match kind {
            StreamKind::Sse => {
                let events: String = events.map(|event| format!("data: {event}\n\n")).collect();
                format!("{events}data: [DONE]\n\n")
            }
            _ => events.map(|event| format!("{event}\n")).collect(),
        };
        Answer::of(status, media, body)
    }

    fn value(&self, schema: &'static Value, name: &str, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        let schema = schemas::resolve(self.service, schema);
        let first =
            |list: &str| schema.get(list).and_then(Value::as_array).and_then(|all| all.first());
        if let Some(variant) = first("oneOf").or_else(|| first("anyOf")) {
            return self.value(variant, name, depth);
        }
        // One part: a reference with `nullable` beside it, the only use that the documents make of it.
        if let Some(part) = first("allOf") {
            return self.value(part, name, depth);
        }
        if let Some(first) = first("enum") {
            return first.clone();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Value::String(self.text(schema, name, depth)),
            Some("integer") => number(schema, json!(1)),
            Some("number") => number(schema, json!(0.5)),
            Some("boolean") => Value::Bool(true),
            Some("array") => self.list(schema, name, depth),
            _ => self.object(schema, depth),
        }
    }

    fn list(&self, schema: &'static Value, name: &str, depth: usize) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        match schema.get("items") {
            Some(items) if depth < DEEP || least > 0 => {
                (0..least.max(1)).map(|_| self.value(items, name, depth + 1)).collect()
            }
            _ => json!([]),
        }
    }

    fn object(&self, schema: &'static Value, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema.get("required").and_then(Value::as_array);
        for (name, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let needed = required.is_some_and(|list| list.iter().any(|item| item == name));
            // A success says nothing of errors.
            if needed || (depth < DEEP && !name.starts_with("error")) {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        Value::Object(object)
    }

    /// A text: what the call said about it, else one that fits the format.
    fn text(&self, schema: &Value, name: &str, depth: usize) -> String {
        let format = schema.get("format").and_then(Value::as_str);
        let said = self.call.body.get(name).and_then(Value::as_str).filter(|_| depth == 1);
        let said = said.or_else(|| self.call.path.get(name).map(String::as_str));
        let text = match (said, format) {
            (Some(said), None) => said.to_owned(),
            (_, Some("date-time")) => self.call.now.to_string(),
            (_, Some("date")) => self.call.now.to_string().get(..10).unwrap_or_default().to_owned(),
            (_, Some("uri" | "url")) => "https://files.example/emulated".to_owned(),
            (_, Some("uuid")) => "3f0c2a52-7d2e-4c7b-a5d8-0d9c4b1e6f77".to_owned(),
            _ if name.ends_with("_at") || name.ends_with("At") => self.call.now.to_string(),
            // Cursors and page tokens of a list that has no more pages.
            _ if name.contains("cursor") || name.ends_with("page_token") => String::new(),
            _ => "emulated".to_owned(),
        };
        fitted(schema, text)
    }
}

fn number(schema: &Value, usual: Value) -> Value {
    let bound = |name: &str| schema.get(name).filter(|value| value.is_number());
    let below = |bound: &Value| bound.as_f64() < usual.as_f64();
    match (bound("minimum"), bound("maximum")) {
        (Some(least), _) => least.clone(),
        (None, Some(most)) if below(most) => most.clone(),
        _ => usual,
    }
}

/// The text in the length that the schema allows.
fn fitted(schema: &Value, text: String) -> String {
    let length = |name: &str| {
        schema.get(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok())
    };
    let most = length("maxLength").unwrap_or(usize::MAX);
    let short = length("minLength").unwrap_or(0).saturating_sub(text.chars().count());
    text.chars().chain(std::iter::repeat_n('x', short)).take(most).collect()
}
