//! An API key in a header: `x-api-key` of Twelve Labs and VideoVector.

use framekey_catalog::{Scheme, Service};
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair};

use crate::source::repair;
use crate::{Credential, HeldKey, Provenance};

/// A key that goes in the header that the operation names.
#[derive(Debug)]
pub struct ApiKeyCredential {
    service: Service,
    key: HeldKey,
}

impl ApiKeyCredential {
    /// A key of `service`.
    #[must_use]
    pub fn new(service: Service, key: HeldKey) -> Self {
        ApiKeyCredential { service, key }
    }

    fn advice(&self) -> String {
        let next = match self.service {
            Service::TwelveLabs => {
                "Keys may end by themselves after two months: create a new one in the dashboard and replace it."
            }
            Service::ApiVideo | Service::VideoVector => {
                "It may be revoked, rotated or expired: create a new one and replace it."
            }
        };
        format!("{} refused the API key from {}. {next}", self.service.title(), self.key.describe())
    }
}

impl Credential for ApiKeyCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::ApiKey
    }

    fn provenance(&self) -> Provenance {
        self.key.provenance()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        matches!(scheme, Scheme::ApiKeyHeader(_))
    }

    fn apply(&self, scheme: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async move {
            let held = self.key.get().await?;
            let headers = match scheme {
                Scheme::ApiKeyHeader(name) => vec![(name, held.secret.duplicate())],
                _ => Vec::new(),
            };
            let generation = held.generation;
            Ok(Applied { kind: self.kind(), headers, generation, ..Applied::nothing() })
        })
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(repair(&self.key, applied.generation, "auth.key_rejected", self.advice()))
    }
}
