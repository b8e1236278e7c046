//! The parts of an operation: parameters, body, credentials, media type.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use heck::ToSnakeCase;
use serde_json::Value;

use super::document::{Body, Field, FieldKind, Param, Place, Scheme, Style};
use super::overlay::Bearer;
use super::pointer::{is_binary, is_list, resolve, shapes};

pub(crate) fn params(
    root: &Value,
    path: &str,
    raw: &Value,
    renames: &BTreeMap<String, String>,
) -> Result<Vec<Param>> {
    let mut params = Vec::new();
    for entry in raw.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let entry = resolve(root, entry).context("a parameter refers to nothing")?;
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let wire = text("name").to_owned();
        let place = match text("in") {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            other => bail!("parameter `{wire}` is in `{other}`, where framekey sends none"),
        };
        let schema = entry
            .get("schema")
            .with_context(|| format!("parameter `{wire}` has no schema"))?
            .clone();
        let explode = entry.get("explode").and_then(Value::as_bool);
        let style = match (place, text("style")) {
            (Place::Query, "deepObject") => Style::Deep,
            (Place::Query, "" | "form") if is_list(root, &schema) && explode != Some(false) => {
                Style::Repeat
            }
            (Place::Query, "" | "form") | (Place::Path | Place::Header, "" | "simple") => {
                Style::Plain
            }
            (_, other) => {
                bail!("parameter `{wire}` has the style `{other}`, which framekey does not write")
            }
        };
        params.push(Param {
            name: argument_name(&wire, renames)?,
            place,
            style,
            required: place == Place::Path
                || entry.get("required").and_then(Value::as_bool).unwrap_or(false),
            schema,
            text: text("description").to_owned(),
            wire,
        });
    }
    let in_template: Vec<&str> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    let declared = params.iter().filter(|param| param.place == Place::Path);
    for param in declared.clone() {
        ensure!(
            in_template.contains(&param.wire.as_str()),
            "path parameter `{}` is not in `{path}`",
            param.wire
        );
    }
    for name in &in_template {
        ensure!(
            declared.clone().any(|param| param.wire == *name),
            "`{{{name}}}` of the path is not declared"
        );
    }
    Ok(params)
}

pub(crate) fn body(
    root: &Value,
    raw: &Value,
    renames: &BTreeMap<String, String>,
) -> Result<Option<Body>> {
    let Some(body) = raw.get("requestBody") else {
        return Ok(None);
    };
    let content =
        body.get("content").and_then(Value::as_object).context("the body has no `content`")?;
    let mut kinds = content.iter();
    let (Some((media, content)), None) = (kinds.next(), kinds.next()) else {
        bail!("the body has {} media types, and framekey sends one", content.len());
    };
    let multipart = match media.as_str() {
        "application/json" => false,
        "multipart/form-data" => true,
        other => bail!("the body is `{other}`, which framekey does not send"),
    };
    let schema = content.get("schema").context("the body has no schema")?;
    let mut fields = Vec::new();
    let mut required = BTreeSet::new();
    for shape in shapes(root, schema) {
        let names = shape.get("required").and_then(Value::as_array).into_iter().flatten();
        required.extend(names.filter_map(Value::as_str).map(str::to_owned));
    }
    for shape in shapes(root, schema) {
        for (wire, property) in
            shape.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let kind = match multipart {
                false => FieldKind::Value,
                true if is_binary(root, property) => FieldKind::File,
                true if is_list(root, property) => FieldKind::List,
                true => FieldKind::Value,
            };
            fields.push(Field {
                name: argument_name(wire, renames)?,
                wire: wire.clone(),
                kind,
                required: required.contains(wire),
                schema: property.clone(),
            });
        }
    }
    ensure!(!fields.is_empty(), "the body names no field, so that it cannot be filled by name");
    fields.sort_by(|a, b| {
        (a.kind == FieldKind::File, &a.wire).cmp(&(b.kind == FieldKind::File, &b.wire))
    });
    fields.dedup_by(|a, b| a.wire == b.wire);
    Ok(Some(Body {
        multipart,
        required: body.get("required").and_then(Value::as_bool).unwrap_or(false),
        schema: schema.clone(),
        fields,
    }))
}

fn argument_name(wire: &str, renames: &BTreeMap<String, String>) -> Result<String> {
    let name = renames.get(wire).cloned().unwrap_or_else(|| wire.to_snake_case());
    ensure!(
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "`{wire}` becomes `{name}`, which is no argument name"
    );
    Ok(name)
}

pub(crate) fn security(
    root: &Value,
    raw: &Value,
    decided: Option<Vec<Vec<String>>>,
    bearer: Option<Bearer>,
) -> Result<Vec<Scheme>> {
    let alternatives: Vec<Vec<String>> =
        match (decided, raw.get("security").and_then(Value::as_array)) {
            (Some(decided), _) => decided,
            (None, Some(written)) => written
                .iter()
                .map(|alternative| {
                    alternative
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name.clone())
                        .collect()
                })
                .collect(),
            (None, None) => bail!(
                "nothing says which credentials it accepts; add `security` (`[]`: none is sent)"
            ),
        };
    let mut schemes = Vec::new();
    for alternative in alternatives {
        let [name] = alternative.as_slice() else {
            bail!(
                "an alternative of `security` has {} schemes at once; framekey sends one",
                alternative.len()
            );
        };
        let scheme = root
            .pointer(&format!("/components/securitySchemes/{name}"))
            .with_context(|| format!("`security` names `{name}`, which is no security scheme"))?;
        let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
        schemes.push(match (text("type"), text("scheme"), text("in")) {
            ("http", "basic", _) => Scheme::Basic,
            ("http", "bearer", _) => Scheme::Bearer(bearer.unwrap_or(Bearer::Any)),
            ("apiKey", _, "header") => Scheme::ApiKeyHeader(text("name").to_owned()),
            ("apiKey", _, "query") => Scheme::ApiKeyQuery(text("name").to_owned()),
            _ => bail!("the security scheme `{name}` is of a type that framekey does not know"),
        });
    }
    ensure!(
        bearer.is_none() || schemes.iter().any(|scheme| matches!(scheme, Scheme::Bearer(_))),
        "the overlay says which bearer token it accepts, and it accepts none"
    );
    Ok(schemes)
}

/// JSON where there is some, else the first media type of a success.
pub(crate) fn accept(raw: &Value) -> String {
    let answers = raw.get("responses").and_then(Value::as_object).into_iter().flatten();
    let media: Vec<&String> = answers
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, answer)| answer.get("content").and_then(Value::as_object))
        .flat_map(serde_json::Map::keys)
        .collect();
    let json = "application/json";
    match media.first() {
        Some(first) if !media.iter().any(|kind| *kind == json) => (*first).clone(),
        _ => json.to_owned(),
    }
}
