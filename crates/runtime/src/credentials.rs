//! What the session asks of credentials. Strategies live above, in `framekey-auth`.

use std::time::Duration;

use framekey_catalog::Operation;

use crate::{BoxFuture, Error, MaybeSend, Secret};

/// The kinds of credential, as they are named in errors and journals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// None.
    Anonymous,
    /// An API key in a header.
    ApiKey,
    /// An API key as HTTP basic user name.
    Basic,
    /// An access token that was exchanged for an API key.
    AccessToken,
    /// A JWT.
    Jwt,
    /// A JWT that is known to be an OAuth access token.
    OAuth,
    /// An upload token in the query.
    UploadToken,
}

impl CredentialKind {
    /// The name in texts: `an API key`, `an access token`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            CredentialKind::Anonymous => "no credential",
            CredentialKind::ApiKey => "an API key",
            CredentialKind::Basic => "an API key (basic)",
            CredentialKind::AccessToken => "an access token",
            CredentialKind::Jwt => "a JWT",
            CredentialKind::OAuth => "an OAuth token (`jwt_kind` oauth)",
            CredentialKind::UploadToken => "an upload token",
        }
    }
}

/// What goes on one attempt.
#[derive(Debug)]
pub struct Applied {
    /// The kind that was chosen.
    pub kind: CredentialKind,
    /// Header fields to add.
    pub headers: Vec<(&'static str, Secret)>,
    /// Query parameters to add.
    pub query: Vec<(&'static str, Secret)>,
    /// Which token it was, for [`Credentials::rejected`]; 0 for a credential that never changes.
    pub generation: u64,
    /// When the token was asked for, by the monotonic clock. What revokes one token revokes those
    /// that are there by then: one that is older than the 401 it is to mend may be refused as well,
    /// and is then replaced once more. `MAX`: a second 401 is final.
    pub asked_for: Duration,
}

impl Applied {
    /// Nothing is sent.
    #[must_use]
    pub const fn nothing() -> Self {
        Applied {
            kind: CredentialKind::Anonymous,
            headers: Vec::new(),
            query: Vec::new(),
            generation: 0,
            asked_for: Duration::MAX,
        }
    }
}

/// What follows from a 401.
#[derive(Debug)]
pub enum Repair {
    /// There is, or will be, a newer credential: send once more.
    Resend,
    /// Nothing can be done: the text says what to tell the caller.
    Refused {
        /// The stable code: `auth.key_rejected`.
        code: &'static str,
        /// What the caller should know, without any secret: age, source, next step.
        advice: String,
    },
}

/// Chooses and makes the credential of every attempt. Bound to one origin by its session.
pub trait Credentials: MaybeSend {
    /// The credential for one attempt of `operation`.
    ///
    /// Fails before anything is sent where none is accepted, and where none can be had.
    fn apply<'a>(&'a self, operation: &'static Operation) -> BoxFuture<'a, Result<Applied, Error>>;

    /// The service answered 401 to `applied`.
    fn rejected<'a>(
        &'a self,
        operation: &'static Operation,
        applied: &'a Applied,
    ) -> BoxFuture<'a, Repair>;

    /// What is known of the rights of the API key that was sent, to explain a 403: `key 3f9a1c02 has
    /// read`.
    fn rights(&self, _applied: &Applied) -> Option<String> {
        None
    }
}

/// Sends nothing, whatever the operation accepts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anonymous;

impl Credentials for Anonymous {
    fn apply<'a>(&'a self, _: &'static Operation) -> BoxFuture<'a, Result<Applied, Error>> {
        Box::pin(std::future::ready(Ok(Applied::nothing())))
    }

    fn rejected<'a>(&'a self, _: &'static Operation, _: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(std::future::ready(Repair::Refused {
            code: "auth.key_rejected",
            advice: "no credential was sent".to_owned(),
        }))
    }
}
