//! HTTP by reqwest: TLS 1.2 or newer with the system's roots, HTTP/1.1 and HTTP/2, no redirects, no
//! Referer, no retries of its own.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;

use futures_util::StreamExt;
use rustls::pki_types::CertificateDer;

use super::form;
use super::pool::Pools;
use super::tls::{authorities, tls_config};
use crate::{
    Body, BoxFuture, Error, Headers, HttpRequest, HttpResponse, Stage, Transport, TransportError,
};

/// HTTP on an operating system. Clones share the connections, of which each tokio runtime has its own.
#[derive(Clone)]
pub struct HttpTransport {
    pools: Arc<Pools>,
}

impl HttpTransport {
    /// A transport with a connection pool of its own.
    ///
    /// # Errors
    /// `internal` where TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::trusting([])
    }

    /// A transport that trusts these certificate authorities beside the system's: a company's own,
    /// or a test's. Nothing turns the checks of certificates and names off.
    ///
    /// # Errors
    /// `internal` where TLS cannot be set up.
    pub fn trusting(
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, Error> {
        let mut tls = tls_config(authorities)?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(HttpTransport { pools: Arc::new(Pools::new(tls)?) })
    }

    /// The same with the certificates of a PEM file's content.
    ///
    /// # Errors
    /// `config.bad_option` where there is no certificate in it, or one that cannot be read;
    /// `internal` where TLS cannot be set up.
    pub fn trusting_pem(pem: &[u8]) -> Result<Self, Error> {
        Self::trusting(authorities(pem)?)
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let pools = Arc::clone(&self.pools);
        Box::pin(async move {
            let pool = pools.here().map_err(|error| TransportError {
                stage: Stage::Connect,
                message: error.message().to_owned(),
            })?;
            let client = pool.client(&request.url);
            let response = build(client, request)?.send().await.map_err(strip)?;
            let mut headers = Headers::new();
            for (name, value) in response.headers() {
                headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
            }
            Ok(HttpResponse {
                status: response.status().as_u16(),
                headers,
                body: Box::pin(response.bytes_stream().map(|piece| {
                    piece.map_err(|error| TransportError {
                        stage: Stage::Answering,
                        message: causes(&error.without_url()),
                    })
                })),
            })
        })
    }
}

fn build(
    client: &reqwest::Client,
    request: HttpRequest,
) -> Result<reqwest::RequestBuilder, TransportError> {
    let method = reqwest::Method::from_bytes(request.method.as_bytes())
        .map_err(|error| TransportError { stage: Stage::Connect, message: error.to_string() })?;
    let mut builder = client.request(method, request.url);
    for (name, value, secret) in request.headers.into_fields() {
        // Shared, not copied: it is overwritten when the request is gone.
        let mut field = reqwest::header::HeaderValue::from_maybe_shared(value).map_err(|_| {
            let message = format!("header `{name}` cannot be sent");
            TransportError { stage: Stage::Connect, message }
        })?;
        // Never indexed in HTTP/2, and not shown by the libraries below.
        field.set_sensitive(secret);
        builder = builder.header(name, field);
    }
    Ok(match request.body {
        Body::Empty => builder,
        Body::Bytes(bytes) => builder.body(bytes),
        Body::Multipart(form) => {
            let (stream, length) = form::encode(form, &request.boundary)?;
            builder.header("content-length", length).body(reqwest::Body::wrap_stream(stream))
        }
    })
}

/// The one place where reqwest's errors enter: their URL stays outside, since it may hold a token.
fn strip(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if let Some(own) = find_own(&error) {
        return own.clone();
    }
    let message = causes(&error);
    let stage = if !error.is_connect() {
        Stage::Sent
    } else if find(&error, |cause| is_tls(cause).then_some(())).is_some() {
        Stage::Tls
    } else {
        Stage::Connect
    };
    TransportError { stage, message }
}

/// A fault of the body's source comes back through reqwest as a cause.
fn find_own(error: &reqwest::Error) -> Option<&TransportError> {
    find(error, |cause| cause.downcast_ref::<TransportError>())
}

fn is_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    // What an I/O error carries is not among its causes, and may be one more I/O error.
    let carried = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || carried.is_some_and(|inner| is_tls(inner))
}

fn find<'a, T>(
    error: &'a reqwest::Error,
    wanted: impl Fn(&'a (dyn std::error::Error + 'static)) -> Option<T>,
) -> Option<T> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(found) = wanted(inner) {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

/// The last cause says most: `Connection refused`, `invalid peer certificate`.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
