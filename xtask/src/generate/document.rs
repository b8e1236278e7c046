//! One service's document and overlay, read into operations and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use heck::ToSnakeCase;
use serde_json::Value;

use super::overlay::{Bearer, Decision, Overlay, Page, Retry, Scope, Stream};
use super::pointer::{is_binary, is_list, resolve, shapes};
use super::service::Service;
use super::yaml;

/// A service's document, ready to generate from.
pub(crate) struct Document {
    pub(crate) service: Service,
    /// The document as it is written.
    pub(crate) root: Value,
    /// Sorted by id.
    pub(crate) operations: Vec<Operation>,
    /// The texts that were read, for hashing: document and overlay.
    pub(crate) sources: [String; 2],
}

/// One operation.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) resource: String,
    pub(crate) verb: String,
    pub(crate) operation_id: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) params: Vec<Param>,
    pub(crate) body: Option<Body>,
    pub(crate) security: Vec<Scheme>,
    pub(crate) scope: Option<Scope>,
    pub(crate) retry: Retry,
    pub(crate) page: Option<Page>,
    pub(crate) stream: Option<Stream>,
    pub(crate) accept: String,
    /// The operation as it is written.
    pub(crate) raw: Value,
}

pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) place: Place,
    pub(crate) style: Style,
    pub(crate) required: bool,
    pub(crate) schema: Value,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Repeat,
    Deep,
}

pub(crate) struct Body {
    pub(crate) multipart: bool,
    pub(crate) required: bool,
    pub(crate) schema: Value,
    /// By wire name, files last: services that read a form as a stream want the texts first.
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) kind: FieldKind,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Value,
    List,
    File,
}

/// A credential by type.
pub(crate) enum Scheme {
    Basic,
    Bearer(Bearer),
    ApiKeyHeader(String),
    ApiKeyQuery(String),
}

const METHODS: [(&str, &str); 5] =
    [("get", "Get"), ("post", "Post"), ("put", "Put"), ("patch", "Patch"), ("delete", "Delete")];

impl Document {
    /// Reads `spec/<slug>/openapi.yaml` and its overlay.
    pub(crate) fn read(root: &Path, service: Service) -> Result<Self> {
        let file = format!("spec/{}/openapi.yaml", service.slug);
        let overlay_file = format!("spec/{}/overlay.yaml", service.slug);
        let text = yaml::text(root, &file)?;
        let overlay_text = yaml::text(root, &overlay_file)?;
        let content: Value = yaml::parse(&file, &text)?;
        // The generator's own reading: structure that OpenAPI does not know fails here.
        serde_json::from_value::<openapiv3::OpenAPI>(content.clone())
            .map_err(|fault| anyhow!("{file}: not an OpenAPI 3.0 document: {fault}"))?;
        let raw = raw_operations(&content).with_context(|| file.clone())?;
        let ids: Vec<String> = raw.iter().map(|raw| raw.id.clone()).collect();
        let overlay = Overlay::read(&overlay_file, &overlay_text, service.slug, &ids)?;
        let mut operations = Vec::new();
        for raw in raw {
            let id = raw.id.clone();
            let decision = overlay.of(&id);
            operations.push(
                Operation::read(&content, raw, decision)
                    .with_context(|| format!("{file}: operation `{id}`"))?,
            );
        }
        operations.sort_by(|a, b| a.id.cmp(&b.id));
        let document =
            Document { service, root: content, operations, sources: [text, overlay_text] };
        for operation in &document.operations {
            super::pages::check(&document, operation)
                .with_context(|| format!("{overlay_file}: operation `{}`", operation.id))?;
        }
        Ok(document)
    }

    /// The operation of an id.
    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// The component schemas by name.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.root.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten()
    }
}

struct Raw {
    id: String,
    resource: String,
    verb: String,
    operation_id: String,
    method: &'static str,
    path: String,
    value: Value,
}

fn raw_operations(root: &Value) -> Result<Vec<Raw>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let paths = root.get("paths").and_then(Value::as_object).context("has no `paths`")?;
    for (path, item) in paths {
        for (key, value) in item.as_object().into_iter().flatten() {
            let Some((_, method)) = METHODS.iter().find(|(name, _)| name == key) else {
                bail!(
                    "`{path}`: `{key}` is not a method that framekey knows; parameters stand with each operation"
                );
            };
            let place = format!("`{} {path}`", key.to_uppercase());
            let text = |name: &str| {
                value
                    .get(name)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
                    .with_context(|| {
                        format!("operation {place} has no `{name}`, so it has no door")
                    })
            };
            let (resource, verb, operation_id) =
                (text("x-resource")?, text("x-verb")?, text("operationId")?);
            let id = format!("{resource}.{verb}");
            for part in id.split('.') {
                ensure!(
                    !part.is_empty() && part == part.to_snake_case(),
                    "operation {place}: `{id}` is not made of snake-case names"
                );
            }
            ensure!(
                operation_id == id.replace('.', "_"),
                "operation {place}: operationId is `{operation_id}`, and resource and verb make `{}`",
                id.replace('.', "_")
            );
            ensure!(
                seen.insert(operation_id.clone()),
                "operation {place}: the id `{id}` is taken already"
            );
            found.push(Raw {
                id,
                resource,
                verb,
                operation_id,
                method,
                path: path.clone(),
                value: value.clone(),
            });
        }
    }
    ensure!(!found.is_empty(), "has no operations");
    Ok(found)
}

impl Operation {
    fn read(root: &Value, raw: Raw, decision: Decision) -> Result<Self> {
        let renames = decision.arguments.unwrap_or_default();
        let params = read_params(root, &raw, &renames)?;
        let body = read_body(root, &raw.value, &renames)?;
        let mut names = BTreeMap::new();
        let fields =
            body.iter().flat_map(|body| &body.fields).map(|field| (&field.name, &field.wire));
        for (name, wire) in params.iter().map(|param| (&param.name, &param.wire)).chain(fields) {
            if let Some(other) = names.insert(name, wire) {
                bail!(
                    "`{other}` and `{wire}` both become the argument `{name}`; rename one in the overlay (`arguments`)"
                );
            }
        }
        for wire in renames.keys() {
            ensure!(
                names.values().any(|known| *known == wire),
                "the overlay renames `{wire}`, which is no argument"
            );
        }
        let keyed = params.iter().any(|param| param.wire.eq_ignore_ascii_case("idempotency-key"));
        let retry = decision.retry.unwrap_or(match raw.method {
            "Get" => Retry::Safe,
            "Put" | "Delete" => Retry::Idempotent,
            "Post" if keyed => Retry::Keyed,
            _ => Retry::Unsafe,
        });
        let security = read_security(root, &raw.value, decision.security, decision.bearer)?;
        Ok(Operation {
            accept: accept(&raw.value),
            id: raw.id,
            resource: raw.resource,
            verb: raw.verb,
            operation_id: raw.operation_id,
            method: raw.method,
            path: raw.path,
            params,
            body,
            security,
            scope: decision.scope,
            retry,
            page: decision.page,
            stream: decision.stream,
            raw: raw.value,
        })
    }

    /// The success answers: status and answer object, in order of status.
    pub(crate) fn successes(&self) -> impl Iterator<Item = (&String, &Value)> {
        let answers = self.raw.get("responses").and_then(Value::as_object);
        answers.into_iter().flatten().filter(|(status, _)| status.starts_with('2'))
    }

    /// The schema of the JSON success answer.
    pub(crate) fn answer(&self) -> Option<&Value> {
        self.successes().find_map(|(_, answer)| answer.pointer("/content/application~1json/schema"))
    }

    /// A text of the operation: `summary` or `description`.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.raw.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

fn read_params(root: &Value, raw: &Raw, renames: &BTreeMap<String, String>) -> Result<Vec<Param>> {
    let mut params = Vec::new();
    for entry in raw.value.get("parameters").and_then(Value::as_array).into_iter().flatten() {
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
    let in_template: Vec<&str> = raw
        .path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    let declared = params.iter().filter(|param| param.place == Place::Path);
    for param in declared.clone() {
        ensure!(
            in_template.contains(&param.wire.as_str()),
            "path parameter `{}` is not in `{}`",
            param.wire,
            raw.path
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

fn read_body(
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

fn read_security(
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
fn accept(raw: &Value) -> String {
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
