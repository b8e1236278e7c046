//! HTTP by reqwest: TLS 1.2 or newer with the system's roots, HTTP/1.1 and HTTP/2, no redirects, no
//! Referer, no retries of its own.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::form;
use crate::{
    Body, BoxFuture, Error, ErrorKind, Headers, HttpRequest, HttpResponse, Stage, Transport,
    TransportError,
};

/// The time limit for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Idle connections are dropped before common servers close them (5 s keep-alive and up).
const IDLE: Duration = Duration::from_secs(4);

/// HTTP on an operating system. Clones share the connections.
#[derive(Clone, Debug)]
pub struct HttpTransport(reqwest::Client);

impl HttpTransport {
    /// A transport with a connection pool of its own.
    ///
    /// # Errors
    /// `internal` where TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        let broken =
            |text: String| Error::new(ErrorKind::Internal, "internal", format!("no TLS: {text}"));
        // Named, not the process default: a host program may have installed another one, or two.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(|error| broken(error.to_string()))?
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|error| broken(error.without_url().to_string()))?;
        Ok(HttpTransport(client))
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let client = self.0.clone();
        Box::pin(async move {
            let response = build(&client, request)?.send().await.map_err(strip)?;
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
    for (name, value) in request.headers.iter() {
        let mut field =
            reqwest::header::HeaderValue::from_str(value).map_err(|_| TransportError {
                stage: Stage::Connect,
                message: format!("header `{name}` cannot be sent"),
            })?;
        // Never indexed in HTTP/2, and not shown by the libraries below.
        field.set_sensitive(matches!(name, "authorization" | "x-api-key"));
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
    } else if message.contains("certificate") || message.contains("tls") {
        Stage::Tls
    } else {
        Stage::Connect
    };
    TransportError { stage, message }
}

/// A fault of the body's source comes back through reqwest as a cause.
fn find_own(error: &reqwest::Error) -> Option<&TransportError> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(own) = inner.downcast_ref::<TransportError>() {
            return Some(own);
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
