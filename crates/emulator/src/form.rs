//! Reads a form part by part: fields are kept, files are counted and hashed and never held.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::Stream;
use multer::Multipart;
use sha2::{Digest as _, Sha256};

use crate::journal::hex;

/// Fields of a form are not longer than this.
const LONGEST_FIELD: usize = 1 << 20;

/// A form that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: BTreeMap<String, Vec<String>>,
    pub(crate) files: Vec<Uploaded>,
}

/// A file that came in a form.
#[derive(Clone, Debug)]
pub(crate) struct Uploaded {
    /// The name of the part.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl Form {
    /// The first value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(|values| values.first()).map(String::as_str)
    }

    /// Bytes of all files.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Reads a form to its end.
pub(crate) async fn read(
    body: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    content_type: &str,
) -> Result<Form, String> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| error.to_string())?;
    let mut parts = Multipart::new(body, boundary);
    let mut form = Form::default();
    while let Some(mut part) = parts.next_field().await.map_err(|error| error.to_string())? {
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(file_name) = part.file_name().map(str::to_owned) {
            let mut hash = Sha256::new();
            let mut size = 0;
            while let Some(piece) = part.chunk().await.map_err(|error| error.to_string())? {
                size += piece.len() as u64;
                hash.update(&piece);
            }
            let sha256 = hex(&hash.finalize());
            form.files.push(Uploaded { field: name, name: file_name, size, sha256 });
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(|error| error.to_string())? {
            if bytes.len() + piece.len() > LONGEST_FIELD {
                return Err(format!("the field `{name}` is longer than 1 MiB"));
            }
            bytes.extend_from_slice(&piece);
        }
        form.fields.entry(name).or_default().push(String::from_utf8_lossy(&bytes).into_owned());
    }
    Ok(form)
}
