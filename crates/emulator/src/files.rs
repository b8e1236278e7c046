//! The second origin: presigned addresses and pages of others, to which no key of a service belongs.

use std::pin::pin;

use bytes::Bytes;
use framekey_catalog::Service;
use futures_util::{Stream, StreamExt as _};

use sha2::{Digest as _, Sha256};

use crate::answer::Answer;
use crate::clock::Moment;
use crate::journal::{Entry, hex};

/// All paths of the second origin are below this, by service.
pub(crate) const PREFIX: &str = "/files/";

/// A request to the second origin.
pub(crate) struct FileCall {
    pub(crate) method: String,
    service: Option<Service>,
    /// The rest of the path, below the service's slug.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Bytes of the body, and their SHA-256 in hex.
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) now: Moment,
}

impl FileCall {
    /// The service that minted the address.
    pub(crate) fn service(&self) -> Option<Service> {
        self.service
    }

    /// By which faults and the journal know it, as if it were an operation.
    pub(crate) fn operation(&self) -> &'static str {
        operation(&self.method)
    }

    /// The first query parameter of a name.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a request to its end; the body is counted and hashed and never held.
pub(crate) async fn read(
    method: &str,
    path: &str,
    query: Vec<(String, String)>,
    body: impl Stream<Item = Result<Bytes, std::io::Error>>,
    now: Moment,
) -> Result<FileCall, Answer> {
    let (service, path) = path.split_once('/').unwrap_or((path, ""));
    let (mut size, mut hash) = (0, Sha256::new());
    let mut body = pin!(body);
    while let Some(piece) = body.next().await {
        let piece = piece
            .map_err(|_| refuse(400, "IncompleteBody", "The body did not come to its end."))?;
        size += piece.len() as u64;
        hash.update(&piece);
    }
    Ok(FileCall {
        method: method.to_owned(),
        service: Service::from_slug(service),
        path: path.to_owned(),
        query,
        size,
        sha256: hex(&hash.finalize()),
        now,
    })
}

fn operation(method: &str) -> &'static str {
    match method {
        "GET" => "files.get",
        "HEAD" => "files.head",
        "POST" => "files.post",
        "PUT" => "files.put",
        _ => "files.other",
    }
}

/// What the journal says about a request to the second origin. A key that came along is told.
pub(crate) fn entry(bare: Entry) -> Entry {
    Entry { operation: Some(operation(&bare.method)), path: Some(PREFIX), ..bare }
}

/// A refusal as storage gives it.
pub(crate) fn refuse(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Answer::of(status, "application/xml", body)
}

/// No such file.
pub(crate) fn missing() -> Answer {
    refuse(404, "NoSuchKey", "The specified key does not exist.")
}
