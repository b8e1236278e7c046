//! HTTP basic (RFC 7617): the API key as user name, an empty password.

use base64ct::{Base64, Encoding as _};
use framekey_catalog::Scheme;
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret};

use crate::source::repair;
use crate::{Credential, HeldKey, Provenance};

/// An api.video key that is sent on every call as basic user name.
#[derive(Debug)]
pub struct BasicCredential {
    key: HeldKey,
}

impl BasicCredential {
    /// A key without a colon: one that [`Slot::BasicKey`](crate::Slot) lets pass.
    #[must_use]
    pub fn new(key: HeldKey) -> Self {
        BasicCredential { key }
    }

    fn advice(&self) -> String {
        format!(
            "api.video refused the API key from {}. Sandbox and production have keys of their own; is it for this host?",
            self.key.describe()
        )
    }
}

impl Credential for BasicCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::Basic
    }

    fn provenance(&self) -> Provenance {
        self.key.provenance()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Basic
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async {
            let held = self.key.get().await?;
            // In pieces of the right size: a text that grows leaves copies behind.
            let pair = Secret::new([held.secret.expose(), ":"].concat());
            let code = Secret::new(Base64::encode_string(pair.expose().as_bytes()));
            let header = Secret::new(["Basic ", code.expose()].concat());
            let headers = vec![("authorization", header)];
            let generation = held.generation;
            Ok(Applied { kind: self.kind(), headers, generation, ..Applied::nothing() })
        })
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(repair(&self.key, applied.generation, "auth.key_rejected", self.advice()))
    }
}
