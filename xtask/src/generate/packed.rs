//! The operation table as text, one line a row: `crates/catalog/src/packed.rs` reads it, says what
//! stands where, and holds both forms against each other in a test.

use super::document::{Body, Document, Field, FieldKind, Operation, Param, Place, Scheme, Style};
use super::output::{HEAD, Output};
use super::overlay::{Bearer, CursorPlace, Page, Stream};

/// What is asked for where a row says nothing.
const JSON: &str = "application/json";

/// Writes `<service>.txt` into `folder`.
pub(super) fn generate(document: &Document, folder: &str, output: &mut Output) {
    let rows: String = document.operations.iter().map(|operation| row(operation) + "\n").collect();
    output.text(format!("{folder}/{}.txt", document.service.slug), format!("# {HEAD}\n{rows}"));
}

fn row(operation: &Operation) -> String {
    let list = |items: Vec<String>| items.join(" ");
    let (body, fields) = match &operation.body {
        None => ("-", Vec::new()),
        Some(Body { multipart: true, fields, .. }) => ("m", fields.iter().map(field).collect()),
        Some(Body { required: true, fields, .. }) => ("J", fields.iter().map(field).collect()),
        Some(Body { fields, .. }) => ("j", fields.iter().map(field).collect()),
    };
    let cells = [
        operation.id.clone(),
        operation.method.to_uppercase().chars().take(2).collect(),
        operation.path.clone(),
        // What nearly all have is left out, and the parameters of the path where it names them.
        if operation.accept == JSON { String::new() } else { operation.accept.clone() },
        list(operation.security.iter().map(scheme).collect()),
        operation.scope.map(|scope| format!("{scope:?}").to_lowercase()).unwrap_or_default(),
        format!("{:?}", operation.retry).to_lowercase().chars().take(1).collect(),
        operation.page.as_ref().map(page).unwrap_or_default(),
        operation.stream.as_ref().map(stream).unwrap_or_default(),
        list(operation.params.iter().filter(|param| !in_path(param)).map(param).collect()),
        body.to_owned(),
        list(fields),
    ];
    cells.join("\t")
}

/// `name`, or `name=wire` where they differ.
fn named(name: &str, wire: &str) -> String {
    if name == wire { name.to_owned() } else { format!("{name}={wire}") }
}

/// Whether a row's path says all of it.
fn in_path(param: &Param) -> bool {
    let plain = matches!((param.place, param.style), (Place::Path, Style::Plain));
    plain && param.required && param.name == param.wire
}

fn param(param: &Param) -> String {
    let place = match param.place {
        Place::Path => 'p',
        Place::Query => 'q',
        Place::Header => 'h',
    };
    let style = match param.style {
        Style::Plain => 'p',
        Style::Repeat => 'r',
        Style::Deep => 'd',
    };
    format!("{place}{style}{}{}", required(param.required), named(&param.name, &param.wire))
}

fn field(field: &Field) -> String {
    let kind = match field.kind {
        FieldKind::Value => 'v',
        FieldKind::List => 'l',
        FieldKind::File => 'f',
    };
    format!("{kind}{}{}", required(field.required), named(&field.name, &field.wire))
}

fn required(yes: bool) -> char {
    if yes { '!' } else { '?' }
}

fn scheme(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Basic => "basic".to_owned(),
        Scheme::Bearer(Bearer::Any) => "bearer".to_owned(),
        Scheme::Bearer(Bearer::User) => "user".to_owned(),
        Scheme::Bearer(Bearer::NotOauth) => "not_oauth".to_owned(),
        Scheme::ApiKeyHeader(name) => format!("header={name}"),
        Scheme::ApiKeyQuery(name) => format!("query={name}"),
    }
}

fn page(page: &Page) -> String {
    match page {
        Page::Number { page, size, items, pages } => {
            format!("number {page} {size} {items} {pages}")
        }
        Page::Cursor { cursor, r#in, size, items, next, more: _ } => {
            let place = if *r#in == CursorPlace::Body { "body" } else { "query" };
            format!("cursor {cursor} {place} {size} {items} {next}")
        }
        Page::Token { operation, param, items, next } => {
            format!("token {operation} {param} {items} {next}")
        }
        Page::Limit { size, items } => format!("limit {size} {items}"),
    }
}

fn stream(stream: &Stream) -> String {
    let kind = format!("{:?}", stream.kind).to_lowercase();
    format!("{kind} {}", stream.when.as_deref().unwrap_or_default())
}
