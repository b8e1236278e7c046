//! What was asked, without any secret: credentials are told by kind and fingerprint.

use framekey_catalog::Service;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// One request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// The service; `None` for a path of no service.
    pub service: Option<Service>,
    /// Whether it went to api.video's sandbox.
    pub sandbox: bool,
    /// The operation's id; `None` for a route that does not exist.
    pub operation: Option<&'static str>,
    /// The HTTP method.
    pub method: String,
    /// The path template; `None` for a route that does not exist.
    pub path: Option<&'static str>,
    /// The names of the query's parameters.
    pub query_names: Vec<String>,
    /// The status that was answered.
    pub status: u16,
    /// Bytes of the request's body.
    pub body_bytes: u64,
    /// SHA-256 of the request's body in hex; empty for no body and for forms, whose parts are hashed.
    pub body_sha256: String,
    /// The credential that came with it.
    pub credential: Presented,
    /// Seconds since 1970 by the emulator's clock.
    pub time: u64,
}

/// A credential as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its kind.
    pub kind: PresentedKind,
    /// Eight hex digits that tell two values apart; empty for none.
    pub fingerprint: String,
}

/// The kind of a credential that came with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentedKind {
    /// None.
    None,
    /// HTTP basic.
    Basic,
    /// A bearer token.
    Bearer,
    /// An API key in a header.
    ApiKey,
    /// An upload token in the query.
    UploadToken,
}

impl PresentedKind {
    /// `none`, `basic`, `bearer`, `api_key`, `upload_token`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            PresentedKind::None => "none",
            PresentedKind::Basic => "basic",
            PresentedKind::Bearer => "bearer",
            PresentedKind::ApiKey => "api_key",
            PresentedKind::UploadToken => "upload_token",
        }
    }
}

impl Presented {
    pub(crate) fn new(kind: PresentedKind, value: &str) -> Self {
        let fingerprint = sha256_hex(value.as_bytes()).get(..8).unwrap_or_default().to_owned();
        Presented { kind, fingerprint }
    }

    pub(crate) const fn none() -> Self {
        Presented { kind: PresentedKind::None, fingerprint: String::new() }
    }
}

impl Entry {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "number": self.number, "service": self.service.map(Service::slug), "sandbox": self.sandbox,
            "operation": self.operation, "method": self.method, "path": self.path, "query_names": self.query_names,
            "status": self.status, "body_bytes": self.body_bytes, "body_sha256": self.body_sha256,
            "credential": { "kind": self.credential.kind.as_str(), "fingerprint": self.credential.fingerprint },
            "time": self.time,
        })
    }
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
