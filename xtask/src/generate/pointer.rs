//! Finding one's way in a document: references, and dotted paths through schemas.

use serde_json::Value;

/// Follows `$ref` inside one document until something else is there.
pub(crate) fn resolve<'a>(root: &'a Value, mut value: &'a Value) -> Option<&'a Value> {
    for _ in 0..32 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Some(value);
        };
        value = root.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

/// The name that a `$ref` to a component ends with.
pub(crate) fn reference_name(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next())
}

/// The schemas that a schema may stand for: itself, its parts (`allOf`) and its variants.
pub(crate) fn shapes<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let Some(schema) = resolve(root, schema) else {
        return Vec::new();
    };
    let mut found = vec![schema];
    for key in ["allOf", "oneOf", "anyOf"] {
        for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            found.extend(shapes(root, part));
        }
    }
    found
}

/// The schema at a dotted path; an empty path is the schema itself.
pub(crate) fn at_path<'a>(root: &'a Value, schema: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return resolve(root, schema);
    }
    let (head, tail) = path.split_once('.').unwrap_or((path, ""));
    shapes(root, schema)
        .into_iter()
        .filter_map(|shape| shape.get("properties")?.get(head))
        .find_map(|property| at_path(root, property, tail))
}

/// Whether a schema is a list, in one of its shapes.
pub(crate) fn is_list(root: &Value, schema: &Value) -> bool {
    shapes(root, schema).iter().any(|shape| shape.get("type").is_some_and(|kind| kind == "array"))
}

/// Whether a schema is bytes, in one of its shapes or in the items of one.
pub(crate) fn is_binary(root: &Value, schema: &Value) -> bool {
    shapes(root, schema).iter().any(|shape| {
        shape.get("format").is_some_and(|format| format == "binary")
            || shape.get("items").is_some_and(|items| is_binary(root, items))
    })
}
