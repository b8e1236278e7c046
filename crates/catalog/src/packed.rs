//! The operation table read from text: for the browser, where the table as data would be four times
//! the bytes.
//!
//! A line is a row, its cells parted by tabs: id, method, path, accept, credentials, scope, retry,
//! page, stream, parameters, body, fields. Lists are parted by spaces. A parameter is place, style,
//! `!` or `?` (required or not) and `name`, or `name=wire` where the names differ; a field has its kind
//! in place of place and style. JSON is accepted where nothing else is said; `{name}` in the path is a
//! parameter that is not listed, unless its names differ; the method has two letters, the retry class
//! its first.

use crate::{
    Bearer, Body, Field, FieldKind, Method, Operation, Page, Param, Place, Retry, Scheme, Scope,
    Service, Stream, StreamKind, Style,
};

/// Reads the table of one service. A line that is not as described is left out; a test holds all
/// tables against the rows that are compiled in elsewhere.
pub(crate) fn read(service: Service, text: &'static str) -> Vec<Operation> {
    // Plain loops, here and below: chains of adapters are twice the code, for every type anew.
    let mut rows = Vec::new();
    for line in text.lines() {
        if !line.starts_with('#') {
            rows.extend(row(service, line));
        }
    }
    rows
}

fn row(service: Service, line: &'static str) -> Option<Operation> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let id = cell()?;
    let (resource, verb) = id.rsplit_once('.')?;
    let (method, path) = (cell()?, cell()?);
    Some(Operation {
        id,
        service,
        resource,
        verb,
        method: match method {
            "GE" => Method::Get,
            "PO" => Method::Post,
            "PU" => Method::Put,
            "PA" => Method::Patch,
            _ => Method::Delete,
        },
        path,
        accept: match cell()? {
            "" => "application/json",
            other => other,
        },
        security: all(cell()?, scheme)?,
        scope: match cell()? {
            "search" => Some(Scope::Search),
            "read" => Some(Scope::Read),
            "write" => Some(Scope::Write),
            "admin" => Some(Scope::Admin),
            _ => None,
        },
        retry: match cell()? {
            "s" => Retry::Safe,
            "i" => Retry::Idempotent,
            "k" => Retry::Keyed,
            _ => Retry::Unsafe,
        },
        page: page(cell()?)?,
        stream: stream(cell()?),
        params: params(path, cell()?)?,
        body: match (cell()?, all(cell()?, field)?) {
            ("m", fields) => Body::Multipart { fields },
            ("J", fields) => Body::Json { required: true, fields },
            ("j", fields) => Body::Json { required: false, fields },
            _ => Body::None,
        },
    })
}

/// Rows live as long as the process, as those that are compiled in do.
fn all<T>(cell: &'static str, read: fn(&'static str) -> Option<T>) -> Option<&'static [T]> {
    let mut items = Vec::new();
    for item in cell.split(' ') {
        if !item.is_empty() {
            items.push(read(item)?);
        }
    }
    Some(items.leak())
}

/// Those of the path come first.
fn params(path: &'static str, cell: &'static str) -> Option<&'static [Param]> {
    let listed = all(cell, param)?;
    let mut params = Vec::new();
    for segment in path.split('/') {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            continue;
        };
        let mut param =
            Param { name, wire: name, place: Place::Path, style: Style::Plain, required: true };
        for other in listed {
            if other.wire == name {
                param = *other;
            }
        }
        params.push(param);
    }
    for param in listed {
        if param.place != Place::Path {
            params.push(*param);
        }
    }
    Some(params.leak())
}

fn scheme(item: &'static str) -> Option<Scheme> {
    Some(match item.split_once('=') {
        Some(("header", name)) => Scheme::ApiKeyHeader(name),
        Some(("query", name)) => Scheme::ApiKeyQuery(name),
        Some(_) => return None,
        None => match item {
            "basic" => Scheme::Basic,
            "bearer" => Scheme::Bearer(Bearer::Any),
            "user" => Scheme::Bearer(Bearer::User),
            "not_oauth" => Scheme::Bearer(Bearer::NotOAuth),
            _ => return None,
        },
    })
}

fn param(item: &'static str) -> Option<Param> {
    let (marks, names) = item.split_at_checked(3)?;
    let (name, wire) = names.split_once('=').unwrap_or((names, names));
    Some(Param {
        name,
        wire,
        place: match marks.get(..1)? {
            "p" => Place::Path,
            "q" => Place::Query,
            _ => Place::Header,
        },
        style: match marks.get(1..2)? {
            "r" => Style::Repeat,
            "d" => Style::Deep,
            _ => Style::Plain,
        },
        required: marks.ends_with('!'),
    })
}

fn field(item: &'static str) -> Option<Field> {
    let (marks, names) = item.split_at_checked(2)?;
    let (name, wire) = names.split_once('=').unwrap_or((names, names));
    let kind = match marks.get(..1)? {
        "l" => FieldKind::List,
        "f" => FieldKind::File,
        _ => FieldKind::Value,
    };
    Some(Field { name, wire, kind, required: marks.ends_with('!') })
}

fn page(cell: &'static str) -> Option<Page> {
    let mut words = cell.split(' ');
    let mut word = || words.next();
    Some(match word()? {
        "number" => Page::Number { page: word()?, size: word()?, items: word()?, pages: word()? },
        "cursor" => Page::Cursor {
            cursor: word()?,
            in_body: word()? == "body",
            size: word()?,
            items: word()?,
            next: word()?,
        },
        "token" => {
            Page::Token { operation: word()?, param: word()?, items: word()?, next: word()? }
        }
        "limit" => Page::Limit { size: word()?, items: word()? },
        _ => Page::None,
    })
}

fn stream(cell: &'static str) -> Option<Stream> {
    let (kind, when) = cell.split_once(' ')?;
    let kind = match kind {
        "ndjson" => StreamKind::Ndjson,
        "sse" => StreamKind::Sse,
        "jsonl" => StreamKind::Jsonl,
        _ => StreamKind::Bytes,
    };
    Some(Stream { kind, when: (!when.is_empty()).then_some(when) })
}

#[cfg(test)]
mod tests {
    use crate::{Service, generated};

    #[test]
    fn the_packed_table_says_what_the_rows_say() {
        let mut rows = 0;
        for service in Service::ALL {
            let packed = super::read(service, generated::packed(service));
            let compiled = match service {
                Service::ApiVideo => generated::api_video::OPERATIONS,
                Service::TwelveLabs => generated::twelve_labs::OPERATIONS,
                Service::VideoVector => generated::videovector::OPERATIONS,
            };
            assert_eq!(packed.len(), compiled.len());
            for (packed, compiled) in packed.iter().zip(compiled) {
                assert_eq!(format!("{packed:?}"), format!("{compiled:?}"));
                rows += 1;
            }
        }
        assert_eq!(rows, 259);
    }
}
