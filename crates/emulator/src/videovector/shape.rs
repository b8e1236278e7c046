//! Bodies in the service's shape: every field of the schema, at its default or null, with what is
//! known laid over it. So an answer holds what the service's own models hold.

use std::collections::HashMap;
use std::sync::LazyLock;

use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use crate::schemas;

static EMPTY: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    let all = schemas::of(Service::VideoVector)["schemas"].as_object();
    all.into_iter().flatten().map(|(name, schema)| (name.as_str(), empty(schema))).collect()
});

/// An object of the schema `name` with these fields.
pub(super) fn of(name: &str, known: Value) -> Value {
    let mut object = EMPTY.get(name).cloned().unwrap_or_else(|| json!({}));
    lay_over(&mut object, known);
    object
}

/// Lays the fields of an object over those of another one.
pub(super) fn lay_over(object: &mut Value, fields: Value) {
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
}

fn empty(schema: &'static Value) -> Value {
    let schema = schemas::resolve(Service::VideoVector, schema);
    let fields = schema["properties"].as_object().into_iter().flatten();
    Value::Object(fields.filter_map(|(name, field)| Some((name.clone(), rest(field)?))).collect())
}

/// What a field holds when nothing is known; `None` for fields that are always known.
fn rest(field: &'static Value) -> Option<Value> {
    let field = schemas::resolve(Service::VideoVector, field);
    if let Some(default) = field.get("default") {
        return Some(default.clone());
    }
    if field["nullable"] == true {
        return Some(Value::Null);
    }
    match field["type"].as_str() {
        Some("array") => Some(json!([])),
        Some("object") if field.get("properties").is_some() => Some(empty(field)),
        Some("object") => Some(Value::Object(Map::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_not_known_is_at_its_default_or_null() {
        let run = super::of("PromptRun", json!({ "run_id": "r", "total_videos": 3 }));
        assert_eq!((&run["run_id"], &run["total_videos"]), (&json!("r"), &json!(3)));
        assert_eq!(run["completed_videos"], 0);
        assert!(run["error_message"].is_null() && run.get("error_message").is_some());
        assert_eq!(run["marker"]["marker_id"], json!(null));
        assert!(run.get("prompt_name").is_none());
    }
}
