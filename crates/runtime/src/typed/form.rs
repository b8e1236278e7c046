//! Forms with files.

use serde::Serialize;
use serde_json::Value;

use crate::{Bytes, Error, ErrorKind, Multipart, Part, Source, encode};

/// A file to be sent in a form.
#[derive(Clone, Debug)]
pub struct File {
    source: Source,
    name: Option<String>,
    content_type: Option<String>,
}

impl File {
    /// A file from any source.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        File { source, name: None, content_type: None }
    }

    /// A file whose bytes are in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        File::new(Source::Bytes(bytes.into()))
    }

    /// The file name to announce; the field's name where none is set.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The content type to announce; `application/octet-stream` where none is set.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }
}

/// A form in the making; a field that is null or absent is left out.
#[derive(Debug, Default)]
pub struct Form {
    parts: Vec<Part>,
    fault: Option<Error>,
}

impl Form {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Form::default()
    }

    /// A field. Texts, numbers and flags go as they are, anything else as JSON.
    #[must_use]
    pub fn value(mut self, wire: &str, value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(Value::Null) => {}
            Ok(value) => self.parts.push(Part::text(wire, text(&value))),
            Err(_) => self.fault = Some(unfit(wire)),
        }
        self
    }

    /// A field whose items are sent one by one under the same name.
    #[must_use]
    pub fn list(mut self, wire: &str, value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(Value::Null) => {}
            Ok(Value::Array(items)) => {
                self.parts.extend(items.iter().map(|item| Part::text(wire, text(item))))
            }
            Ok(value) => self.parts.push(Part::text(wire, text(&value))),
            Err(_) => self.fault = Some(unfit(wire)),
        }
        self
    }

    /// Files: none, one, or several under the same name.
    #[must_use]
    pub fn files<'a>(mut self, wire: &str, files: impl IntoIterator<Item = &'a File>) -> Self {
        for file in files {
            let name = file.name.clone().unwrap_or_else(|| wire.to_owned());
            let mut part = Part::file(wire, name, file.source.clone());
            if let Some(content_type) = &file.content_type {
                part.content_type = Some(content_type.clone());
            }
            self.parts.push(part);
        }
        self
    }

    pub(super) fn finish(self) -> Result<Multipart, Error> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(Multipart { parts: self.parts }),
        }
    }
}

fn text(value: &Value) -> String {
    encode::scalar_text(value).unwrap_or_else(|| value.to_string())
}

/// The values of a request are the caller's own types, so that only a map with odd keys ends here.
/// Without serde's own words, which may quote the value.
pub(super) fn unfit(what: &str) -> Error {
    Error::new(ErrorKind::Usage, "usage.bad_value", format!("`{what}` cannot be written as JSON"))
}
