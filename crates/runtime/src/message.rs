//! A request before it has an origin and a credential, and the answer to it.

use std::fmt;

use bytes::Bytes;

use crate::{Body, BoxStream, Error, Headers};

/// A call of one operation, without origin and credential: the session adds both.
#[derive(Clone, Default)]
pub struct Request {
    /// The path below the base URL, encoded. It must match the operation's template.
    pub path: String,
    /// The query, encoded, without `?`.
    pub query: String,
    /// Header parameters of the operation, and `content-type` of a body in bytes.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// Hand the answer over as a stream instead of reading it whole.
    pub streamed: bool,
}

// The query may hold a token: only the path's length would be left to show, so show the body only.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("body", &self.body)
            .field("streamed", &self.streamed)
            .finish_non_exhaustive()
    }
}

/// A successful answer (2xx).
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// The body read whole; empty for a stream.
    pub body: Bytes,
    /// The body in pieces, if the request asked for a stream.
    pub stream: Option<BoxStream<Result<Bytes, Error>>>,
    /// How often the operation was sent.
    pub attempts: u32,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("bytes", &self.body.len())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
