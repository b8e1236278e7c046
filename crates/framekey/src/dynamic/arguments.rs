//! From an operation's row and JSON arguments to a request.

use framekey_catalog::{Body as BodyRow, Field, FieldKind, Operation, Param, Place, Style};
use framekey_runtime::{
    Body, Error, ErrorKind, Json, Multipart, Object, Part, Request, Source, Value, encode,
};

use super::{fold, nearest};

/// A file argument of a call.
#[derive(Clone, Debug)]
pub struct File {
    /// The argument that it is given for: `file`.
    pub argument: String,
    /// The file name to announce; the argument's name where it is not given.
    pub file_name: Option<String>,
    /// The content type to announce; `application/octet-stream` where it is not given.
    pub content_type: Option<String>,
    /// Its bytes.
    pub source: Source,
}

/// Makes the request of an operation. Beside the named arguments, `body` replaces a JSON body as a
/// whole.
///
/// # Errors
/// Kind `usage`: an argument that is unknown, missing, given twice or of a shape that its place
/// cannot carry.
pub fn request(
    operation: &'static Operation,
    arguments: Object,
    files: Vec<File>,
    json: &dyn Json,
) -> Result<Request, Error> {
    let mut given = Given::sort(operation, arguments, files)?;
    let mut request = Request { path: path(operation, &given)?, ..Request::default() };
    for (param, value) in &given.params {
        match param.place {
            Place::Path => {}
            Place::Query => query(&mut request.query, param, value)?,
            Place::Header => {
                if let Some(text) = plain(param, value)? {
                    request.headers.push(param.wire, text);
                }
            }
        }
    }
    match &operation.body {
        BodyRow::None => {}
        BodyRow::Json { required, .. } => {
            let body = match given.body.take() {
                Some(whole) => Some(whole),
                None if *required || !given.fields.is_empty() => {
                    let mut body = Object::new();
                    for (field, value) in given.fields {
                        body.insert(field.wire.to_owned(), value);
                    }
                    Some(Value::Object(body))
                }
                None => None,
            };
            if let Some(mut body) = body {
                // A service may stream unless it is told not to; what the caller wrote stands.
                if let (Value::Object(fields), Some(when)) =
                    (&mut body, operation.stream.and_then(|stream| stream.when))
                    && fields.get(when).is_none()
                {
                    fields.insert(when.to_owned(), Value::Bool(false));
                }
                request.headers.push("content-type", "application/json");
                request.body = Body::Bytes(json.write(&body).into());
            }
        }
        BodyRow::Multipart { fields } => {
            request.body = Body::Multipart(form(fields, given.fields, given.files, json))
        }
    }
    Ok(request)
}

/// The arguments, each beside its row.
struct Given {
    params: Vec<(&'static Param, Value)>,
    fields: Vec<(&'static Field, Value)>,
    files: Vec<(&'static Field, File)>,
    body: Option<Value>,
}

impl Given {
    fn sort(
        operation: &'static Operation,
        arguments: Object,
        files: Vec<File>,
    ) -> Result<Self, Error> {
        let fields = body_fields(operation);
        let mut given =
            Given { params: Vec::new(), fields: Vec::new(), files: Vec::new(), body: None };
        for (name, value) in arguments {
            let wanted = fold(&name);
            if let Some(param) = operation.params.iter().find(|param| fold(param.name) == wanted) {
                #[cfg(feature = "native")]
                once(&name, given.params.iter().all(|(known, _)| known.wire != param.wire))?;
                given.params.push((param, value));
            } else if let Some(field) = fields.iter().find(|field| fold(field.name) == wanted) {
                if field.kind == FieldKind::File && !value.is_null() {
                    return Err(usage(
                        "usage.bad_value",
                        format!("argument `{name}` takes a file, not a value"),
                    ));
                }
                #[cfg(feature = "native")]
                once(&name, given.fields.iter().all(|(known, _)| known.wire != field.wire))?;
                given.fields.push((field, value));
            } else if wanted == "body" && matches!(operation.body, BodyRow::Json { .. }) {
                given.body = Some(value);
            } else {
                return Err(unknown(operation, &name));
            }
        }
        for file in files {
            let wanted = fold(&file.argument);
            match fields
                .iter()
                .find(|field| fold(field.name) == wanted && field.kind == FieldKind::File)
            {
                Some(field) => given.files.push((field, file)),
                None => {
                    return Err(usage(
                        "usage.bad_value",
                        format!("argument `{}` takes no file", file.argument),
                    ));
                }
            }
        }
        given.check_missing(operation, fields)?;
        // Table order, whatever order the caller wrote: both doors send the same bytes.
        let mut unsorted = std::mem::take(&mut given.params);
        for row in operation.params {
            while let Some(at) = unsorted.iter().position(|(param, _)| param.wire == row.wire) {
                given.params.push(unsorted.remove(at));
            }
        }
        Ok(given)
    }

    fn check_missing(
        &self,
        operation: &'static Operation,
        fields: &'static [Field],
    ) -> Result<(), Error> {
        let has_param = |param: &Param| {
            self.params.iter().any(|(row, value)| row.wire == param.wire && !value.is_null())
        };
        let has_field = |field: &Field| {
            self.body.is_some()
                || self.fields.iter().any(|(row, _)| row.wire == field.wire)
                || self.files.iter().any(|(row, _)| row.wire == field.wire)
        };
        let mut missing = String::new();
        let mut several = false;
        let mut miss = |name: &str| {
            several = !missing.is_empty();
            encode::add_item(&mut missing, ", ", &["`", name, "`"].concat());
        };
        for param in operation.params {
            if param.required && !has_param(param) {
                miss(param.name);
            }
        }
        for field in fields {
            if field.required && !has_field(field) {
                miss(field.name);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let noun = if several { "arguments" } else { "argument" };
        Err(usage("usage.missing_argument", format!("{noun} {missing} missing")))
    }
}

/// Refuses a name in a second spelling; JavaScript does so before it comes here.
#[cfg(feature = "native")]
fn once(name: &str, is_first: bool) -> Result<(), Error> {
    if is_first {
        return Ok(());
    }
    Err(usage("usage.bad_value", format!("argument `{name}` is given twice, in two spellings")))
}

/// The name on the wire of an argument, which may be in any spelling that [`request`] takes.
#[must_use]
pub fn wire_name(operation: &'static Operation, argument: &str) -> Option<&'static str> {
    let wanted = fold(argument);
    let mut params = operation.params.iter().map(|param| (param.name, param.wire));
    let mut fields = body_fields(operation).iter().map(|field| (field.name, field.wire));
    let fits = |(name, _): &(&str, &str)| fold(name) == wanted;
    params.find(fits).or_else(|| fields.find(fits)).map(|(_, wire)| wire)
}

fn body_fields(operation: &'static Operation) -> &'static [Field] {
    match &operation.body {
        BodyRow::None => &[],
        BodyRow::Json { fields, .. } | BodyRow::Multipart { fields } => fields,
    }
}

fn unknown(operation: &'static Operation, name: &str) -> Error {
    let mut known: Vec<&'static str> = operation.params.iter().map(|param| param.name).collect();
    known.extend(body_fields(operation).iter().map(|field| field.name));
    let hint = match nearest(name, &known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => "; it takes none".to_owned(),
        None => format!("; it takes {}", encode::listed(&known, ", ")),
    };
    usage("usage.unknown_argument", format!("unknown argument `{name}`{hint}"))
}

fn path(operation: &'static Operation, given: &Given) -> Result<String, Error> {
    let mut path = String::with_capacity(operation.path.len() + 32);
    let mut rest = operation.path;
    while let Some((before, after)) = rest.split_once('{') {
        let (wire, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        let value =
            given.params.iter().find(|(param, _)| param.place == Place::Path && param.wire == wire);
        let (param, value) = value.ok_or_else(|| {
            usage("usage.missing_argument", format!("path argument `{wire}` missing"))
        })?;
        let text = plain(param, value)?.unwrap_or_default();
        let segment = encode::path_segment(&text).map_err(|error| {
            usage(error.code(), format!("argument `{}`: {}", param.name, error.message()))
        })?;
        path.push_str(&segment);
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

/// One text; a list with commas; `None` for null.
fn plain(param: &Param, value: &Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) if param.place != Place::Path => {
            let mut texts = String::new();
            for (at, item) in items.iter().enumerate() {
                let text = encode::scalar_text(item)
                    .ok_or_else(|| shape(param.name, "a list of texts or numbers"))?;
                if at > 0 {
                    texts.push(',');
                }
                texts.push_str(&text);
            }
            Ok(Some(texts))
        }
        scalar => encode::scalar_text(scalar)
            .map(Some)
            .ok_or_else(|| shape(param.name, "a text or a number")),
    }
}

fn query(query: &mut String, param: &Param, value: &Value) -> Result<(), Error> {
    match (param.style, value) {
        (_, Value::Null) => {}
        (Style::Repeat, Value::Array(items)) => {
            for item in items {
                let text = encode::scalar_text(item)
                    .ok_or_else(|| shape(param.name, "a list of texts or numbers"))?;
                encode::query_pair(query, param.wire, &text);
            }
        }
        (Style::Deep, Value::Object(entries)) => {
            for (key, value) in entries.iter() {
                deep(query, param, &format!("{}[{key}]", param.wire), value)?;
            }
        }
        (Style::Deep, _) => return Err(shape(param.name, "an object")),
        (Style::Plain | Style::Repeat, value) => {
            if let Some(text) = plain(param, value)? {
                encode::query_pair(query, param.wire, &text);
            }
        }
    }
    Ok(())
}

fn deep(query: &mut String, param: &Param, name: &str, value: &Value) -> Result<(), Error> {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for item in items {
                deep(query, param, &format!("{name}[]"), item)?;
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries.iter() {
                deep(query, param, &format!("{name}[{key}]"), value)?;
            }
        }
        scalar => {
            let text = encode::scalar_text(scalar)
                .ok_or_else(|| shape(param.name, "an object of texts"))?;
            encode::query_pair(query, name, &text);
        }
    }
    Ok(())
}

/// The parts in table order; a field that is null is left out.
fn form(
    rows: &'static [Field],
    fields: Vec<(&'static Field, Value)>,
    files: Vec<(&'static Field, File)>,
    json: &dyn Json,
) -> Multipart {
    let mut parts = Vec::new();
    for row in rows {
        for (_, value) in fields.iter().filter(|(field, _)| field.wire == row.wire) {
            match (row.kind, value) {
                (_, Value::Null) => {}
                (FieldKind::List, Value::Array(items)) => {
                    parts.extend(
                        items.iter().map(|item| Part::text(row.wire, form_text(item, json))),
                    );
                }
                (_, value) => parts.push(Part::text(row.wire, form_text(value, json))),
            }
        }
        for (_, file) in files.iter().filter(|(field, _)| field.wire == row.wire) {
            let name = file.file_name.clone().unwrap_or_else(|| row.wire.to_owned());
            let mut part = Part::file(row.wire, name, file.source.clone());
            if let Some(content_type) = &file.content_type {
                part.content_type = Some(content_type.clone());
            }
            parts.push(part);
        }
    }
    Multipart { parts }
}

/// A text as it is; anything else as JSON.
fn form_text(value: &Value, json: &dyn Json) -> String {
    encode::scalar_text(value).unwrap_or_else(|| json.write(value))
}

fn shape(name: &str, want: &str) -> Error {
    usage("usage.bad_value", format!("argument `{name}` takes {want}"))
}

fn usage(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Usage, code, message)
}
