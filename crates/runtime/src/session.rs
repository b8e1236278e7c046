//! The room: the one place where a call gets its origin and its credential and goes on the wire.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use framekey_catalog::{Operation, Scope, Service};
use futures_util::StreamExt;
use futures_util::future::{Either, select};

use crate::mask::Mask;
use crate::refusal::shown;
use crate::{
    Anonymous, Applied, BaseUrl, Body, CredentialKind, Credentials, Error, ErrorKind, Headers,
    HttpRequest, HttpResponse, Platform, Repair, Request, Response, Seconds, ServerError, Stage,
    TransportError, check,
};

/// The time limit of a call where none is set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// An answer larger than this is refused, unless it is asked for as a stream.
const LARGEST_ANSWER: usize = 256 << 20;
/// An error body is read up to here.
const LARGEST_REFUSAL: usize = 64 << 10;
/// Settings of one call, over those of the client.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// The time limit, reading the answer included; streams and forms have none unless it is set.
    pub timeout: Option<Duration>,
}

/// A way to one service at one origin with one set of credentials. Clones share everything.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    options: CallOptions,
}

#[derive(Clone)]
struct Shared {
    service: Service,
    base: BaseUrl,
    platform: Platform,
    credentials: Arc<dyn Credentials>,
    timeout: Duration,
    user_agent: Option<String>,
}

/// Makes a [`Session`].
pub struct SessionBuilder(Shared);

impl Session {
    /// A session without credentials, to be built further.
    #[must_use]
    pub fn builder(service: Service, base: BaseUrl, platform: Platform) -> SessionBuilder {
        SessionBuilder(Shared {
            service,
            base,
            platform,
            credentials: Arc::new(Anonymous),
            timeout: DEFAULT_TIMEOUT,
            user_agent: None,
        })
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> Service {
        self.shared.service
    }

    /// Where it is; the credential goes nowhere else.
    #[must_use]
    pub fn base(&self) -> &BaseUrl {
        &self.shared.base
    }

    /// The seams to the outside.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.shared.platform
    }

    /// The same session with credentials; the connections are shared.
    #[must_use]
    pub fn with_credentials(&self, credentials: Arc<dyn Credentials>) -> Session {
        let shared = Shared { credentials, ..Shared::clone(&self.shared) };
        Session { shared: Arc::new(shared), options: self.options.clone() }
    }

    /// The same session with settings for the next call.
    #[must_use]
    pub fn for_call(&self, options: CallOptions) -> Session {
        Session { shared: Arc::clone(&self.shared), options }
    }

    /// Sends one operation.
    ///
    /// The path must match the operation's template, so that no argument can lead to another
    /// route. A 401 is repaired once, if the credential can be renewed; twice, if the credential that
    /// it was repaired with was older than that 401. Redirects are not followed.
    ///
    /// # Errors
    /// Every answer that is not 2xx, and whatever keeps the request from being answered. Errors of
    /// kind `usage` and `credential` say that the operation was not sent.
    pub async fn send(
        &self,
        operation: &'static Operation,
        request: Request,
    ) -> Result<Response, Error> {
        let clock = Arc::clone(&self.shared.platform.clock);
        let limit = match (self.options.timeout, &request.body) {
            (Some(limit), _) => Some(limit),
            (None, Body::Multipart(_)) => None,
            (None, _) if request.streamed => None,
            (None, _) => Some(self.shared.timeout),
        };
        let work = Box::pin(self.attempt(operation, request));
        let outcome = match limit {
            None => work.await,
            Some(limit) => match select(work, clock.sleep(limit)).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right(_) => Err(Error::new(
                    ErrorKind::Timeout,
                    "timeout.deadline",
                    format!(
                        "no complete answer from {} within {} s (option `timeout`)",
                        self.base().origin(),
                        Seconds(limit)
                    ),
                )),
            },
        };
        outcome.map_err(|error| error.during(operation))
    }

    /// At most twice; three times, if what the second attempt was sent with was older than the 401
    /// that it was to mend.
    async fn attempt(
        &self,
        operation: &'static Operation,
        request: Request,
    ) -> Result<Response, Error> {
        check::request(operation, &request)?;
        if let Some(user_agent) = &self.shared.user_agent {
            check::header("user-agent", user_agent)?;
        }
        let boundary = self.boundary(&request.body);
        let mut attempts = 0;
        let mut refused_at = None;
        loop {
            let applied = self.shared.credentials.apply(operation).await?;
            check::credential(&applied)?;
            attempts += 1;
            let wire = self.assemble(operation, &request, &applied, &boundary);
            let answer = self.shared.platform.transport.send(wire).await.map_err(|fault| {
                transport_error(operation, self.base().origin(), fault).after_attempts(attempts)
            })?;
            let good = (200..300).contains(&answer.status);
            if good && request.streamed {
                return Ok(deliver(answer, attempts));
            }
            let mut repair = None;
            if answer.status == 401 {
                let now = self.shared.platform.clock.now().monotonic;
                let found = self.shared.credentials.rejected(operation, &applied).await;
                let mendable = match refused_at {
                    None => applied.generation != 0,
                    Some(before) => attempts == 2 && applied.asked_for < before,
                };
                if mendable && matches!(found, Repair::Resend) {
                    refused_at = Some(now);
                    continue;
                }
                repair = Some(found);
            }
            let HttpResponse { status, headers, body } = answer;
            let body = read(body, if good { LARGEST_ANSWER } else { LARGEST_REFUSAL }).await;
            if good {
                let body = body.map_err(|error| error.after_attempts(attempts))?;
                return Ok(Response { status, headers, body, stream: None, attempts });
            }
            let json = self.shared.platform.json.as_ref();
            let mask = Mask::of(&applied).and_arguments(operation, &request, json);
            // Scopes are the API keys': a JWT has none.
            let (scope, rights) = match (status, applied.kind) {
                (403, CredentialKind::ApiKey) => {
                    (operation.scope, self.shared.credentials.rights(&applied))
                }
                _ => (None, None),
            };
            // A body that breaks off still leaves the status to report.
            let server = ServerError::read(json, &body.unwrap_or_default(), &mask);
            let error = refusal(status, &headers, server, &mask, repair, scope, rights);
            return Err(error.after_attempts(attempts));
        }
    }

    /// One boundary for all attempts of a call, so that they send the same bytes.
    fn boundary(&self, body: &Body) -> String {
        if !matches!(body, Body::Multipart(_)) {
            return String::new();
        }
        let mut noise = [0_u8; 16];
        self.shared.platform.random.fill(&mut noise);
        let mut boundary = "framekey-".to_owned();
        for byte in noise {
            for digit in [byte >> 4, byte & 15] {
                boundary.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        boundary
    }

    fn assemble(
        &self,
        operation: &'static Operation,
        request: &Request,
        applied: &Applied,
        boundary: &str,
    ) -> HttpRequest {
        let mut headers = Headers::new();
        headers.push("accept", operation.accept);
        if let Some(user_agent) = &self.shared.user_agent {
            headers.push("user-agent", user_agent.clone());
        }
        for (name, value) in request.headers.iter() {
            headers.push(name, value);
        }
        if !boundary.is_empty() {
            headers.push("content-type", format!("multipart/form-data; boundary={boundary}"));
        }
        for (name, secret) in &applied.headers {
            headers.push_secret(name, secret.duplicate());
        }
        let mut query = request.query.clone();
        for (name, secret) in &applied.query {
            crate::encode::query_pair(&mut query, name, secret.expose());
        }
        HttpRequest {
            method: operation.method.as_str(),
            url: self.shared.base.join(&request.path, &query),
            headers,
            boundary: boundary.to_owned(),
            body: request.body.clone(),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("service", &self.shared.service)
            .field("base", &self.shared.base)
            .finish_non_exhaustive()
    }
}

impl SessionBuilder {
    /// The time limit of a call; 60 s where it is not set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = timeout;
        self
    }

    /// The User-Agent; a browser sends its own.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.0.user_agent = Some(user_agent.into());
        self
    }

    /// The session.
    #[must_use]
    pub fn build(self) -> Session {
        Session { shared: Arc::new(self.0), options: CallOptions::default() }
    }
}

/// The origin is said here, where it is known: it has neither path nor query, and no secret.
fn transport_error(operation: &'static Operation, origin: &str, fault: TransportError) -> Error {
    let reads = !matches!(
        operation.retry,
        framekey_catalog::Retry::Unsafe | framekey_catalog::Retry::Keyed
    );
    let (kind, code, what, after) = match fault.stage {
        Stage::Connect => (ErrorKind::Connection, "net.connect", "could not connect to ", ""),
        Stage::Tls => (ErrorKind::Connection, "net.tls", "no secure connection to ", ""),
        Stage::Source => {
            let text = format!("the file to send could not be read ({})", fault.message);
            return Error::new(ErrorKind::Usage, "usage.bad_file", text).because(fault);
        }
        Stage::Sent | Stage::Answering if reads => {
            (ErrorKind::Connection, "net.broken", "the connection to ", " broke")
        }
        Stage::Sent | Stage::Answering => (
            ErrorKind::Connection,
            "outcome_unknown",
            "the connection to ",
            " broke after the request was sent: it may have been carried out",
        ),
    };
    Error::new(kind, code, format!("{what}{origin}{after} ({})", fault.message)).because(fault)
}

fn refusal(
    status: u16,
    headers: &Headers,
    mut server: ServerError,
    mask: &Mask,
    repair: Option<Repair>,
    scope: Option<Scope>,
    rights: Option<String>,
) -> Error {
    if server.request_id.is_none() {
        server.request_id = headers.get("x-request-id").map(|id| shown(id, mask));
    }
    let (kind, code) = match status {
        300..400 => (ErrorKind::Status, "http.redirect"),
        400 => (ErrorKind::BadRequest, "http.400"),
        401 => (ErrorKind::Authentication, "auth.token_rejected"),
        403 if scope.is_some() => (ErrorKind::PermissionDenied, "auth.scope"),
        403 => (ErrorKind::PermissionDenied, "http.403"),
        404 => (ErrorKind::NotFound, "http.404"),
        409 => (ErrorKind::Conflict, "http.409"),
        422 => (ErrorKind::Unprocessable, "http.422"),
        429 => (ErrorKind::RateLimited, "http.429"),
        500..600 => (ErrorKind::Server, "http.5xx"),
        _ => (ErrorKind::Status, "http.status"),
    };
    let mut message = match status {
        300..400 => {
            format!("the service answered with a redirect ({status}), which is never followed")
        }
        _ => format!("the service answered {status}"),
    };
    if let Some(text) = &server.message {
        // A sentence of the service goes on in ours.
        message.push_str(&format!(": {}", text.trim_end_matches(['.', ' '])));
    }
    if let Some(text) = &server.code {
        message.push_str(&format!(" ({text})"));
    }
    if let Some(text) = &server.parameter {
        message.push_str(&format!("; parameter `{text}`"));
    }
    if let Some(text) = &server.request_id {
        message.push_str(&format!("; request {text}"));
    }
    if let Some(scope) = scope {
        message.push_str(&format!(
            "; the operation is listed as needing the scope `{}`",
            scope.as_str()
        ));
        if let Some(rights) = rights {
            message.push_str(&format!("; {rights}"));
        }
    }
    let code = match repair {
        Some(Repair::Refused { code, advice }) => {
            message.push_str(&format!(". {advice}"));
            code
        }
        _ => code,
    };
    let wait = headers.get("retry-after").or_else(|| headers.get("x-ratelimit-retry-after"));
    let wait =
        wait.filter(|_| matches!(status, 429 | 503)).and_then(|text| text.trim().parse().ok());
    Error::new(kind, code, message).with_answer(status, server, wait.map(Duration::from_secs))
}

/// An answer whose body the caller reads.
fn deliver(answer: HttpResponse, attempts: u32) -> Response {
    let HttpResponse { status, headers, body } = answer;
    let stream = body.map(|piece| piece.map_err(broken_answer));
    Response { status, headers, body: Bytes::new(), stream: Some(Box::pin(stream)), attempts }
}

fn broken_answer(fault: TransportError) -> Error {
    Error::new(
        ErrorKind::Connection,
        "net.broken",
        format!("the answer broke off ({})", fault.message),
    )
    .because(fault)
}

async fn read(
    mut body: crate::BoxStream<Result<Bytes, TransportError>>,
    largest: usize,
) -> Result<Bytes, Error> {
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(broken_answer)?;
        if whole.len() + piece.len() > largest {
            return Err(Error::new(
                ErrorKind::Decode,
                "decode.too_large",
                format!("the answer is larger than {} MiB; ask for it as a stream", largest >> 20),
            ));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Bytes::from(whole))
}
