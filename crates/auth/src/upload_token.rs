//! An upload token: lets a stranger upload one video, and opens nothing else.

use framekey_catalog::Scheme;
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret};

use crate::{Credential, Provenance};

/// A token of `upload_tokens.create`. It goes in the query, as api.video wants it.
#[derive(Debug)]
pub struct UploadTokenCredential {
    token: Secret,
    from: Provenance,
}

impl UploadTokenCredential {
    /// A cleaned token.
    #[must_use]
    pub fn new(token: Secret, from: Provenance) -> Self {
        UploadTokenCredential { token, from }
    }
}

impl Credential for UploadTokenCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::UploadToken
    }

    fn provenance(&self) -> Provenance {
        self.from.clone()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        matches!(scheme, Scheme::ApiKeyQuery(_))
    }

    fn apply(&self, scheme: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        let query = match scheme {
            Scheme::ApiKeyQuery(name) => vec![(name, self.token.duplicate())],
            _ => Vec::new(),
        };
        Box::pin(std::future::ready(Ok(Applied { kind: self.kind(), query, ..Applied::nothing() })))
    }

    fn rejected<'a>(&'a self, _: &'a Applied) -> BoxFuture<'a, Repair> {
        let advice = format!(
            "The upload token from {} is unknown, deleted or past its TTL: get a new one from the one who made it (`upload_tokens.create`).",
            self.from
        );
        Box::pin(std::future::ready(Repair::Refused { code: "upload_token.rejected", advice }))
    }
}
