//! Whether an answer is what a step expects. A difference is a sentence for an issue: it holds no
//! value of a field that may be secret.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::tap::Seen;

/// Field names, parts of which tell a secret, or a URL that may bear one.
const SECRET: [&str; 6] = ["token", "key", "secret", "url", "uri", "authorization"];

/// What differs; `None` when all is as it should be.
pub fn differs(seen: &Seen, step: &crate::case::Step) -> Option<String> {
    if !step.status.is_empty() && !step.status.contains(&seen.status) {
        return Some(format!("expected status {:?}, service said {}", step.status, seen.status));
    }
    let headers = step.headers.iter().find_map(|(name, wanted)| {
        let found = seen.headers.get(name).map(|text| Value::from(text.as_str()));
        compare(&format!("header {name}"), found.as_ref(), wanted)
    });
    let fields = || step.fields.iter().find_map(|(at, wanted)| names(at, &seen.body, wanted));
    let values =
        || step.body.iter().find_map(|(at, wanted)| compare(at, seen.body.pointer(at), wanted));
    headers.or_else(fields).or_else(values)
}

/// The field names of an object, all of them.
fn names(at: &str, body: &Value, wanted: &[String]) -> Option<String> {
    let Some(object) = body.pointer(at).and_then(Value::as_object) else {
        return Some(format!(
            "expected an object at `{at}`, service said {}",
            kind(body.pointer(at))
        ));
    };
    let may: Vec<&str> = wanted.iter().map(|name| name.trim_end_matches('?')).collect();
    let lacks = wanted.iter().find(|name| !name.ends_with('?') && !object.contains_key(*name));
    let extra = object.keys().find(|name| !may.contains(&name.as_str()));
    let found: Vec<&str> = object.keys().map(String::as_str).collect();
    (lacks.is_some() || extra.is_some()).then(|| {
        format!(
            "expected the fields {} at `{at}`, service said {}",
            wanted.join(", "),
            found.join(", ")
        )
    })
}

/// One value: as given, or by a test such as `{ starts: vi }`.
fn compare(at: &str, found: Option<&Value>, wanted: &Value) -> Option<String> {
    let is_good = match wanted.as_object().and_then(|object| object.iter().next()) {
        Some((test, wanted)) => passes(test, found, wanted),
        None => found == Some(wanted),
    };
    (!is_good).then(|| format!("expected {wanted} at `{at}`, service said {}", shown(at, found)))
}

fn passes(test: &str, found: Option<&Value>, wanted: &Value) -> bool {
    let text = found.and_then(Value::as_str);
    let number = found.and_then(Value::as_f64);
    let part = wanted.as_str().unwrap_or_default();
    match test {
        "is" => kind(found) == part,
        "starts" => text.is_some_and(|text| text.starts_with(part)),
        "ends" => text.is_some_and(|text| text.ends_with(part)),
        "has" => text.is_some_and(|text| text.contains(part)),
        "one_of" => {
            found.is_some_and(|found| wanted.as_array().is_some_and(|all| all.contains(found)))
        }
        "least" => number.zip(wanted.as_f64()).is_some_and(|(found, least)| found >= least),
        "length" => {
            let length = match found {
                Some(Value::Array(items)) => Some(items.len()),
                Some(Value::String(text)) => Some(text.len()),
                _ => None,
            };
            length.map(|length| length as u64) == wanted.as_u64()
        }
        "not" => found.is_some_and(|found| found != wanted),
        _ => false,
    }
}

/// The names of the tests, for the check of the cases.
pub const TESTS: [&str; 8] = ["is", "starts", "ends", "has", "one_of", "least", "length", "not"];

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "absent",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(number)) if number.is_f64() => "number",
        Some(Value::Number(_)) => "integer",
        Some(Value::String(_)) => "text",
        Some(Value::Array(_)) => "list",
        Some(Value::Object(_)) => "object",
    }
}

fn shown(at: &str, found: Option<&Value>) -> String {
    let name = at.rsplit('/').next().unwrap_or(at).to_ascii_lowercase();
    match found {
        Some(Value::String(text)) if SECRET.iter().any(|part| name.contains(part)) => {
            format!("a text of {} bytes, hidden", text.len())
        }
        Some(value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => {
            value.to_string().chars().take(200).collect()
        }
        other => kind(other).to_owned(),
    }
}

/// Puts what was saved in the place of `${name}`.
pub fn filled(value: &Value, saved: &BTreeMap<String, Value>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match whole(text) {
            Some(name) => {
                saved.get(name).cloned().ok_or_else(|| format!("nothing saved as {name}"))?
            }
            None => Value::String(text_filled(text, saved)?),
        },
        Value::Array(items) => {
            items.iter().map(|item| filled(item, saved)).collect::<Result<_, _>>()?
        }
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| Ok((name.clone(), filled(value, saved)?)))
            .collect::<Result<_, String>>()?,
        other => other.clone(),
    })
}

fn whole(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|name| !name.contains('}'))
}

/// The same inside of a text.
pub fn text_filled(text: &str, saved: &BTreeMap<String, Value>) -> Result<String, String> {
    let Some((before, rest)) = text.split_once("${") else { return Ok(text.to_owned()) };
    let (name, after) = rest.split_once('}').ok_or_else(|| format!("`{text}` has no `}}`"))?;
    let value = saved.get(name).ok_or_else(|| format!("nothing saved as {name}"))?;
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(format!("{before}{value}{}", text_filled(after, saved)?))
}
