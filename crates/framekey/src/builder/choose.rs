//! Which credentials a client has: the first place that has any, and never two that contradict.

use std::sync::Arc;

use framekey_auth::{GivenSession, HeldKey, JwtKind, KeyRule, Provenance, SecretSource, Slot};
use framekey_catalog::{Scope, Service};
use framekey_runtime::encode::listed;
use framekey_runtime::{Clock, Error, Secret};

use super::{ClientBuilder, config};
use crate::dynamic::Client;

/// Which credential to send where several are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The API key, exchanged for an access token.
    Bearer,
    Basic,
    /// A session that was given.
    Session,
    /// Tokens of a provider or a command.
    Token,
    ApiKey,
    Jwt,
}

impl Mode {
    /// What is to be given for it: an API key, a token or a session.
    pub(super) fn kind(self) -> Mode {
        match self {
            Mode::Bearer | Mode::Basic | Mode::ApiKey => Mode::ApiKey,
            Mode::Token | Mode::Jwt => Mode::Token,
            Mode::Session => Mode::Session,
        }
    }
}

/// The credentials of one client.
#[derive(Default)]
pub(super) struct Chosen {
    pub(super) mode: Option<Mode>,
    pub(super) key: Option<HeldKey>,
    /// A JWT, or an access token that a command gives.
    pub(super) token: Option<HeldKey>,
    #[cfg(feature = "native")]
    pub(super) provider: Option<Box<dyn framekey_auth::TokenProvider>>,
    pub(super) session: Option<(GivenSession, Provenance)>,
    pub(super) upload_token: Option<(Secret, Provenance)>,
}

impl Chosen {
    pub(super) fn is_empty(&self) -> bool {
        self.key.is_none()
            && self.token.is_none()
            && self.session.is_none()
            && self.upload_token.is_none()
            && !self.has_provider()
    }

    #[cfg(feature = "native")]
    fn has_provider(&self) -> bool {
        self.provider.is_some()
    }

    #[cfg(not(feature = "native"))]
    fn has_provider(&self) -> bool {
        false
    }

    /// What is given besides an upload token, with where it came from: each is a choice of its own.
    fn kinds(&self) -> Vec<(Mode, String)> {
        let mut kinds = Vec::new();
        if let Some(key) = &self.key {
            kinds.push((Mode::ApiKey, format!("an API key ({})", key.provenance())));
        }
        if let Some((_, from)) = &self.session {
            kinds.push((Mode::Session, format!("a session ({from})")));
        }
        if self.has_provider() {
            kinds.push((Mode::Token, "a callback (option `token_provider`)".to_owned()));
        }
        if let Some(token) = &self.token {
            kinds.push((Mode::Token, format!("a JWT ({})", token.provenance())));
        }
        kinds
    }
}

/// What makes a secret of a source into one in hand.
pub(super) struct Making<'a> {
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) mode: Option<Mode>,
}

impl<C: From<Client>> ClientBuilder<C> {
    /// Takes what is given in code; without any of it, what the environment has; without that, what
    /// files and the keyring have.
    pub(super) fn choose(&mut self, clock: &Arc<dyn Clock>) -> Result<Chosen, Error> {
        let given = self.text("auth_mode").map(|mode| self.mode(mode, "option `auth_mode`"));
        let mode = given.transpose()?;
        let mut making = Making { clock, mode };
        let mut chosen = self.found_in_code(&mut making)?;
        if chosen.is_empty() {
            if let (None, Some((text, variable))) = (mode, self.in_environment("auth_mode")?) {
                making.mode = Some(self.mode(text.trim(), variable)?);
            }
            chosen = self.found_in_environment(&making)?;
        }
        #[cfg(feature = "native")]
        if chosen.is_empty() {
            making.mode = mode;
            chosen = self.found_in_profile(&mut making)?;
        }
        chosen.mode = making.mode;
        self.settle(&mut chosen)?;
        Ok(chosen)
    }

    fn mode(&self, text: &str, from: &str) -> Result<Mode, Error> {
        let modes: &[(&str, Mode)] = match self.service {
            Service::ApiVideo => &[
                ("bearer", Mode::Bearer),
                ("basic", Mode::Basic),
                ("session", Mode::Session),
                ("token", Mode::Token),
            ],
            Service::TwelveLabs => &[("api_key", Mode::ApiKey)],
            // `bearer` is what the official client calls it.
            Service::VideoVector => {
                &[("api_key", Mode::ApiKey), ("jwt", Mode::Jwt), ("bearer", Mode::Jwt)]
            }
        };
        modes.iter().find(|(name, _)| *name == text).map(|(_, mode)| *mode).ok_or_else(|| {
            let names: Vec<&str> = modes.iter().map(|(name, _)| *name).collect();
            config(
                "config.bad_option",
                format!("{from} takes {}, not `{text}`", listed(&names, " or ")),
            )
        })
    }

    /// The mode as `profile` or the like says it, where it is not said in code.
    #[cfg(feature = "native")]
    pub(super) fn mode_of(&self, text: &str, from: &Provenance) -> Result<Mode, Error> {
        self.mode(text, &format!("`auth_mode` in {from}"))
    }

    fn found_in_code(&mut self, making: &mut Making<'_>) -> Result<Chosen, Error> {
        let mut chosen = Chosen::default();
        let option = |name| self.given(name).map(|secret| (secret, Provenance::Option(name)));
        let mut keys: Vec<(&str, HeldKey)> = Vec::new();
        let mut tokens: Vec<(&str, HeldKey)> = Vec::new();
        if let Some((secret, from)) = option("api_key") {
            let secret = self.check(Self::key_slot(making), secret.expose(), &from)?;
            keys.push(("api_key", self.fixed(secret, from, making)?));
        }
        if let Some(source) = &self.key_source {
            let key = self.read_by(Arc::clone(source), Self::key_slot(making), making);
            #[cfg(feature = "native")]
            let key = self.aged(key, making)?;
            keys.push((called(&**source, "api_key_from"), key));
        }
        if let Some((secret, from)) = option("jwt") {
            let secret = self.check(Slot::Jwt, secret.expose(), &from)?;
            tokens.push(("jwt", HeldKey::fixed(secret, from)));
        }
        #[cfg(feature = "native")]
        self.local_options(making, &mut keys, &mut tokens)?;
        if let Some((secret, from)) = option("upload_token") {
            let secret = self.check(Slot::UploadToken, secret.expose(), &from)?;
            chosen.upload_token = Some((secret, from));
        }
        chosen.session = self.session_given()?;
        if let Some(source) = &self.token_source {
            let name = called(&**source, "token_from");
            self.takes_tokens(name)?;
            let token = self.read_by(Arc::clone(source), self.token_slot(), making);
            tokens.push((name, token));
        }
        #[cfg_attr(not(feature = "native"), expect(unused_mut, reason = "there is no other way"))]
        let mut ways: Vec<&str> = tokens.iter().map(|(name, _)| *name).collect();
        #[cfg(feature = "native")]
        if self.token_provider.is_some() {
            self.takes_tokens("token_provider")?;
            ways.push("token_provider");
        }
        one_of(&ways)?;
        one_of(&keys.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
        chosen.key = keys.pop().map(|(_, key)| key);
        chosen.token = tokens.pop().map(|(_, token)| token);
        #[cfg(feature = "native")]
        {
            chosen.provider = self.token_provider.take();
        }
        Ok(chosen)
    }

    fn session_given(&self) -> Result<Option<(GivenSession, Provenance)>, Error> {
        let token = |name: &'static str, slot| {
            let Some(secret) = self.given(name) else { return Ok(None) };
            self.check(slot, secret.expose(), &Provenance::Option(name)).map(Some)
        };
        let access_token = token("access_token", Slot::AccessToken)?;
        let refresh_token = token("refresh_token", Slot::RefreshToken)?;
        let expires_in = self.time("expires_in")?;
        if access_token.is_none() && expires_in.is_some() {
            let why = "option `expires_in` goes with `access_token`, which is not given";
            return Err(config("config.bad_option", why));
        }
        let name = if access_token.is_some() { "access_token" } else { "refresh_token" };
        if access_token.is_none() && refresh_token.is_none() {
            return Ok(None);
        }
        let given = GivenSession { access_token, expires_in, refresh_token };
        Ok(Some((given, Provenance::Option(name))))
    }

    fn found_in_environment(&self, making: &Making<'_>) -> Result<Chosen, Error> {
        let mut chosen = Chosen::default();
        let found = |name, slot| -> Result<Option<(Secret, Provenance)>, Error> {
            let Some((text, variable)) = self.in_environment(name)? else { return Ok(None) };
            let from = Provenance::Environment(variable);
            Ok(Some((self.check(slot, &text, &from)?, from)))
        };
        if let Some((secret, from)) = found("api_key", Self::key_slot(making))? {
            chosen.key = Some(self.fixed(secret, from, making)?);
        }
        #[cfg(feature = "native")]
        self.local_environment(making, &mut chosen)?;
        if let Some((secret, from)) = found("jwt", Slot::Jwt)? {
            chosen.token = Some(HeldKey::fixed(secret, from));
        }
        chosen.upload_token = found("upload_token", Slot::UploadToken)?;
        Ok(chosen)
    }

    /// Refuses what contradicts, and leaves out what the mode does not want.
    fn settle(&self, chosen: &mut Chosen) -> Result<(), Error> {
        let kinds = chosen.kinds();
        let Some(mode) = chosen.mode else {
            if let [(_, first), (_, second), ..] = &kinds[..] {
                let mut why =
                    format!("both {first} and {second} are given; choose with option `auth_mode`");
                let of_token = chosen.token.as_ref().map(HeldKey::provenance);
                if let (true, Some(Provenance::Environment(_))) =
                    (cfg!(feature = "native"), of_token)
                {
                    why.push_str(" or VIDEO_VECTOR_AUTH_MODE");
                }
                return Err(config("auth.conflict", why));
            }
            return Ok(());
        };
        let wanted = mode.kind();
        if !kinds.is_empty() && !kinds.iter().any(|(kind, _)| *kind == wanted) {
            let given: Vec<&str> = kinds.iter().map(|(_, text)| text.as_str()).collect();
            let what = self.wanted(wanted);
            return Err(config(
                "auth.conflict",
                format!("`auth_mode` wants {what}, and given is {}", listed(&given, " and ")),
            ));
        }
        // api.video's kinds open the same operations, so the one that is wanted is enough; a JWT and
        // a key of VideoVector do not.
        if self.service == Service::ApiVideo {
            chosen.key = chosen.key.take().filter(|_| wanted == Mode::ApiKey);
            chosen.session = chosen.session.take().filter(|_| wanted == Mode::Session);
            chosen.token = chosen.token.take().filter(|_| wanted == Mode::Token);
            #[cfg(feature = "native")]
            {
                chosen.provider = chosen.provider.take().filter(|_| wanted == Mode::Token);
            }
        }
        Ok(())
    }

    /// What a mode is for, and how it is given.
    pub(super) fn wanted(&self, kind: Mode) -> &'static str {
        match kind {
            Mode::Session => "option `access_token` or `refresh_token`",
            Mode::Token if self.service == Service::ApiVideo => "option `token_provider`",
            Mode::Token => "option `jwt`",
            _ => "an API key",
        }
    }

    pub(super) fn key_slot(making: &Making<'_>) -> Slot {
        if making.mode == Some(Mode::Basic) { Slot::BasicKey } else { Slot::ApiKey }
    }

    /// A secret, cleaned; what is odd about it is noted.
    fn check(&self, slot: Slot, text: &str, from: &Provenance) -> Result<Secret, Error> {
        let rule = KeyRule::new(self.service, slot);
        #[cfg(feature = "native")]
        return rule.check(text, from).map(|(secret, remarks)| {
            remarks.iter().for_each(|remark| self.notices.note(remark));
            secret
        });
        #[cfg(not(feature = "native"))]
        rule.clean(text, from)
    }

    /// A secret that is read from `source`.
    pub(super) fn read_by(
        &self,
        source: Arc<dyn SecretSource>,
        slot: Slot,
        making: &Making<'_>,
    ) -> HeldKey {
        HeldKey::new(
            source,
            KeyRule::new(self.service, slot),
            Arc::clone(making.clock),
            #[cfg(feature = "native")]
            self.notices.clone(),
        )
    }

    pub(super) fn token_slot(&self) -> Slot {
        match self.service {
            Service::ApiVideo => Slot::AccessToken,
            Service::TwelveLabs | Service::VideoVector => Slot::Jwt,
        }
    }

    fn takes_tokens(&self, name: &str) -> Result<(), Error> {
        match self.service {
            Service::TwelveLabs => Err(config(
                "config.bad_option",
                format!("Twelve Labs takes API keys only: there is no `{name}`"),
            )),
            Service::ApiVideo | Service::VideoVector => Ok(()),
        }
    }

    fn fixed(
        &self,
        secret: Secret,
        from: Provenance,
        making: &Making<'_>,
    ) -> Result<HeldKey, Error> {
        let key = HeldKey::fixed(secret, from);
        #[cfg(feature = "native")]
        let key = self.aged(key, making)?;
        #[cfg(not(feature = "native"))]
        let _ = making;
        Ok(key)
    }

    pub(super) fn jwt_kind_given(&self) -> Result<JwtKind, Error> {
        let Some(name) = self.text("jwt_kind") else { return Ok(JwtKind::default()) };
        JwtKind::from_name(name).ok_or_else(|| {
            let why = format!("option `jwt_kind` takes user, oauth or unknown, not `{name}`");
            config("config.bad_option", why)
        })
    }

    pub(super) fn scopes_given(&self) -> Result<Vec<Scope>, Error> {
        let Some(text) = self.text("scopes") else { return Ok(Vec::new()) };
        let all = [Scope::Search, Scope::Read, Scope::Write, Scope::Admin];
        let mut scopes = Vec::new();
        for name in text.split(',') {
            let name = name.trim();
            let Some(scope) = all.iter().find(|scope| scope.as_str() == name) else {
                let why =
                    format!("option `scopes` takes search, read, write and admin, not `{name}`");
                return Err(config("config.bad_option", why));
            };
            scopes.push(*scope);
        }
        Ok(scopes)
    }
}

/// By what name a source was passed.
fn called(source: &dyn SecretSource, by_default: &'static str) -> &'static str {
    match source.provenance() {
        Provenance::Callback(name) => name,
        _ => by_default,
    }
}

/// At most one of these options may be given.
fn one_of(names: &[&str]) -> Result<(), Error> {
    match names {
        [first, second, ..] => Err(config(
            "auth.conflict",
            format!("both `{first}` and `{second}` are given; leave one of them out"),
        )),
        _ => Ok(()),
    }
}
