//! The kind of an argument, as far as it is simple enough to say in a signature.

use serde_json::Value;

use super::super::pointer::resolve;

/// What an argument takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Flag,
    List(Box<Kind>),
    Object,
    /// A file; `many`: or a list of files.
    File {
        many: bool,
    },
    Any,
}

/// The kind of a schema, and whether it also takes null.
pub(super) fn of(root: &Value, schema: &Value) -> (Kind, bool) {
    let Some(schema) = resolve(root, schema) else {
        return (Kind::Any, false);
    };
    let nullable = schema.get("nullable").is_some_and(|flag| flag == true);
    // A description or `nullable` beside a reference is written as `allOf` with one part.
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        let (kind, inner) = of(root, only);
        return (kind, nullable || inner);
    }
    let kind = match schema.get("type").and_then(Value::as_str) {
        Some("string") if schema.get("format").is_some_and(|format| format == "binary") => {
            Kind::File { many: false }
        }
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Flag,
        Some("array") => match schema.get("items").map_or(Kind::Any, |items| of(root, items).0) {
            Kind::File { .. } => Kind::File { many: true },
            item => Kind::List(Box::new(item)),
        },
        Some("object") => Kind::Object,
        _ if schema.get("properties").is_some() => Kind::Object,
        _ => Kind::Any,
    };
    (kind, nullable)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn simple_schemas_have_a_kind_and_others_any() {
        let root = json!({"components": {"schemas": {"Name": {"type": "string"}}}});
        let name = json!({"$ref": "#/components/schemas/Name"});
        assert_eq!(of(&root, &name), (Kind::Text, false));
        assert_eq!(of(&root, &json!({"allOf": [name], "nullable": true})), (Kind::Text, true));
        let list = json!({"type": "array", "items": name});
        assert_eq!(of(&root, &list), (Kind::List(Box::new(Kind::Text)), false));
        let files = json!({"type": "array", "items": {"type": "string", "format": "binary"}});
        assert_eq!(of(&root, &files), (Kind::File { many: true }, false));
        assert_eq!(of(&root, &json!({"oneOf": [name, list]})), (Kind::Any, false));
    }
}
