//! A callback that gives a bearer token for each attempt.

use std::sync::Arc;

use framekey_catalog::{Scheme, Service};
use framekey_runtime::{
    Applied, BoxFuture, Clock, CredentialKind, Error, ErrorKind, MaybeSend, Repair, Secret,
};

use crate::jwt::fits;
use crate::source::{repeated, unread, within};
use crate::{CallbackFailed, Credential, JwtKind, KeyRule, Pending, Provenance, Slot};

/// Gives a bearer token, without `Bearer`: a JWT of VideoVector, an access token of api.video. Any
/// async function that returns a text will do.
///
/// It is asked for each attempt, so keep the token and give it again while it is good. It has
/// 30 s. What it says when it fails is not kept.
pub trait TokenProvider: MaybeSend {
    /// The token to send now.
    fn token(&self) -> BoxFuture<'_, Result<Secret, CallbackFailed>>;
}

impl<F, P> TokenProvider for F
where
    F: Fn() -> P + MaybeSend,
    P: Pending<Result<String, CallbackFailed>>,
{
    fn token(&self) -> BoxFuture<'_, Result<Secret, CallbackFailed>> {
        let asked = self();
        Box::pin(async { asked.await.map(Secret::new) })
    }
}

/// The bearer tokens of a [`TokenProvider`].
pub struct ProvidedTokenCredential {
    service: Service,
    kind: JwtKind,
    provider: Box<dyn TokenProvider>,
    clock: Arc<dyn Clock>,
}

/// By what name it is passed.
const FROM: Provenance = Provenance::Callback("token_provider");

impl ProvidedTokenCredential {
    /// The tokens of `provider`, of which all are of `kind`.
    #[must_use]
    pub fn new(
        service: Service,
        kind: JwtKind,
        provider: impl TokenProvider + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::boxed(service, kind, Box::new(provider), clock)
    }

    /// The tokens of a provider in a box.
    #[must_use]
    pub fn boxed(
        service: Service,
        kind: JwtKind,
        provider: Box<dyn TokenProvider>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        ProvidedTokenCredential { service, kind, provider, clock }
    }

    async fn header(&self) -> Result<Secret, Error> {
        let ask = async { self.provider.token().await.map_err(|failed| failed.of(&FROM)) };
        let given = within(&self.clock, &FROM, ask).await?;
        let rule = KeyRule::new(self.service, self.slot());
        // Nothing was configured wrongly, so it is neither that kind of error nor its code.
        let (token, _) = rule
            .check(given.expose(), &FROM)
            .map_err(|error| Error::new(ErrorKind::Credential, "auth.source", error.message()))?;
        Ok(Secret::new(["Bearer ", token.expose()].concat()))
    }

    fn slot(&self) -> Slot {
        match self.service {
            Service::ApiVideo => Slot::AccessToken,
            Service::TwelveLabs | Service::VideoVector => Slot::Jwt,
        }
    }
}

impl Credential for ProvidedTokenCredential {
    fn kind(&self) -> CredentialKind {
        match self.slot() {
            Slot::AccessToken => CredentialKind::AccessToken,
            _ => self.kind.sent_as(),
        }
    }

    fn provenance(&self) -> Provenance {
        FROM
    }

    fn fits(&self, scheme: Scheme) -> bool {
        fits(self.kind(), scheme)
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async {
            let headers = vec![("authorization", self.header().await?)];
            Ok(Applied { kind: self.kind(), headers, generation: 1, ..Applied::nothing() })
        })
    }

    /// Asks once more: another token is sent, the same one is not sent again.
    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(async {
            let refused = applied.headers.first().map(|(_, header)| header);
            let advice = match (self.header().await, refused) {
                (Ok(header), Some(refused)) if !refused.matches(header.expose().as_bytes()) => {
                    return Repair::Resend;
                }
                (Ok(_), _) => repeated(&FROM),
                (Err(error), _) => unread(&repeated(&FROM), &FROM, &error),
            };
            Repair::Refused { code: "auth.token_rejected", advice }
        })
    }
}

impl std::fmt::Debug for ProvidedTokenCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProvidedTokenCredential").field("kind", &self.kind).finish_non_exhaustive()
    }
}
