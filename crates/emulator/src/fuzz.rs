//! What strangers send, for a fuzzer (`tests/fuzz`): the readers by themselves, and the whole emulator
//! without a socket.

use std::net::SocketAddr;

use bytes::Bytes;
use framekey_catalog::{Operation, Service};
use futures_util::StreamExt as _;
use futures_util::stream::iter;
use http_body_util::{BodyDataStream, Full};
use hyper::Request;
use serde_json::{Value, json};

use crate::connection::Line;
use crate::credential::Credentials;
use crate::router::{self, Route};
use crate::scenario::Scenario;
use crate::world::World;
use crate::{api_video, form, server};

/// Text or noise as a method and a path.
pub fn route(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (method, path) = text.split_once(' ').unwrap_or(("GET", &text));
    for service in Service::ALL {
        if let Route::Found(operation, values) = router::find(service, method, path) {
            assert_eq!(operation.method.as_str(), method);
            assert_eq!(values.len(), operation.path.matches('{').count(), "{path}");
            assert_eq!(path.matches('/').count(), operation.path.matches('/').count());
        }
    }
}

/// A form of which the pieces are cut at will; the first byte says how.
pub async fn multipart(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let size = usize::from(*first).max(1);
    let pieces: Vec<_> = body.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    if let Ok(form) = form::read(iter(pieces), "multipart/form-data; boundary=edge").await {
        let kept: usize = form.fields.values().flatten().map(String::len).sum();
        // A byte that is no UTF-8 becomes a sign of three.
        assert!(kept <= body.len() * 3 && form.size() <= body.len() as u64);
    }
}

/// Text or noise as a `Content-Range`: what it is read as, written in the one way that it can be
/// written, and nothing where it is refused.
pub fn content_range(data: &[u8]) -> Option<String> {
    api_video::read_range(std::str::from_utf8(data).ok()?)
}

/// An emulator without sockets and without a courier. Requests come to it one after the other.
pub struct Bench(World);

/// What a request was answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// The header `content-type`.
    pub media: String,
    /// The body, up to a mebibyte of it.
    pub body: Bytes,
}

/// A body is read up to here: some faults never come to an end.
const ENOUGH: usize = 1 << 20;

impl Bench {
    /// A fresh emulator as the scenario has it.
    ///
    /// # Errors
    /// The field of the scenario that is wrong.
    pub fn new(scenario: Scenario) -> Result<Self, String> {
        scenario.check()?;
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Bench(World::new(scenario, address(1), address(2))))
    }

    /// Ready credentials.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        (*self.0.credentials()).clone()
    }

    /// Arguments with which an operation succeeds, by their names in our calls.
    #[must_use]
    pub fn example(&self, operation: &Operation) -> Value {
        let asked = json!({ "service": operation.service.slug(), "operation": operation.id });
        let told = self.0.desk("POST", "example", asked.to_string().as_bytes());
        told.and_then(|told| serde_json::from_slice(&told.body).ok()).unwrap_or_default()
    }

    /// What a request is answered with; nothing where the connection ends instead.
    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Option<Told> {
        let response = server::handle(&self.0, request, &Line::new(false)).await.ok()?;
        let (head, body) = response.into_parts();
        let mut pieces = BodyDataStream::new(body);
        let mut body = Vec::new();
        while let Some(Ok(piece)) = pieces.next().await {
            body.extend_from_slice(&piece);
            if body.len() > ENOUGH {
                break;
            }
        }
        let media = head.headers.get("content-type").and_then(|media| media.to_str().ok());
        let media = media.unwrap_or_default().to_owned();
        Some(Told { status: head.status.as_u16(), media, body: body.into() })
    }

    /// All that it keeps, as one document.
    #[must_use]
    pub fn save(&self) -> Value {
        self.0.save()
    }

    /// Goes back to a document.
    ///
    /// # Errors
    /// The field of the document that is wrong.
    pub fn load(&self, document: &[u8]) -> Result<(), String> {
        self.0.load(document)
    }
}
