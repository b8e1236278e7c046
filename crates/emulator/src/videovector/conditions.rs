//! Exact tests on extracted fields.

use serde_json::Value;

use super::rules::invalid;
use crate::answer::Answer;

/// Operators by type of field.
const OPERATORS: [(&str, &[&str]); 5] = [
    ("string", &["equals", "contains", "starts_with", "ends_with", "is_empty", "is_not_empty"]),
    ("integer", &["equals", "greater_than", "greater_equal", "less_than", "less_equal"]),
    ("number", &["equals", "greater_than", "greater_equal", "less_than", "less_equal"]),
    ("boolean", &["equals"]),
    (
        "array",
        &[
            "item_equals",
            "item_contains",
            "length_equals",
            "length_greater",
            "length_less",
            "is_empty",
            "is_not_empty",
        ],
    ),
];

/// One test, checked.
pub(super) struct Condition<'a> {
    field: &'a str,
    operator: &'a str,
    value: &'a Value,
}

/// Reads conditions as the service takes them.
pub(super) fn read(conditions: &[Value]) -> Result<Vec<Condition<'_>>, Answer> {
    conditions.iter().enumerate().map(|(place, condition)| one(condition, place)).collect()
}

fn one(condition: &Value, place: usize) -> Result<Condition<'_>, Answer> {
    let refuse =
        |message: &str| invalid("conditions", &format!("Condition {}: {message}", place + 1));
    let text = |name: &str| condition[name].as_str().filter(|text| !text.is_empty());
    let field = text("field").ok_or_else(|| refuse("field is a text that is not empty."))?;
    let kind = text("type").ok_or_else(|| refuse("type is required."))?;
    let operator = text("operator").ok_or_else(|| refuse("operator is required."))?;
    let known = OPERATORS.iter().find(|(name, _)| *name == kind).map(|(_, operators)| *operators);
    let known =
        known.ok_or_else(|| refuse("type is string, integer, number, boolean or array."))?;
    if !known.contains(&operator) {
        return Err(refuse(&format!("{operator} does not go with type {kind}.")));
    }
    let value = &condition["value"];
    let fits = match (kind, operator) {
        (_, "is_empty" | "is_not_empty") => condition.get("value").is_none(),
        ("string", _) | ("array", "item_contains") => {
            value.as_str().is_some_and(|text| !text.trim().is_empty())
        }
        ("integer", _) => value.is_i64() || value.is_u64(),
        ("number", _) => value.is_number(),
        ("boolean", _) => value.is_boolean(),
        (_, "length_equals" | "length_greater" | "length_less") => value.is_u64(),
        _ => !value.is_null() && !value.is_array() && !value.is_object(),
    };
    if !fits {
        return Err(refuse(&format!(
            "value does not go with type {kind} and operator {operator}."
        )));
    }
    Ok(Condition { field, operator, value })
}

impl Condition<'_> {
    /// Whether extracted fields pass.
    pub(super) fn holds(&self, metadata: &Value) -> bool {
        let field = self.field.split('.').try_fold(metadata, |inner, name| inner.get(name));
        let field = field.unwrap_or(&Value::Null);
        let texts = || Some((field.as_str()?.to_lowercase(), self.value.as_str()?.to_lowercase()));
        let numbers = || Some((field.as_f64()?, self.value.as_f64()?));
        let items = || field.as_array().map_or(&[][..], Vec::as_slice);
        let size = || self.value.as_u64().and_then(|size| usize::try_from(size).ok());
        match self.operator {
            "equals" => numbers().map_or_else(|| field == self.value, |(have, want)| have == want),
            "contains" => texts().is_some_and(|(have, want)| have.contains(&want)),
            "starts_with" => texts().is_some_and(|(have, want)| have.starts_with(&want)),
            "ends_with" => texts().is_some_and(|(have, want)| have.ends_with(&want)),
            "greater_than" => numbers().is_some_and(|(have, want)| have > want),
            "greater_equal" => numbers().is_some_and(|(have, want)| have >= want),
            "less_than" => numbers().is_some_and(|(have, want)| have < want),
            "less_equal" => numbers().is_some_and(|(have, want)| have <= want),
            "item_equals" => items().contains(self.value),
            "item_contains" => {
                let want = self.value.as_str().unwrap_or_default();
                items().iter().filter_map(Value::as_str).any(|item| item.contains(want))
            }
            "length_equals" => size() == Some(items().len()),
            "length_greater" => size().is_some_and(|size| items().len() > size),
            "length_less" => size().is_some_and(|size| items().len() < size),
            "is_empty" => is_empty(field),
            _ => !is_empty(field),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Value, json};

    fn holds(condition: Value) -> bool {
        let metadata = json!({ "mood": "calm", "count": 3, "ok": true, "tags": ["a", "bc"],
            "inner": { "text": "" } });
        let conditions = [condition];
        let read = read(&conditions).unwrap_or_else(|_| panic!("{}", conditions[0]));
        read.iter().all(|one| one.holds(&metadata))
    }

    #[test]
    fn each_operator() {
        for (field, kind, operator, yes, no) in [
            ("mood", "string", "equals", json!("calm"), json!("cal")),
            ("mood", "string", "contains", json!("al"), json!("x")),
            ("mood", "string", "starts_with", json!("ca"), json!("lm")),
            ("mood", "string", "ends_with", json!("lm"), json!("ca")),
            ("count", "integer", "equals", json!(3), json!(4)),
            ("count", "number", "greater_than", json!(2.5), json!(3)),
            ("count", "integer", "greater_equal", json!(3), json!(4)),
            ("count", "integer", "less_than", json!(4), json!(3)),
            ("count", "integer", "less_equal", json!(3), json!(2)),
            ("ok", "boolean", "equals", json!(true), json!(false)),
            ("tags", "array", "item_equals", json!("a"), json!("b")),
            ("tags", "array", "item_contains", json!("b"), json!("x")),
            ("tags", "array", "length_equals", json!(2), json!(1)),
            ("tags", "array", "length_greater", json!(1), json!(2)),
            ("tags", "array", "length_less", json!(3), json!(2)),
        ] {
            let of = |value: &Value| json!({ "field": field, "type": kind, "operator": operator, "value": value });
            assert!(holds(of(&yes)) && !holds(of(&no)), "{kind} {operator}");
        }
        let bare = |field: &str, operator: &str| json!({ "field": field, "type": "string", "operator": operator });
        assert!(holds(bare("inner.text", "is_empty")) && holds(bare("absent", "is_empty")));
        assert!(holds(bare("mood", "is_not_empty")) && !holds(bare("mood", "is_empty")));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for bad in [
            json!({ "field": "a", "type": "boolean", "operator": "contains", "value": true }),
            json!({ "field": "a", "type": "string", "operator": "equals" }),
            json!({ "field": "a", "type": "string", "operator": "is_empty", "value": "x" }),
            json!({ "field": "", "type": "string", "operator": "equals", "value": "x" }),
            json!({ "field": "a", "type": "date", "operator": "equals", "value": "x" }),
            json!({ "field": "a", "type": "integer", "operator": "equals", "value": 1.5 }),
            json!("text"),
        ] {
            assert!(read(std::slice::from_ref(&bad)).is_err(), "{bad}");
        }
    }
}
