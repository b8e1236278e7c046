//! The one error of framekey.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use framekey_catalog::{Operation, Service};

use crate::ServerError;

/// What went wrong, for code to match on. The rows of `spec/errors.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call is wrong and nothing was sent.
    Usage,
    /// The client cannot be built as it is configured.
    Configuration,
    /// There is no credential that the operation accepts, or none could be obtained.
    Credential,
    /// The service refused the credential (401).
    Authentication,
    /// The credential is good, but not for this operation (403).
    PermissionDenied,
    /// The service found the request wrong (400).
    BadRequest,
    /// No such object (404).
    NotFound,
    /// The object's state does not allow the call (409).
    Conflict,
    /// The content is refused (422).
    Unprocessable,
    /// Too many requests (429).
    RateLimited,
    /// The service failed (5xx).
    Server,
    /// Any other status that is not success.
    Status,
    /// The service could not be reached, or the connection broke.
    Connection,
    /// A time limit ran out.
    Timeout,
    /// The answer could not be read.
    Decode,
    /// A fault in framekey itself.
    Internal,
}

impl ErrorKind {
    /// The name in `spec/errors.yaml`: `rate_limited`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Usage => "usage",
            ErrorKind::Configuration => "configuration",
            ErrorKind::Credential => "credential",
            ErrorKind::Authentication => "authentication",
            ErrorKind::PermissionDenied => "permission_denied",
            ErrorKind::BadRequest => "bad_request",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Unprocessable => "unprocessable",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::Server => "server",
            ErrorKind::Status => "status",
            ErrorKind::Connection => "connection",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Decode => "decode",
            ErrorKind::Internal => "internal",
        }
    }
}

/// Any failure of framekey. Cheap to clone, so that one failed exchange can answer every waiter.
///
/// Neither its text nor its chain of causes holds a secret, a URL or a body.
#[derive(Clone, Debug)]
pub struct Error(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    code: &'static str,
    message: String,
    service: Option<Service>,
    operation: Option<&'static str>,
    status: Option<u16>,
    server: Option<ServerError>,
    attempts: u32,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A new error. `message` says what is wrong and what to do, and holds no secret.
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Error(Arc::new(Inner {
            kind,
            code,
            message: message.into(),
            service: None,
            operation: None,
            status: None,
            server: None,
            attempts: 0,
            retry_after: None,
            source: None,
        }))
    }

    /// For writing: a copy, should another clone be about.
    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// Names the operation, unless one is named already.
    #[must_use]
    pub fn during(mut self, operation: &'static Operation) -> Self {
        let inner = self.inner();
        inner.service.get_or_insert(operation.service);
        inner.operation.get_or_insert(operation.id);
        self
    }

    /// Names the service.
    #[must_use]
    pub fn of(mut self, service: Service) -> Self {
        self.inner().service = Some(service);
        self
    }

    /// Says how often the operation was sent.
    #[must_use]
    pub fn after_attempts(mut self, attempts: u32) -> Self {
        self.inner().attempts = attempts;
        self
    }

    /// Adds what the service answered.
    #[must_use]
    pub fn with_answer(
        mut self,
        status: u16,
        server: ServerError,
        retry_after: Option<Duration>,
    ) -> Self {
        let inner = self.inner();
        inner.status = Some(status);
        inner.server = Some(server);
        inner.retry_after = retry_after;
        self
    }

    /// Says how long to wait before the next try.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.inner().retry_after = Some(pause);
        self
    }

    /// Chains the cause.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.inner().source = Some(Arc::new(cause));
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable code: `auth.wrong_kind`, `http.404`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The text without the operation in front.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The service, where one is concerned.
    #[must_use]
    pub fn service(&self) -> Option<Service> {
        self.0.service
    }

    /// The operation, where one is concerned: `videos.list`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The HTTP status, if the service answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What the service said, if it answered.
    #[must_use]
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// How often the operation was sent; 0: not at all.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long to wait before the next try, where the service or a pause of ours says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match (inner.operation, inner.service) {
            (Some(operation), Some(service)) => write!(f, "`{operation}` ({}): ", service.title())?,
            (None, Some(service)) => write!(f, "{}: ", service.title())?,
            _ => {}
        }
        f.write_str(&inner.message)?;
        write!(f, " [{}]", inner.code)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
