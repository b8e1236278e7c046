//! The chosen credentials as a session uses them.

use framekey_auth::{
    ApiKeyCredential, BasicCredential, Credential, CredentialSet, DisposableTokenCredential,
    HeldKey, JwtCredential, Renewal, UploadTokenCredential,
};
#[cfg(feature = "native")]
use framekey_auth::{Notice, ProvidedTokenCredential, TokenEvent};
use framekey_catalog::Service;
use framekey_runtime::{Error, Session};

use super::choose::{Chosen, Mode};
use super::{ClientBuilder, config};
use crate::dynamic::Client;
use crate::shared::Origin;

impl<C: From<Client>> ClientBuilder<C> {
    /// The set for a session. `bare` sends exchanges: without credentials, bound to the same origin.
    pub(super) fn hold(&self, chosen: Chosen, bare: &Session) -> Result<CredentialSet, Error> {
        let kind = self.jwt_kind_given()?;
        let Chosen {
            mode,
            key,
            token,
            #[cfg(feature = "native")]
            provider,
            session,
            upload_token,
        } = chosen;
        // In the order in which they are preferred: an upload token opens the least.
        let mut held: Vec<Box<dyn Credential>> = Vec::new();
        if let Some((token, from)) = upload_token {
            held.push(Box::new(UploadTokenCredential::new(token, from)));
        }
        let first = held.len();
        if let Some(key) = key {
            held.push(self.by_key(key, mode, bare)?);
        }
        if let Some((given, from)) = session {
            held.push(self.exchanged(Origin::Session(given, from), bare)?);
        }
        let token = token.map(|token| -> Box<dyn Credential> {
            Box::new(match self.service {
                Service::ApiVideo => JwtCredential::access_token(token),
                _ => JwtCredential::new(token, kind),
            })
        });
        #[cfg(feature = "native")]
        let token = token.or_else(|| {
            let clock = std::sync::Arc::clone(&bare.platform().clock);
            let provided = ProvidedTokenCredential::boxed(self.service, kind, provider?, clock);
            Some(Box::new(provided))
        });
        if let Some(token) = token {
            let place = if mode == Some(Mode::Jwt) { first } else { held.len() };
            held.insert(place, token);
        }
        let (scopes, strict) = (self.scopes_given()?, self.flag("strict_scopes"));
        if strict && scopes.is_empty() {
            let why = "option `strict_scopes` goes with `scopes`, which is not given";
            return Err(config("config.bad_option", why));
        }
        Ok(CredentialSet::new(self.service, held, self.advice(mode)).scoped(scopes, strict))
    }

    fn by_key(
        &self,
        key: HeldKey,
        mode: Option<Mode>,
        bare: &Session,
    ) -> Result<Box<dyn Credential>, Error> {
        Ok(match self.service {
            Service::ApiVideo if mode == Some(Mode::Basic) => Box::new(BasicCredential::new(key)),
            Service::ApiVideo => {
                let renewal = if self.flag("refresh_first") {
                    Renewal::RefreshFirst
                } else {
                    Renewal::Exchange
                };
                self.exchanged(Origin::Key(key, renewal), bare)?
            }
            Service::TwelveLabs | Service::VideoVector => {
                Box::new(ApiKeyCredential::new(self.service, key))
            }
        })
    }

    /// What keeps an access token: its own, or that of the clients it shares with.
    fn exchanged(&self, origin: Origin, bare: &Session) -> Result<Box<dyn Credential>, Error> {
        let make = |origin: &Origin| self.stored(self.watched(origin.credential(bare.clone())));
        Ok(match &self.shared {
            Some(tokens) if self.may_share() => {
                Box::new(tokens.find_or(bare.base(), origin, make)?)
            }
            _ => Box::new(make(&origin)?),
        })
    }

    /// Shared through the token store, if one is given.
    #[cfg(feature = "native")]
    fn stored(
        &self,
        credential: DisposableTokenCredential,
    ) -> Result<DisposableTokenCredential, Error> {
        match &self.token_store {
            Some(store) => credential.stored_in(std::sync::Arc::clone(store)),
            None => Ok(credential),
        }
    }

    #[cfg(not(feature = "native"))]
    fn stored(
        &self,
        credential: DisposableTokenCredential,
    ) -> Result<DisposableTokenCredential, Error> {
        Ok(credential)
    }

    /// Not with a token store, which shares further; not with authorities of its own either, since
    /// the exchange goes over the HTTP of the client that came first.
    fn may_share(&self) -> bool {
        #[cfg(feature = "native")]
        return self.token_store.is_none() && self.text("ca_bundle").is_none();
        #[cfg(not(feature = "native"))]
        true
    }

    #[cfg(not(feature = "native"))]
    fn watched(&self, credential: DisposableTokenCredential) -> DisposableTokenCredential {
        credential
    }

    #[cfg(feature = "native")]
    fn watched(&self, credential: DisposableTokenCredential) -> DisposableTokenCredential {
        let notices = self.notices.clone();
        credential.watched_by(move |event: &TokenEvent| notices.note(&Notice::Token(event.clone())))
    }
}
