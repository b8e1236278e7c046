//! One service's document and overlay, read into operations and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use heck::ToSnakeCase;
use serde_json::Value;

use super::operation_parts as parts;
use super::overlay::{Bearer, Decision, Overlay, Page, Retry, Scope, Stream};
use super::service::Service;
use super::{references, yaml};

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
        ensure!(
            content["openapi"] == "3.0.3",
            "{file}: `openapi` is {}, and framekey reads 3.0.3",
            content["openapi"]
        );
        references::check(&content).with_context(|| file.clone())?;
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
        ensure!(path.starts_with('/'), "the path `{path}` does not begin with `/`");
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
        let params = parts::params(root, &raw.path, &raw.value, &renames)?;
        let body = parts::body(root, &raw.value, &renames)?;
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
        let security = parts::security(root, &raw.value, decision.security, decision.bearer)?;
        Ok(Operation {
            accept: parts::accept(&raw.value),
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
