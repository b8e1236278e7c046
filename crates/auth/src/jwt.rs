//! A JWT as bearer token.

use framekey_catalog::{Bearer, Scheme};
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret};

use crate::source::{repair, repeated};
use crate::{Credential, HeldKey, Provenance};

/// Which kind of JWT is held. They look alike on the wire and do not open the same operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JwtKind {
    /// Of a user's web login: opens everything, key administration included.
    User,
    /// An OAuth access token: no key administration, no rate-limit calls.
    OAuth,
    /// Not known: the service decides.
    #[default]
    Unknown,
}

impl JwtKind {
    /// Its name, as the option `jwt_kind` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JwtKind::User => "user",
            JwtKind::OAuth => "oauth",
            JwtKind::Unknown => "unknown",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [JwtKind::User, JwtKind::OAuth, JwtKind::Unknown];
        all.into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn sent_as(self) -> CredentialKind {
        match self {
            JwtKind::OAuth => CredentialKind::OAuth,
            JwtKind::User | JwtKind::Unknown => CredentialKind::Jwt,
        }
    }
}

/// Whether a bearer token that is sent as `kind` is accepted by `scheme`.
pub(crate) fn fits(kind: CredentialKind, scheme: Scheme) -> bool {
    match scheme {
        Scheme::Bearer(Bearer::Any) => true,
        Scheme::Bearer(Bearer::User | Bearer::NotOAuth) => kind != CredentialKind::OAuth,
        _ => false,
    }
}

/// A JWT that the caller holds, or that a source gives.
#[derive(Debug)]
pub struct JwtCredential {
    jwt: HeldKey,
    sent_as: CredentialKind,
}

impl JwtCredential {
    /// A JWT, without `Bearer`.
    #[must_use]
    pub fn new(jwt: HeldKey, kind: JwtKind) -> Self {
        JwtCredential { jwt, sent_as: kind.sent_as() }
    }

    /// An access token of api.video that a source gives.
    #[must_use]
    pub fn access_token(token: HeldKey) -> Self {
        JwtCredential { jwt: token, sent_as: CredentialKind::AccessToken }
    }

    fn advice(&self) -> String {
        let from = self.jwt.provenance();
        if let Provenance::Callback(_) = from {
            return repeated(&from);
        }
        format!(
            "{} from {from} was refused; it may have expired. Sign in again and pass the new one.",
            self.sent_as.title(),
        )
    }
}

impl Credential for JwtCredential {
    fn kind(&self) -> CredentialKind {
        self.sent_as
    }

    fn provenance(&self) -> Provenance {
        self.jwt.provenance()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        fits(self.sent_as, scheme)
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async {
            let held = self.jwt.get().await?;
            let header = Secret::new(["Bearer ", held.secret.expose()].concat());
            let headers = vec![("authorization", header)];
            let generation = held.generation;
            Ok(Applied { kind: self.sent_as, headers, generation, ..Applied::nothing() })
        })
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(repair(&self.jwt, applied.generation, "auth.token_rejected", self.advice()))
    }
}
