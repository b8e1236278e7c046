//! A transport below the client that notes the answer, and puts on the wire what the client itself
//! would refuse to send.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use framekey::runtime::{
    BoxFuture, Bytes, Headers, HttpRequest, HttpResponse, Transport, TransportError,
};
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::case::Wire;

/// An answer.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its status.
    pub status: u16,
    /// Its header fields; the first of a name.
    pub headers: BTreeMap<String, String>,
    /// Its body; null where it is not JSON.
    pub body: Value,
    /// Whether it had one.
    pub has_body: bool,
}

/// A credential that takes the place of the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// None at all.
    Nothing,
    /// This header field.
    Header(&'static str, String),
    /// `token` of the query.
    Token(String),
}

#[derive(Default)]
struct State {
    other: Option<Other>,
    wire: Wire,
    seen: Option<Seen>,
}

/// The transport.
#[derive(Clone)]
pub struct Tap {
    below: Arc<dyn Transport>,
    state: Arc<Mutex<State>>,
}

impl Tap {
    /// Above `below`.
    pub fn new(below: Arc<dyn Transport>) -> Self {
        Tap { below, state: Arc::default() }
    }

    /// What the next call is to send; forgets what was seen.
    pub fn arm(&self, other: Option<Other>, wire: Wire) {
        *self.lock() = State { other, wire, seen: None };
    }

    /// The last answer since then.
    pub fn seen(&self) -> Option<Seen> {
        self.lock().seen.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Tap {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let request = {
            let state = self.lock();
            changed(request, state.other.as_ref(), &state.wire)
        };
        let tap = self.clone();
        let answer = self.below.send(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            let mut bytes = Vec::new();
            while let Some(piece) = answer.body.next().await {
                bytes.extend_from_slice(&piece?);
            }
            let mut headers = BTreeMap::new();
            for (name, value) in answer.headers.iter() {
                headers.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
            let body = serde_json::from_slice(&bytes).unwrap_or_default();
            let has_body = !bytes.is_empty();
            tap.lock().seen = Some(Seen { status: answer.status, headers, body, has_body });
            let body = Box::pin(futures_util::stream::iter([Ok(Bytes::from(bytes))]));
            Ok(HttpResponse { body, ..answer })
        })
    }
}

fn changed(mut request: HttpRequest, other: Option<&Other>, wire: &Wire) -> HttpRequest {
    let mut query: Vec<(String, String)> = Vec::new();
    query.extend(wire.query.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut headers = Headers::new();
    let replaced = |name: &str| {
        wire.headers.contains_key(name)
            || other.is_some() && matches!(name, "authorization" | "x-api-key")
    };
    for (name, value) in request.headers.iter().filter(|(name, _)| !replaced(name)) {
        headers.push(name, value);
    }
    for (name, value) in wire.headers.iter().filter(|(_, value)| !value.is_empty()) {
        headers.push(name, value.as_str());
    }
    match other {
        Some(Other::Header(name, value)) => headers.push(name, value.as_str()),
        Some(Other::Token(token)) => query.push(("token".to_owned(), token.clone())),
        Some(Other::Nothing) | None => {}
    }
    if other.is_some() {
        request.url = without(&request.url, "token");
    }
    for (name, value) in query {
        let joint = if request.url.contains('?') { '&' } else { '?' };
        request.url = format!("{}{joint}{name}={value}", without(&request.url, &name));
    }
    HttpRequest { headers, ..request }
}

/// The URL without the parameters of a name.
fn without(url: &str, name: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let kept: Vec<&str> =
        query.split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}
