//! api.video's access token of one hour: made from the API key, kept alive, replaced when refused.

#[cfg(not(feature = "native"))]
mod alone;
mod cell;
mod exchange;
mod flight;
mod fly;
mod life;
mod pause;
mod reason;
#[cfg(feature = "native")]
mod record;
#[cfg(feature = "native")]
mod share;
mod state;
mod sync;
#[cfg(test)]
mod tests;
#[cfg(feature = "native")]
mod turn;
#[cfg(feature = "native")]
mod watch;

use std::sync::Arc;
use std::time::Duration;

use framekey_catalog::{Bearer, Scheme, Service};
#[cfg(feature = "native")]
use framekey_runtime::ErrorKind;
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret, Session};

#[cfg(feature = "native")]
use crate::store::TokenStore;
use crate::{Credential, HeldKey, KeyRule, Provenance, Slot};
#[cfg(not(feature = "native"))]
use alone::{Sharing, Turn};
use cell::{Cell, Given, Token};
#[cfg(feature = "native")]
use share::Sharing;
use state::Mode;
#[cfg(feature = "native")]
use turn::Turn;

#[cfg(target_arch = "wasm32")]
pub(crate) use sync::ArcSwapOption;
#[cfg(feature = "model")]
pub use sync::model::locked;
#[cfg(feature = "native")]
pub use watch::{TokenEvent, TokenWatch};

/// How an expired access token is renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// By exchanging the key again; the refresh token is dropped as soon as it is read. With the
    /// key in memory it would be one more secret, and one that can be lost.
    #[default]
    Exchange,
    /// By the refresh token, presented once, and by the key where that gives nothing.
    RefreshFirst,
}

/// Tokens that were given by someone who signed in elsewhere, where there is no API key.
#[derive(Debug)]
pub struct GivenSession {
    /// The access token, without `Bearer`; without one, the refresh token is used at the first call.
    pub access_token: Option<Secret>,
    /// How long the access token still lives; 3,600 s where it is not said.
    pub expires_in: Option<Duration>,
    /// What renews it. Presented once, and once more if nobody knows what came of it (RFC 6749,
    /// section 6); the one in the answer takes its place.
    pub refresh_token: Option<Secret>,
}

/// An access token in hand. Clones share its text.
#[derive(Clone)]
pub struct AccessToken(Arc<Token>);

impl AccessToken {
    /// `Bearer …`.
    #[must_use]
    pub fn header(&self) -> &Secret {
        &self.0.header
    }

    /// Its number, counted from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken")
            .field("generation", &self.0.generation)
            .finish_non_exhaustive()
    }
}

/// A bearer token of one hour, exchanged for an API key, or a session that was given.
///
/// All callers share one token and one exchange, and its failure as well. The token is renewed in
/// the background from 75-85 % of its life on and serves until 30 s before its end whatever
/// becomes of that; one that the service refuses is replaced, at most every 30 s. An exchange takes
/// up to three attempts and 15 s; nobody waits longer than 15.5 s. Clones share everything.
#[derive(Clone)]
pub struct DisposableTokenCredential(Arc<Cell>);

impl DisposableTokenCredential {
    /// The key, read from its source anew for each exchange, and a session without credentials to
    /// exchange it by.
    #[must_use]
    pub fn new(key: HeldKey, renewal: Renewal, session: Session) -> Self {
        let from = key.provenance();
        let mode = match renewal {
            Renewal::Exchange => Mode::Key,
            Renewal::RefreshFirst => Mode::RefreshFirst,
        };
        DisposableTokenCredential(Cell::new(mode, Some(key), from, session))
    }

    /// A session that was given, without a key: when its refresh token is refused, calls fail with
    /// `auth.session_lost` until [`give_session`](Self::give_session) brings a new one.
    #[must_use]
    pub fn from_session(given: GivenSession, from: Provenance, session: Session) -> Self {
        let credential = DisposableTokenCredential(Cell::new(Mode::Session, None, from, session));
        credential.give_session(given);
        credential
    }

    /// Has `watch` told of renewals and failures. The first one set stays.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn watched_by(self, watch: impl TokenWatch + 'static) -> Self {
        self.0.watch(Box::new(watch));
        self
    }

    /// Shares the token through `store` with all clients that have the same key, or were given the
    /// same session, for the same host. The first store set stays.
    ///
    /// The token is looked for there before each exchange, and what an exchange gives is kept there.
    /// While one client exchanges the others wait for its token, for 9 to 11 s at most. With a store
    /// that fails each client is on its own again, and no call fails; but a refresh token is not
    /// presented without the store's lock, since presented twice it is lost.
    ///
    /// # Errors
    /// `config.bad_option`: a given session, and a store that cannot hold sessions.
    #[cfg(feature = "native")]
    pub fn stored_in(self, store: Arc<dyn TokenStore>) -> Result<Self, Error> {
        if self.0.mode() == Mode::Session && !store.holds_sessions() {
            let text = format!(
                "a session cannot be shared through {}, which cannot keep two processes from presenting one refresh token; use a FileStore, or an API key",
                store.title()
            );
            return Err(Error::new(ErrorKind::Configuration, "config.bad_option", text));
        }
        self.0.sharing().set(store);
        Ok(self)
    }

    /// Puts another key in the place of the one held; it is tried at the next need, whatever pause
    /// the old one had earned. A good token stays in use. Without effect on a given session.
    ///
    /// # Errors
    /// `auth.malformed`: the key is checked as the first one was.
    pub fn replace_key(&self, key: &Secret) -> Result<(), Error> {
        let from = self.0.from();
        let rule = KeyRule::new(Service::ApiVideo, Slot::ApiKey);
        let key = HeldKey::fixed(rule.clean(key.expose(), &from)?, from);
        #[cfg(feature = "native")]
        let key = match self.0.key().as_ref().and_then(HeldKey::ages) {
            Some(ages) => key.aged(ages.of_another()),
            None => key,
        };
        self.0.change_key(key);
        Ok(())
    }

    /// Puts another session in the place of all that is held.
    pub fn give_session(&self, given: GivenSession) {
        let GivenSession { access_token, expires_in, refresh_token } = given;
        self.0.give_session(Given {
            access: access_token,
            life: expires_in,
            refresh: refresh_token,
        });
    }

    /// Forgets the key and the tokens; later calls, and those that wait, fail with `usage.closed`.
    pub fn close(&self) {
        self.0.close();
    }

    /// The token that a call would send now, after as short a wait as a call's. A fresh one is had
    /// without a lock, a wait or an allocation.
    ///
    /// # Errors
    /// Those of a call that gets no token: `auth.exchange_refused` and the like.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        match self.0.fresh() {
            Some(token) => Ok(AccessToken(token)),
            // Boxed: else all that a wait might need is copied on the way that never waits.
            None => Box::pin(self.0.token()).await.map(AccessToken),
        }
    }

    /// The number of the token that a call would send at once, counted from 1; `None` if the call
    /// would have to wait, or the token is due for renewal. Neither locks nor allocates.
    #[must_use]
    pub fn ready(&self) -> Option<u64> {
        self.0.fresh().map(|token| token.generation)
    }
}

impl Credential for DisposableTokenCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::AccessToken
    }

    fn provenance(&self) -> Provenance {
        self.0.from()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Bearer(Bearer::Any)
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async move {
            let token = self.0.token().await?;
            Ok(Applied {
                kind: CredentialKind::AccessToken,
                headers: vec![("authorization", token.header.duplicate())],
                generation: token.generation,
                asked_for: token.asked_for(),
                ..Applied::nothing()
            })
        })
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(std::future::ready(self.0.rejected(applied.generation)))
    }
}
