//! A JWT as bearer token.

use framekey_catalog::{Bearer, Scheme};
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret};

use crate::{Credential, Provenance};

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

/// A JWT that the caller holds.
#[derive(Debug)]
pub struct JwtCredential {
    header: Secret,
    kind: JwtKind,
    from: Provenance,
}

impl JwtCredential {
    /// A cleaned JWT, without `Bearer`.
    #[must_use]
    pub fn new(jwt: &Secret, kind: JwtKind, from: Provenance) -> Self {
        JwtCredential { header: Secret::new(format!("Bearer {}", jwt.expose())), kind, from }
    }
}

impl Credential for JwtCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::Jwt
    }

    fn provenance(&self) -> Provenance {
        self.from.clone()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Bearer(Bearer::Any) => true,
            Scheme::Bearer(Bearer::User | Bearer::NotOAuth) => self.kind != JwtKind::OAuth,
            _ => false,
        }
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        let headers = vec![("authorization", self.header.duplicate())];
        Box::pin(std::future::ready(Ok(Applied {
            kind: CredentialKind::Jwt,
            headers,
            query: Vec::new(),
            generation: 0,
        })))
    }

    fn rejected<'a>(&'a self, _: &'a Applied) -> BoxFuture<'a, Repair> {
        let advice = format!(
            "The JWT from {} was refused; it may have expired. Sign in again and pass the new one.",
            self.from
        );
        Box::pin(std::future::ready(Repair::Refused { code: "auth.token_rejected", advice }))
    }
}
