//! HTTP basic (RFC 7617): the API key as user name, an empty password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use framekey_catalog::Scheme;
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, ErrorKind, Repair, Secret};

use crate::{Credential, Provenance};

/// An api.video key that is sent on every call as basic user name.
#[derive(Debug)]
pub struct BasicCredential {
    header: Secret,
    from: Provenance,
}

impl BasicCredential {
    /// A cleaned key.
    ///
    /// # Errors
    /// `auth.malformed` for a key with a colon, which a basic user name cannot have.
    pub fn new(key: &Secret, from: Provenance) -> Result<Self, Error> {
        if key.expose().contains(':') {
            return Err(Error::new(
                ErrorKind::Configuration,
                "auth.malformed",
                format!(
                    "the API key from {from} has a ':', which HTTP basic cannot carry (RFC 7617, section 2)"
                ),
            ));
        }
        let pair = Secret::new(format!("{}:", key.expose()));
        let header = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
        Ok(BasicCredential { header, from })
    }
}

impl Credential for BasicCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::Basic
    }

    fn provenance(&self) -> Provenance {
        self.from.clone()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Basic
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        let headers = vec![("authorization", self.header.duplicate())];
        Box::pin(std::future::ready(Ok(Applied {
            kind: self.kind(),
            headers,
            query: Vec::new(),
            generation: 0,
        })))
    }

    fn rejected<'a>(&'a self, _: &'a Applied) -> BoxFuture<'a, Repair> {
        let advice = format!(
            "api.video refused the API key from {}. Sandbox and production have keys of their own; is it for this host?",
            self.from
        );
        Box::pin(std::future::ready(Repair::Refused { code: "auth.key_rejected", advice }))
    }
}
