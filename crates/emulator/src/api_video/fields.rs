//! The fields of an object that its owner sets.

use serde_json::{Map, Value};

use crate::call::Call;
use crate::schemas;

/// What the call gives for a new object: the fields that the document knows and that are not null.
pub(super) fn given(call: &Call) -> Map<String, Value> {
    let known = &schemas::request(call.operation)["properties"];
    let mut fields = call.object();
    fields.retain(|name, value| known.get(name).is_some() && !value.is_null());
    fields
}

/// Changes what the call names; null takes a field back to what it was without it.
pub(super) fn change(fields: &mut Map<String, Value>, call: &Call) {
    fields.retain(|name, _| call.body.get(name) != Some(&Value::Null));
    fields.extend(given(call));
}

/// A field as text; empty for none.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A field as yes or no.
pub(super) fn flag(fields: &Map<String, Value>, name: &str, default: bool) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or(default)
}
