//! What credentials a client would use, for `framekey auth status`: never their values.

use std::time::Duration;

use framekey_auth::{HeldKey, fingerprint};
use framekey_catalog::Service;
use framekey_runtime::Error;

use super::ClientBuilder;
use super::choose::{Chosen, Mode};
use crate::dynamic::Client;

/// What a client of one service would send, and where that comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthStatus {
    /// The service.
    pub service: Service,
    /// Where it is; no credential goes to another origin.
    pub base_url: String,
    /// What would be used, in the order of preference; empty: nothing is configured.
    pub credentials: Vec<CredentialStatus>,
    /// What was looked for in vain, and why.
    pub notes: Vec<String>,
}

/// One credential that would be used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CredentialStatus {
    /// `API key`, `access token, made from an API key`, …
    pub kind: &'static str,
    /// Where it comes from: `TWELVE_LABS_API_KEY`, `file /run/secrets/key`.
    pub source: String,
    /// Eight hexadecimal digits that name it; `None` where it could not be read, or changes.
    pub fingerprint: Option<String>,
    /// How long ago it was first used, as far as is known.
    pub age: Option<Duration>,
    /// How long it still lives, where that is known or assumed.
    pub left: Option<Duration>,
    /// Why it cannot be used.
    pub problem: Option<String>,
}

impl CredentialStatus {
    fn of(kind: &'static str, source: String) -> Self {
        CredentialStatus { kind, source, fingerprint: None, age: None, left: None, problem: None }
    }
}

impl<C: From<Client>> ClientBuilder<C> {
    /// What the client would use. Reads the sources, so a keyring may ask and a command runs; calls
    /// nothing of the service.
    ///
    /// # Errors
    /// Those of [`build`](Self::build).
    pub async fn auth_status(mut self) -> Result<AuthStatus, Error> {
        let service = self.service;
        let find = async {
            let base_url = self.base()?.to_string();
            let platform = self.take_platform()?;
            let mut notes = Vec::new();
            if self.ring.is_none() {
                notes.push("this build has no keyring (feature `keyring`)".to_owned());
            }
            let chosen = self.choose(&platform.clock)?;
            let credentials = list(service, chosen, &mut notes).await;
            Ok(AuthStatus { service, base_url, credentials, notes })
        };
        find.await.map_err(|error: Error| error.of(service))
    }
}

async fn list(service: Service, chosen: Chosen, notes: &mut Vec<String>) -> Vec<CredentialStatus> {
    let mut list = Vec::new();
    let Chosen { mode, key, token, provider, session, upload_token } = chosen;
    if let Some((token, from)) = upload_token {
        let status = CredentialStatus::of("upload token", from.to_string());
        list.push(CredentialStatus { fingerprint: Some(fingerprint(&token)), ..status });
    }
    let kind = match (service, mode) {
        (Service::ApiVideo, Some(Mode::Basic)) => "API key (basic)",
        (Service::ApiVideo, _) => "access token, made from an API key",
        _ => "API key",
    };
    let first = list.len();
    if let Some(key) = key {
        list.extend(held(kind, &key, notes).await);
    }
    if let Some((given, from)) = session {
        let known = given.access_token.as_ref().or(given.refresh_token.as_ref());
        let status = CredentialStatus::of("session", from.to_string());
        list.push(CredentialStatus { fingerprint: known.map(fingerprint), ..status });
    }
    let kind = if service == Service::ApiVideo { "access token" } else { "JWT" };
    let token = match (token, provider) {
        (Some(token), _) => held(kind, &token, notes).await,
        (None, Some(_)) => Some(CredentialStatus::of(kind, "callback `token_provider`".to_owned())),
        (None, None) => None,
    };
    if let Some(token) = token {
        let place = if mode == Some(Mode::Jwt) { first } else { list.len() };
        list.insert(place, token);
    }
    list
}

/// Reads a key; one that is nowhere becomes a note.
async fn held(
    kind: &'static str,
    key: &HeldKey,
    notes: &mut Vec<String>,
) -> Option<CredentialStatus> {
    // Not `get`, which would count as a use of the key.
    let read = match key.current() {
        Some(held) => Ok(Some(held)),
        None => key.reread(0).await,
    };
    let mut status = CredentialStatus::of(kind, key.provenance().to_string());
    match read {
        Ok(Some(held)) => {
            status.fingerprint = Some(fingerprint(&held.secret));
            let age = key.ages().and_then(|ages| ages.of(&held));
            status.left = age.as_ref().and_then(|age| age.left);
            status.age = age.map(|age| age.age);
        }
        Ok(None) => {}
        Err(error) if error.code() == "auth.missing" => {
            notes.push(error.message().to_owned());
            return None;
        }
        Err(error) => status.problem = Some(error.to_string()),
    }
    Some(status)
}
