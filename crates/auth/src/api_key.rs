//! An API key in a header: `x-api-key` of Twelve Labs and VideoVector.

use framekey_catalog::{Scheme, Service};
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret};

use crate::{Credential, Provenance};

/// A key that goes in the header that the operation names.
#[derive(Debug)]
pub struct ApiKeyCredential {
    service: Service,
    key: Secret,
    from: Provenance,
}

impl ApiKeyCredential {
    /// A cleaned key of `service`.
    #[must_use]
    pub fn new(service: Service, key: Secret, from: Provenance) -> Self {
        ApiKeyCredential { service, key, from }
    }
}

impl Credential for ApiKeyCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::ApiKey
    }

    fn provenance(&self) -> Provenance {
        self.from.clone()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        matches!(scheme, Scheme::ApiKeyHeader(_))
    }

    fn apply(&self, scheme: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        let headers = match scheme {
            Scheme::ApiKeyHeader(name) => vec![(name, self.key.duplicate())],
            _ => Vec::new(),
        };
        Box::pin(std::future::ready(Ok(Applied {
            kind: self.kind(),
            headers,
            query: Vec::new(),
            generation: 0,
        })))
    }

    fn rejected<'a>(&'a self, _: &'a Applied) -> BoxFuture<'a, Repair> {
        let next = match self.service {
            Service::TwelveLabs => {
                "Keys may end by themselves after two months: create a new one in the dashboard and replace it."
            }
            Service::ApiVideo | Service::VideoVector => {
                "It may be revoked, rotated or expired: create a new one and replace it."
            }
        };
        let advice =
            format!("{} refused the API key from {}. {next}", self.service.title(), self.from);
        Box::pin(std::future::ready(Repair::Refused { code: "auth.key_rejected", advice }))
    }
}
