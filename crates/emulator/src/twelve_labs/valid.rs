//! Requests held against the document: what is required, and what a value may be.

use framekey_catalog::{Body, FieldKind, Place, Service};
use serde_json::Value;

use super::refusal::{invalid, not_provided, refuse};
use crate::answer::Answer;
use crate::call::Call;
use crate::schemas::{self, resolve};

const SERVICE: Service = Service::TwelveLabs;

/// Refuses a call whose query, form or body is not what the document says.
pub(super) fn check(call: &Call) -> Result<(), Answer> {
    query(call)?;
    match &call.operation.body {
        Body::None => Ok(()),
        Body::Multipart { .. } => form(call),
        Body::Json { .. } => body(call),
    }
}

/// The name and the schema of each field of the request.
fn fields(call: &Call) -> impl Iterator<Item = (&'static String, &'static Value)> {
    let schema = schemas::request(call.operation);
    schema["properties"].as_object().into_iter().flatten()
}

fn query(call: &Call) -> Result<(), Answer> {
    let params = &schemas::of(SERVICE)["operations"][call.operation.id]["params"];
    for param in call.operation.params.iter().filter(|param| param.place == Place::Query) {
        let schema = resolve(SERVICE, &params[param.wire]);
        for (name, text) in &call.query {
            let inner = name.strip_prefix(param.wire).map(|rest| rest.trim_matches(['[', ']']));
            let (schema, known) = match inner {
                Some("") => (schema, true),
                Some(inner) if name.ends_with(']') => match schema["properties"].get(inner) {
                    Some(property) => (resolve(SERVICE, property), true),
                    // The caller's own fields have any names.
                    None => (schema, schema.get("additionalProperties").is_some()),
                },
                _ => continue,
            };
            if !known || !text_fits(schema, text) {
                return Err(invalid(call, name, &wanted(schema)));
            }
        }
    }
    Ok(())
}

fn form(call: &Call) -> Result<(), Answer> {
    let Body::Multipart { fields: rows } = &call.operation.body else { return Ok(()) };
    let is_there = |wire: &str| call.form.field(wire).is_some();
    let missing = rows.iter().find(|row| {
        row.required
            && match row.kind {
                FieldKind::File => call.form.files.is_empty(),
                _ => !is_there(row.wire),
            }
    });
    if let Some(row) = missing {
        return Err(not_provided(call, row.wire));
    }
    for (name, schema) in fields(call) {
        let schema = resolve(SERVICE, schema);
        for text in call.form.fields.get(name).into_iter().flatten() {
            if !text_fits(schema, text) {
                return Err(invalid(call, name, &wanted(schema)));
            }
        }
    }
    Ok(())
}

fn body(call: &Call) -> Result<(), Answer> {
    let schema = schemas::request(call.operation);
    if !call.body.is_object() && !call.body.is_null() {
        return Err(refuse(call, 400, "parameter_invalid", "The body must be a JSON object."));
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| call.body.get(*name).is_none()) {
        return Err(not_provided(call, name));
    }
    for (name, schema) in fields(call) {
        if let Some(value) = call.body.get(name)
            && let Some((path, should)) = wrong(schema, value, name)
        {
            return Err(invalid(call, &path, &should));
        }
    }
    Ok(())
}

/// What a value must be, in words.
fn wanted(schema: &Value) -> String {
    let schema = if schema["type"] == "array" {
        schema.get("items").map_or(schema, |items| if items.is_object() { items } else { schema })
    } else {
        schema
    };
    if let Some(allowed) = schema["enum"].as_array() {
        let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        return format!("it must be one of {}", allowed.join(", "));
    }
    let kind = schema["type"].as_str().unwrap_or("value of a known form");
    let mut text = format!("it must be of type {kind}");
    for (name, word) in [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "with at least"),
        ("maxLength", "with at most"),
        ("minItems", "with at least"),
        ("maxItems", "with at most"),
    ] {
        if let Some(bound) = schema.get(name) {
            text = format!("{text}, {word} {bound}");
        }
    }
    text
}

/// Whether a text of a query or a form is a value of the schema.
fn text_fits(schema: &'static Value, text: &str) -> bool {
    let schema = resolve(SERVICE, schema);
    if let Some(variants) = schema["oneOf"].as_array() {
        return variants.iter().any(|variant| text_fits(variant, text));
    }
    match schema["type"].as_str() {
        Some("array") => text_fits(&schema["items"], text),
        Some("boolean") => matches!(text, "true" | "false" | "True" | "False"),
        Some("integer" | "number") => serde_json::from_str::<Value>(text)
            .is_ok_and(|number| number.is_number() && wrong(schema, &number, "").is_none()),
        Some("string") => wrong(schema, &Value::from(text), "").is_none(),
        _ => true,
    }
}

/// The first place where a value is not what its schema says, and what it should be.
fn wrong(schema: &'static Value, value: &Value, path: &str) -> Option<(String, String)> {
    let schema = resolve(SERVICE, schema);
    if value.is_null() && schema["nullable"] == true {
        return None;
    }
    let here = || Some((path.to_owned(), wanted(schema)));
    if let Some(variants) = schema["oneOf"].as_array() {
        let Some(tag) = schema["discriminator"]["propertyName"].as_str() else {
            let fits = variants.iter().any(|variant| wrong(variant, value, path).is_none());
            return if fits { None } else { here() };
        };
        let named = value[tag].as_str().unwrap_or_default();
        return match schemas::variant(SERVICE, schema, named) {
            Some(variant) => wrong(variant, value, path),
            None => {
                let known = schema["discriminator"]["mapping"].as_object().into_iter().flatten();
                let known: Vec<&str> = known.map(|(tag, _)| tag.as_str()).collect();
                Some((format!("{path}.{tag}"), format!("it must be one of {}", known.join(", "))))
            }
        };
    }
    if let Some(allowed) = schema["enum"].as_array() {
        return if allowed.contains(value) { None } else { here() };
    }
    let bound = |name: &str| schema[name].as_f64();
    let within = |size: f64, least: &str, most: &str| {
        bound(least).is_none_or(|least| size >= least)
            && bound(most).is_none_or(|most| size <= most)
    };
    let good = match schema["type"].as_str() {
        Some("string") => value
            .as_str()
            .is_some_and(|text| within(text.chars().count() as f64, "minLength", "maxLength")),
        Some("boolean") => value.is_boolean(),
        Some("integer") if !(value.is_i64() || value.is_u64()) => false,
        Some("integer" | "number") => {
            value.as_f64().is_some_and(|number| within(number, "minimum", "maximum"))
        }
        Some("array") => {
            let Some(items) = value.as_array() else { return here() };
            let inside = items
                .iter()
                .enumerate()
                .find_map(|(at, item)| wrong(&schema["items"], item, &format!("{path}[{at}]")));
            if inside.is_some() {
                return inside;
            }
            within(items.len() as f64, "minItems", "maxItems")
        }
        Some("object") => {
            let Some(object) = value.as_object() else { return here() };
            let mut required = schema["required"].as_array().into_iter().flatten();
            let missing =
                required.find_map(|name| name.as_str().filter(|name| !object.contains_key(*name)));
            if let Some(name) = missing {
                return Some((format!("{path}.{name}"), "it is required".to_owned()));
            }
            // Fields of any other name may have a type as well.
            let more = schema.get("additionalProperties").filter(|more| more.is_object());
            return object.iter().find_map(|(name, value)| {
                let inner = schema["properties"].get(name).or(more)?;
                wrong(inner, value, &format!("{path}.{name}"))
            });
        }
        _ => true,
    };
    if good { None } else { here() }
}
