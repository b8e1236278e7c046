//! Request bodies. Every body can be sent a second time with the same bytes.

use std::fmt;

use bytes::Bytes;

/// The body of a request.
#[derive(Clone, Default)]
pub enum Body {
    /// Nothing is sent.
    #[default]
    Empty,
    /// JSON or other bytes; the content type is a header of the request.
    Bytes(Bytes),
    /// A `multipart/form-data` form.
    Multipart(Multipart),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Empty => f.write_str("empty"),
            Body::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Body::Multipart(form) => form.fmt(f),
        }
    }
}

/// A `multipart/form-data` form. Its boundary is drawn once by the session, so that a repeated
/// attempt sends the same bytes.
#[derive(Clone, Debug, Default)]
pub struct Multipart {
    /// The parts in the order in which they are sent.
    pub parts: Vec<Part>,
}

/// One part of a form.
#[derive(Clone)]
pub struct Part {
    /// The part's name.
    pub name: String,
    /// The file name that is announced; `None` for a plain field.
    pub file_name: Option<String>,
    /// The content type that is announced.
    pub content_type: Option<String>,
    /// Its bytes.
    pub source: Source,
}

/// Where the bytes of a part come from.
#[derive(Clone)]
pub enum Source {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A range of a file. Native only; read in pieces of 256 KiB, never as a whole.
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Where the range begins.
        offset: u64,
        /// How many bytes it has.
        length: u64,
    },
    /// Bytes that only the host can read: a `Blob` that stays in JavaScript, known by a number.
    Host {
        /// The host's number for it.
        handle: u32,
    },
}

impl Part {
    /// A plain field.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Part {
            name: name.into(),
            file_name: None,
            content_type: None,
            source: Source::Bytes(Bytes::from(value.into())),
        }
    }

    /// A file, from any source.
    pub fn file(name: impl Into<String>, file_name: impl Into<String>, source: Source) -> Self {
        Part {
            name: name.into(),
            file_name: Some(file_name.into()),
            content_type: Some("application/octet-stream".to_owned()),
            source,
        }
    }

    /// The lines that stand before the part's bytes (RFC 7578, names escaped as browsers do).
    #[must_use]
    pub fn head(&self, boundary: &str) -> String {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            escape(&self.name)
        );
        if let Some(file_name) = &self.file_name {
            head.push_str(&format!("; filename=\"{}\"", escape(file_name)));
        }
        if let Some(content_type) = &self.content_type {
            head.push_str(&format!("\r\nContent-Type: {content_type}"));
        }
        head.push_str("\r\n\r\n");
        head
    }
}

/// The HTML standard's escaping of names in form data.
fn escape(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

// A part may hold anything of the caller's, a token included: only its shape is shown.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("file_name", &self.file_name)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Source::File { offset, length, .. } => {
                write!(f, "{length} bytes of a file from {offset}")
            }
            Source::Host { handle } => write!(f, "host object {handle}"),
        }
    }
}
