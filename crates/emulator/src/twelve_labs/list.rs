//! Lists: filtered by what the query says, sorted, and cut into pages.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::{Outcome, invalid};
use super::store::Thing;
use crate::answer::Answer;
use crate::call::Call;

/// How a query parameter and a value of a thing compare.
#[derive(Clone, Copy)]
pub(super) enum Test {
    /// The value is one of those given.
    Same,
    /// The value contains the text, upper and lower case alike.
    Contains,
    /// The moment is not before the one given.
    From,
    /// The number lies between `[gte]` and `[lte]`, or is the one given.
    Range,
    /// The caller's own fields have the values given in brackets; the place is a name of `shown`.
    Fields,
}

/// A filter: the query parameter, how it compares, and where the value is.
pub(super) type Filter = (&'static str, Test, &'static str);

/// The parameters of a page, checked.
fn number(call: &Call, name: &str, usual: usize, most: usize) -> Result<usize, Answer> {
    let Some(text) = call.query(name) else { return Ok(usual) };
    text.parse()
        .ok()
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| invalid(call, name, &range(most)))
}

fn range(most: usize) -> String {
    match most {
        usize::MAX => "it must be a whole number from 1".to_owned(),
        most => format!("it must be a whole number from 1 to {most}"),
    }
}

/// The entries of the page that is asked for, and `page_info`.
pub(super) fn cut<T>(call: &Call, entries: Vec<T>) -> Result<(Vec<T>, Value), Answer> {
    let page = number(call, "page", 1, usize::MAX)?;
    let size = number(call, "page_limit", 10, 50)?;
    let total = entries.len();
    let info = json!({
        "limit_per_page": size, "page": page, "total_page": total.div_ceil(size).max(1), "total_results": total,
    });
    let start = (page - 1).saturating_mul(size);
    Ok((entries.into_iter().skip(start).take(size).collect(), info))
}

/// A page of things that fit the query, the newest first unless the call says otherwise.
pub(super) fn page<'a>(
    call: &Call,
    mut things: Vec<&'a Thing>,
    filters: &[Filter],
    write: impl Fn(&'a Thing) -> Value,
) -> Outcome {
    let asked: Vec<&Filter> = filters.iter().filter(|(name, _, _)| is_asked(call, name)).collect();
    for (name, _, _) in asked.iter().filter(|(_, test, _)| matches!(test, Test::From)) {
        if moment(call.query(name)).is_none() {
            return Err(invalid(call, name, "it must be a time like 2026-01-31T10:00:00Z"));
        }
    }
    if !asked.is_empty() {
        things.retain(|thing| {
            let value = write(thing);
            asked.iter().all(|(name, test, pointer)| match test {
                // Lists search the caller's own fields without showing them.
                Test::Fields => thing
                    .shown
                    .get(*pointer)
                    .is_some_and(|own| given(call, name).all(|(key, text)| same(&own[key], text))),
                _ => fits(call, name, *test, value.pointer(pointer).unwrap_or(&Value::Null)),
            })
        });
    }
    sort(call, &mut things, &write)?;
    let (things, info) = cut(call, things)?;
    let data: Vec<Value> = things.into_iter().map(write).collect();
    Ok(Answer::json(200, &json!({ "data": data, "page_info": info })))
}

/// By the moment or name that is asked for; what has the same stays in the order of creation.
fn sort<'a>(
    call: &Call,
    things: &mut [&'a Thing],
    write: &impl Fn(&'a Thing) -> Value,
) -> Result<(), Answer> {
    things.sort_by_key(|thing| thing.order());
    match call.query("sort_by").unwrap_or("created_at") {
        "created_at" => {}
        // As it is shown: the clock changes things too.
        "updated_at" => things.sort_by_cached_key(|thing| {
            (write(thing)["updated_at"].as_str().map(str::to_owned), thing.updated)
        }),
        "name" => things.sort_by(|one, other| one.text("name").cmp(other.text("name"))),
        _ => return Err(invalid(call, "sort_by", "it must be created_at or updated_at")),
    }
    match call.query("sort_option").unwrap_or("desc") {
        "desc" => things.reverse(),
        "asc" => {}
        _ => return Err(invalid(call, "sort_option", "it must be asc or desc")),
    }
    Ok(())
}

fn is_asked(call: &Call, name: &str) -> bool {
    call.query.iter().any(|(known, _)| inside(known, name).is_some())
}

/// What is in the brackets after the name; empty for no brackets.
fn inside<'a>(known: &'a str, name: &str) -> Option<&'a str> {
    let rest = known.strip_prefix(name)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('[')?.strip_suffix(']') }
}

/// What the query gives a filter: what is in the brackets, and the value.
fn given<'a>(call: &'a Call, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let query = call.query.iter();
    query.filter_map(move |(known, text)| inside(known, name).map(|key| (key, text.as_str())))
}

fn fits(call: &Call, name: &str, test: Test, value: &Value) -> bool {
    let mut given = given(call, name);
    match test {
        Test::Same => given.any(|(_, text)| same(value, text)),
        Test::Contains => given.all(|(_, text)| {
            value.as_str().is_some_and(|value| value.to_lowercase().contains(&text.to_lowercase()))
        }),
        Test::From => given.all(|(_, text)| match (moment(value.as_str()), moment(Some(text))) {
            (Some(value), Some(from)) => value >= from,
            _ => false,
        }),
        Test::Range => given.all(|(key, text)| {
            let (Some(value), Ok(bound)) = (value.as_f64(), text.parse::<f64>()) else {
                return false;
            };
            match key {
                "gte" => value >= bound,
                "lte" => value <= bound,
                _ => (value - bound).abs() < f64::EPSILON,
            }
        }),
        Test::Fields => false,
    }
}

/// A day counts from its beginning.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    let text = text?;
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

fn same(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(items) => items.iter().any(|item| same(item, text)),
        Value::Bool(flag) => text == if *flag { "true" } else { "false" },
        Value::Number(number) => {
            text.parse::<f64>().is_ok_and(|text| number.as_f64() == Some(text))
        }
        Value::Null | Value::Object(_) => false,
    }
}
