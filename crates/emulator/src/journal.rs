//! What was asked, without any secret: credentials are told by kind and fingerprint.

use std::collections::VecDeque;

use framekey_catalog::Service;
use hyper::HeaderMap;
use hyper::http::request::Parts;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Moment;
use crate::connection::Line;
use crate::credential::Given;

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
    /// Bytes of the answer's body.
    pub answer_bytes: u64,
    /// What was spoken, by its name in ALPN: `http/1.1`, `h2`.
    pub protocol: &'static str,
    /// Whether it came inside TLS.
    pub tls: bool,
    /// The headers.
    pub headers: Headers,
}

/// The headers of a request. The values of those that may bear a secret are told by fingerprint: `#`
/// and eight hex digits.
// One text, `name: value` a line: a journal of many thousand requests is to stay small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Box<str>);

/// Headers whose values are told as they came; all others may bear a secret.
const TOLD: [&str; 20] = [
    "accept",
    "accept-encoding",
    "access-control-request-method",
    "av-origin-app",
    "av-origin-client",
    "av-origin-sdk",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "origin",
    "range",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-requested-with",
];

impl Headers {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut text = String::with_capacity(headers.len() * 32);
        for (name, value) in headers {
            text.push_str(name.as_str());
            text.push_str(": ");
            match value.to_str().ok().filter(|_| TOLD.contains(&name.as_str())) {
                Some(value) => text.push_str(value),
                None => {
                    text.push('#');
                    text.push_str(&fingerprint(value.as_bytes()));
                }
            }
            text.push('\n');
        }
        Headers(text.into())
    }

    /// All of them in the order they came, by lower-case name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.split_once(": "))
    }

    /// The first of a lower-case name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn to_json(&self) -> Value {
        let pairs = self.iter().map(|(name, value)| (name.to_owned(), json!(value)));
        Value::Object(pairs.collect::<Map<_, _>>())
    }
}

/// The requests, the oldest of which are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    numbered: u64,
}

impl Journal {
    pub(crate) fn note(&mut self, mut entry: Entry, limit: usize) {
        self.numbered += 1;
        entry.number = self.numbered;
        while self.entries.len() >= limit.max(1) {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries = VecDeque::new();
    }
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
        Presented { kind, fingerprint: fingerprint(value.as_bytes()) }
    }

    pub(crate) const fn none() -> Self {
        Presented { kind: PresentedKind::None, fingerprint: String::new() }
    }
}

impl Entry {
    /// What a request shows before anybody has looked where it leads.
    pub(crate) fn of(
        head: &Parts,
        query: &[(String, String)],
        given: &Given,
        line: &Line,
        now: Moment,
    ) -> Self {
        Entry {
            number: 0,
            service: None,
            sandbox: false,
            operation: None,
            method: head.method.as_str().to_owned(),
            path: None,
            query_names: query.iter().map(|(name, _)| name.clone()).collect(),
            status: 0,
            body_bytes: 0,
            body_sha256: String::new(),
            credential: given.presented(),
            time: now.seconds(),
            answer_bytes: 0,
            protocol: line.protocol(),
            tls: line.secure,
            headers: Headers::of(&head.headers),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "number": self.number, "service": self.service.map(Service::slug), "sandbox": self.sandbox,
            "operation": self.operation, "method": self.method, "path": self.path, "query_names": self.query_names,
            "status": self.status, "body_bytes": self.body_bytes, "body_sha256": self.body_sha256,
            "credential": { "kind": self.credential.kind.as_str(), "fingerprint": self.credential.fingerprint },
            "time": self.time, "answer_bytes": self.answer_bytes,
            "protocol": self.protocol, "tls": self.tls, "headers": self.headers.to_json(),
        })
    }
}

/// Eight hex digits that tell two values apart.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).get(..4).unwrap_or_default())
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
