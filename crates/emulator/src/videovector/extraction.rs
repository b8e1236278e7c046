//! What a language model would have found, made from the prompt's schema: the same each time, and told
//! apart by medium and segment, so that it can be searched for.

use serde_json::{Map, Value, json};

/// Schemas nest; this deep is enough.
const DEEPEST: usize = 12;

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) title: &'a str,
    /// The place of the segment in its medium, from 0.
    pub(super) number: usize,
}

/// An object that fits the schema.
pub(super) fn extract(schema: &Value, about: About<'_>) -> Value {
    let made = value(schema, "", about, 0);
    if made.is_object() { made } else { Value::Object(Map::new()) }
}

fn value(schema: &Value, name: &str, about: About<'_>, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(one) = schema.get("const") {
        return one.clone();
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.is_empty()) {
        return allowed.get(about.number % allowed.len()).cloned().unwrap_or_default();
    }
    for union in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[union].get(0) {
            return value(first, name, about, depth + 1);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") => json!(text(schema, name, about)),
        Some("integer") => json!(bounded(schema, about.number as f64).round() as i64),
        Some("number") => json!(bounded(schema, about.number as f64 + 0.5)),
        Some("boolean") => json!(about.number.is_multiple_of(2)),
        Some("array") => {
            // Lists of lists multiply: only the outermost has several items.
            let most = if depth <= 1 { 16 } else { 1 };
            let least = schema["minItems"].as_u64().unwrap_or(1).clamp(1, most);
            (0..least).map(|_| value(&schema["items"], name, about, depth + 1)).collect()
        }
        Some("null") => Value::Null,
        _ => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            let fields =
                fields.map(|(name, inner)| (name.clone(), value(inner, name, about, depth + 1)));
            Value::Object(fields.collect())
        }
    }
}

fn text(schema: &Value, name: &str, about: About<'_>) -> String {
    let text = format!("{name} of {}, part {}", about.title, about.number + 1);
    let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok());
    let least = schema["minLength"].as_u64().and_then(|least| usize::try_from(least).ok());
    let short = least.unwrap_or(0).min(10_000).saturating_sub(text.chars().count());
    text.chars().chain(std::iter::repeat_n('.', short)).take(most.unwrap_or(usize::MAX)).collect()
}

fn bounded(schema: &Value, number: f64) -> f64 {
    let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    // A schema may ask for what no number is.
    if least > most { least } else { number.clamp(least, most) }
}

/// The fields written out, a line each: what a search by meaning looks at.
pub(super) fn as_text(metadata: &Value) -> String {
    let fields = metadata.as_object().into_iter().flatten();
    let lines = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        value => format!("{name}: {value}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{About, as_text, extract};
    use serde_json::json;

    #[test]
    fn what_is_made_fits_the_schema() {
        let schema = json!({ "type": "object", "required": ["mood", "count"], "properties": {
            "mood": { "type": "string", "enum": ["calm", "loud"] },
            "count": { "type": "integer", "minimum": 3, "maximum": 5 },
            "names": { "type": "array", "items": { "type": "string", "maxLength": 4 }, "minItems": 2 },
            "inner": { "type": "object", "properties": { "ok": { "type": "boolean" } } },
            "either": { "anyOf": [{ "type": "number" }, { "type": "null" }] },
        }});
        let check = jsonschema::validator_for(&schema).unwrap();
        for number in 0..8 {
            let made = extract(&schema, About { title: "Dogs", number });
            assert!(check.is_valid(&made), "{made}");
        }
        let first = extract(&schema, About { title: "Dogs", number: 0 });
        assert!(as_text(&first).contains("mood: calm"));
        let mut deep = json!({ "type": "string" });
        for _ in 0..8 {
            deep = json!({ "type": "array", "minItems": 16, "items": deep });
        }
        let deep = json!({ "type": "object", "properties": { "deep": deep } });
        let made = extract(&deep, About { title: "x", number: 0 });
        assert!(made.to_string().len() < 2000, "lists of lists do not multiply");
        assert_eq!(
            extract(&json!({ "type": "string" }), About { title: "", number: 0 }),
            json!({})
        );
    }
}
