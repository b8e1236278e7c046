//! A typed answer, with what came beside it.

use std::ops::Deref;

use serde::de::DeserializeOwned;

use framekey_catalog::Operation;

use super::{EventStream, Framing};
use crate::{BoxStream, Bytes, Error, ErrorKind, Headers, Response};

/// An answer as a typed value, with its status and header fields. Used like the value itself.
#[derive(Debug)]
pub struct ResponseValue<T> {
    value: T,
    status: u16,
    headers: Headers,
    attempts: u32,
}

impl<T> ResponseValue<T> {
    fn new(value: T, response: Response) -> Self {
        ResponseValue {
            value,
            status: response.status,
            headers: response.headers,
            attempts: response.attempts,
        }
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The header fields.
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// How often the operation was sent.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl<T> Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned> ResponseValue<T> {
    /// Reads a JSON answer. An empty one is read as null.
    ///
    /// # Errors
    /// `decode.body`: the answer is not what the service documents.
    pub fn from_response(operation: &'static Operation, response: Response) -> Result<Self, Error> {
        let body: &[u8] = if response.body.is_empty() { b"null" } else { &response.body };
        let value =
            serde_json::from_slice(body).map_err(|fault| unreadable(&fault).during(operation))?;
        Ok(ResponseValue::new(value, response))
    }
}

impl ResponseValue<()> {
    /// An answer without a body.
    #[must_use]
    pub fn empty(response: Response) -> Self {
        ResponseValue::new((), response)
    }
}

impl<T> ResponseValue<EventStream<T>> {
    /// An answer that comes piece by piece.
    #[must_use]
    pub fn events(framing: Framing, mut response: Response) -> Self {
        let bytes = response.stream.take().unwrap_or_else(|| whole(response.body.clone()));
        ResponseValue::new(EventStream::new(framing, bytes), response)
    }
}

/// The answer of a transport that had it whole already.
fn whole(body: Bytes) -> BoxStream<Result<Bytes, Error>> {
    Box::pin(futures_util::stream::iter([Ok(body)]))
}

/// serde's own words may quote the answer, and with it a secret: only the place is told.
pub(super) fn unreadable(fault: &serde_json::Error) -> Error {
    let what = match fault.classify() {
        serde_json::error::Category::Data => "is not what the service documents",
        _ => "is not JSON",
    };
    Error::new(
        ErrorKind::Decode,
        "decode.body",
        format!("the answer {what} (line {}, column {})", fault.line(), fault.column()),
    )
}
