//! A transport that notes a request and answers what it was told to.

use std::sync::{Arc, Mutex, PoisonError};

use framekey::Platform;
use framekey::runtime::{
    Body, BoxFuture, Bytes, Headers, HttpRequest, HttpResponse, Source, Transport, TransportError,
};
use framekey_runtime::SerdeJson;
use framekey_runtime::testing::{HandClock, NoChance, NoTasks};

/// A request in a form that can be compared and printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// `GET https://…`.
    pub line: String,
    /// Header fields but for the form's boundary.
    pub headers: Vec<(String, String)>,
    /// The body, part by part.
    pub body: Vec<String>,
}

/// What both doors talk to.
#[derive(Clone, Default)]
pub struct Tap {
    noted: Arc<Mutex<Vec<Noted>>>,
    answer: Arc<Mutex<(u16, String, Bytes)>>,
}

impl Tap {
    /// Sets the answer of all following requests.
    pub fn answer(&self, status: u16, content_type: &str, body: impl Into<Bytes>) {
        *lock(&self.answer) = (status, content_type.to_owned(), body.into());
    }

    /// The requests since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Noted> {
        std::mem::take(&mut *lock(&self.noted))
    }

    /// The seams of a client that talks to this.
    #[must_use]
    pub fn platform(&self) -> Platform {
        Platform {
            transport: Arc::new(self.clone()),
            clock: Arc::new(HandClock::default()),
            spawn: Arc::new(NoTasks),
            random: Arc::new(NoChance),
            json: Arc::new(SerdeJson),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport for Tap {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        lock(&self.noted).push(note(&request));
        let (status, content_type, body) = lock(&self.answer).clone();
        let mut headers = Headers::new();
        headers.push("content-type", content_type);
        let body = Box::pin(futures_util::stream::iter([Ok(body)]));
        Box::pin(std::future::ready(Ok(HttpResponse { status, headers, body })))
    }
}

fn note(request: &HttpRequest) -> Noted {
    let body = match &request.body {
        Body::Empty => Vec::new(),
        Body::Bytes(bytes) => vec![String::from_utf8_lossy(bytes).into_owned()],
        Body::Multipart(form) => form
            .parts
            .iter()
            .map(|part| {
                let bytes = match &part.source {
                    Source::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    other => format!("{other:?}"),
                };
                format!("{}{bytes}", part.head("boundary"))
            })
            .collect(),
    };
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| match request.boundary.as_str() {
            "" => (name.to_owned(), value.to_owned()),
            boundary => (name.to_owned(), value.replace(boundary, "boundary")),
        })
        .collect();
    Noted { line: format!("{} {}", request.method, request.url), headers, body }
}
