//! Requests held against the document: every fault of a request is found, and told as the service
//! tells it.

use framekey_catalog::{Body, FieldKind, Operation, Place};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, problem};
use crate::call::Call;
use crate::schemas::{self, check};

/// One thing that is wrong.
pub(super) struct Fault {
    kind: &'static str,
    title: String,
    name: String,
    /// For figures outside their bounds: the service names the bounds and no kind.
    range: Option<Value>,
}

impl Fault {
    pub(super) fn new(kind: &'static str, name: &str, title: impl Into<String>) -> Self {
        Fault { kind, title: title.into(), name: name.to_owned(), range: None }
    }

    /// A field of the body with a value that is not allowed.
    pub(super) fn attribute(name: &str, title: impl Into<String>) -> Self {
        Fault::new("invalid-attribute", name, title)
    }

    /// A parameter of the query with a value that is not allowed.
    pub(super) fn parameter(name: &str, title: impl Into<String>) -> Self {
        Fault::new("request-invalid-query-parameter", name, title)
    }

    /// A file that is not taken.
    pub(super) fn file(kind: &'static str, title: impl Into<String>) -> Self {
        Fault::new(kind, "file", title)
    }

    fn write(&self) -> Map<String, Value> {
        let mut body = Map::new();
        match &self.range {
            Some(range) => body.insert("range".to_owned(), range.clone()),
            None => {
                let kind = format!("https://docs.api.video/reference/{}", self.kind);
                body.insert("type".to_owned(), kind.into())
            }
        };
        body.insert("title".to_owned(), self.title.clone().into());
        body.insert("name".to_owned(), self.name.clone().into());
        body.insert("status".to_owned(), 400.into());
        body
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Answer {
        refuse(&[fault]).unwrap_or_else(|| problem(400, "invalid-attribute", "", None))
    }
}

/// One answer for all faults: the first in full, and each in `problems`.
fn refuse(faults: &[Fault]) -> Option<Answer> {
    let mut body = faults.first()?.write();
    let problems = faults.iter().map(|fault| Value::Object(fault.write())).collect();
    body.insert("problems".to_owned(), Value::Array(problems));
    Some(Answer::json(400, &Value::Object(body)))
}

/// The refusal of a request that is not what the document says.
pub(super) fn refusal(call: &Call) -> Option<Answer> {
    let mut faults = query(call);
    faults.extend(body(call));
    refuse(&faults)
}

fn query(call: &Call) -> Vec<Fault> {
    let operation = call.operation;
    let params = &schemas::of(operation.service)["operations"][operation.id]["params"];
    let simple = operation.params.iter().filter(|param| param.place == Place::Query);
    simple.filter_map(|param| parameter(call, param.wire, &params[param.wire])).collect()
}

/// A value of the query is a text; what it should be is said by the schema.
fn parameter(call: &Call, name: &str, schema: &'static Value) -> Option<Fault> {
    let text = call.query(name)?;
    let schema = schemas::resolve(call.operation.service, schema);
    if let Some(allowed) = schema["enum"].as_array() {
        let fits = allowed.iter().any(|value| value == text);
        let title = || format!("This parameter should be one of {}.", listed(allowed));
        return (!fits).then(|| Fault::parameter(name, title()));
    }
    match schema["type"].as_str()? {
        "integer" => {
            let number = text.parse::<i64>().ok();
            let within = |number: i64| {
                schema["minimum"].as_i64().is_none_or(|least| number >= least)
                    && schema["maximum"].as_i64().is_none_or(|most| number <= most)
            };
            if number.is_some_and(within) {
                return None;
            }
            let mut range = Map::new();
            for (short, long) in [("min", "minimum"), ("max", "maximum")] {
                if let Some(bound) = schema.get(long) {
                    range.insert(short.to_owned(), bound.clone());
                }
            }
            let title = "This parameter is out of the allowed range of values.";
            Some(Fault { range: Some(range.into()), ..Fault::parameter(name, title) })
        }
        "boolean" if text != "true" && text != "false" => {
            Some(Fault::parameter(name, "This parameter should be true or false."))
        }
        _ => None,
    }
}

fn listed(values: &[Value]) -> String {
    values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn body(call: &Call) -> Vec<Fault> {
    let operation = call.operation;
    match &operation.body {
        Body::None => Vec::new(),
        Body::Json { .. } if !(call.body.is_object() || call.body.is_null()) => {
            vec![Fault::attribute("", "The body should be a JSON object.")]
        }
        Body::Json { .. } => attributes(call),
        Body::Multipart { fields } => {
            let missing =
                fields.iter().filter(|field| field.required && !has(call, field.wire, field.kind));
            missing
                .map(|field| match field.kind {
                    FieldKind::File => Fault::new(
                        "uploaded-file-no-file",
                        field.wire,
                        "There is no file in the request.",
                    ),
                    _ => required(field.wire),
                })
                .collect()
        }
    }
}

fn has(call: &Call, name: &str, kind: FieldKind) -> bool {
    match kind {
        // By whatever name: one of the official clients calls the part as the file is called.
        FieldKind::File => !call.form.files.is_empty(),
        _ => call.form.field(name).is_some(),
    }
}

fn required(name: &str) -> Fault {
    Fault::new("attribute-required", name, "This attribute is required.")
}

fn attributes(call: &Call) -> Vec<Fault> {
    let operation: &'static Operation = call.operation;
    let schema = schemas::request(operation);
    let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut faults: Vec<Fault> =
        needed.filter(|name| call.body.get(name).is_none()).map(required).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let Some(value) = call.body.get(name) else { continue };
        if !check::fits(operation.service, property, value) {
            let allowed = schemas::resolve(operation.service, property)["enum"].as_array();
            let title = match allowed {
                Some(allowed) => format!("This attribute should be one of {}.", listed(allowed)),
                None => "This attribute is not of the right type or size.".to_owned(),
            };
            faults.push(Fault::attribute(name, title));
        }
    }
    faults
}

/// A 409 for what the state of an object does not allow.
pub(super) fn conflict(kind: &str, title: &str, name: &str, detail: &str) -> Answer {
    let body = json!({
        "type": format!("https://docs.api.video/reference/{kind}"), "title": title, "name": name,
        "status": 409, "detail": detail,
    });
    Answer::json(409, &body)
}
