//! The operation table as text: `crates/catalog/src/packed.rs` reads it, and says how it is written.

use super::document::{Body, Document, Field, FieldKind, Operation, Param, Place, Scheme, Style};
use super::output::Output;
use super::overlay::{Bearer, CursorPlace, Page, Retry, Scope, Stream, StreamKind};

pub(crate) fn generate(document: &Document, folder: &str, output: &mut Output) {
    let text: String = document.operations.iter().map(|operation| row(operation) + "\n").collect();
    output.text(format!("{folder}/{}.txt", document.service.slug), text);
}

fn row(operation: &Operation) -> String {
    let params: Vec<String> = operation.params.iter().map(param).collect();
    let security: Vec<String> = operation.security.iter().map(scheme).collect();
    let accept = Some(operation.accept.as_str()).filter(|media| *media != "application/json");
    [
        operation.id.clone(),
        letter(
            ["Get", "Post", "Put", "Patch", "Delete"]
                .iter()
                .position(|name| *name == operation.method),
        ),
        operation.path.clone(),
        params.join(" "),
        operation.body.as_ref().map(body).unwrap_or_default(),
        security.join(" "),
        operation.scope.map(scope).unwrap_or_default(),
        letter(Some(match operation.retry {
            Retry::Safe => 0,
            Retry::Idempotent => 1,
            Retry::Keyed => 2,
            Retry::Unsafe => 3,
        })),
        operation.page.as_ref().map(page).unwrap_or_default(),
        operation.stream.as_ref().map(stream).unwrap_or_default(),
        accept.unwrap_or_default().to_owned(),
    ]
    .join("\t")
}

/// A place in a list as a letter, from `a`.
fn letter(at: Option<usize>) -> String {
    at.and_then(|at| u8::try_from(at).ok())
        .map(|at| char::from(b'a' + at).to_string())
        .unwrap_or_default()
}

fn named(code: usize, wire: &str, name: &str) -> String {
    let code = letter(Some(code));
    if wire == name { format!("{code}{wire}") } else { format!("{code}{wire}={name}") }
}

fn param(param: &Param) -> String {
    let place = match param.place {
        Place::Path => 0,
        Place::Query => 1,
        Place::Header => 2,
    };
    let style = match param.style {
        Style::Plain => 0,
        Style::Repeat => 1,
        Style::Deep => 2,
    };
    named(place * 6 + style * 2 + usize::from(param.required), &param.wire, &param.name)
}

fn field(field: &Field) -> String {
    let kind = match field.kind {
        FieldKind::Value => 0,
        FieldKind::List => 1,
        FieldKind::File => 2,
    };
    named(kind * 2 + usize::from(field.required), &field.wire, &field.name)
}

fn body(body: &Body) -> String {
    let kind = match (body.multipart, body.required) {
        (true, _) => "m",
        (false, true) => "r",
        (false, false) => "o",
    };
    let fields: Vec<String> = body.fields.iter().map(field).collect();
    format!("{kind}{}", fields.join(" "))
}

fn scheme(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Basic => "a".to_owned(),
        Scheme::Bearer(Bearer::Any) => "b".to_owned(),
        Scheme::Bearer(Bearer::User) => "c".to_owned(),
        Scheme::Bearer(Bearer::NotOauth) => "d".to_owned(),
        Scheme::ApiKeyHeader(name) => format!("e{name}"),
        Scheme::ApiKeyQuery(name) => format!("f{name}"),
    }
}

fn scope(scope: Scope) -> String {
    letter(Some(match scope {
        Scope::Search => 0,
        Scope::Read => 1,
        Scope::Write => 2,
        Scope::Admin => 3,
    }))
}

fn page(page: &Page) -> String {
    match page {
        Page::Number { page, size, items, pages } => format!("n {page} {size} {items} {pages}"),
        Page::Cursor { cursor, r#in, size, items, next, .. } => {
            let place = if *r#in == CursorPlace::Body { "b" } else { "q" };
            format!("{place} {cursor} {size} {items} {next}")
        }
        Page::Token { operation, param, items, next } => {
            format!("t {operation} {param} {items} {next}")
        }
        Page::Limit { size, items } => format!("l {size} {items}"),
    }
}

fn stream(stream: &Stream) -> String {
    let kind = letter(Some(match stream.kind {
        StreamKind::Ndjson => 0,
        StreamKind::Sse => 1,
        StreamKind::Jsonl => 2,
        StreamKind::Bytes => 3,
    }));
    format!("{kind}{}", stream.when.as_deref().unwrap_or_default())
}
