//! How a client is configured: options in code, then the environment.

use std::marker::PhantomData;
use std::time::Duration;

use framekey_auth::{
    ApiKeyCredential, BasicCredential, Credential, CredentialSet, DisposableTokenCredential,
    HeldKey, JwtCredential, JwtKind, KeyRule, Provenance, Renewal, Slot, UploadTokenCredential,
};
use framekey_catalog::{OPTIONS, OptionKind, OptionRow, Service};
use framekey_runtime::{BaseUrl, Error, ErrorKind, MaybeSend, Platform, Seconds, Secret, Session};
use serde_json::Value;

use crate::dynamic::{Client, fold, nearest};

/// Looks an environment variable up.
#[cfg(not(target_arch = "wasm32"))]
type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;
#[cfg(target_arch = "wasm32")]
type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// Configures a client of one service.
///
/// Credentials given here switch those of the environment off; nothing is mixed.
pub struct ClientBuilder<C = Client> {
    service: Service,
    values: Vec<(&'static str, Setting)>,
    jwt_kind: JwtKind,
    platform: Option<Platform>,
    environment: Environment,
    makes: PhantomData<fn() -> C>,
}

/// Credentials by the option that takes them. Lists, here and above: there are a handful, and a
/// map's code is large in a browser.
type Texts = Vec<(&'static str, (Secret, Provenance))>;

enum Setting {
    Secret(Secret),
    Time(Duration),
    Plain(Value),
}

impl<C: From<Client>> ClientBuilder<C> {
    /// A builder that reads the process environment (a browser has none).
    #[must_use]
    pub fn new(service: Service) -> Self {
        ClientBuilder {
            service,
            values: Vec::new(),
            jwt_kind: JwtKind::Unknown,
            platform: None,
            environment: Box::new(|name| std::env::var(name).ok()),
            makes: PhantomData,
        }
    }

    /// The API key of the service's dashboard.
    #[must_use]
    pub fn api_key(self, key: impl Into<String>) -> Self {
        self.secret("api_key", key.into())
    }

    /// The JWT of a signed-in user (VideoVector).
    #[must_use]
    pub fn jwt(self, jwt: impl Into<String>) -> Self {
        self.secret("jwt", jwt.into())
    }

    /// Says which kind of JWT it is, so that a call it cannot make is refused before it is sent.
    #[must_use]
    pub fn jwt_kind(mut self, kind: JwtKind) -> Self {
        self.jwt_kind = kind;
        self
    }

    /// A token for delegated uploads (api.video).
    #[must_use]
    pub fn upload_token(self, token: impl Into<String>) -> Self {
        self.secret("upload_token", token.into())
    }

    /// Which credential to prefer: `bearer` or `basic` for api.video, `api_key` or `jwt` for VideoVector.
    #[must_use]
    pub fn auth_mode(self, mode: impl Into<String>) -> Self {
        self.plain("auth_mode", Value::String(mode.into()))
    }

    /// Renew the access token with its refresh token first (api.video).
    #[must_use]
    pub fn refresh_first(self, yes: bool) -> Self {
        self.plain("refresh_first", Value::Bool(yes))
    }

    /// Use the sandbox host (api.video).
    #[must_use]
    pub fn sandbox(self, yes: bool) -> Self {
        self.plain("sandbox", Value::Bool(yes))
    }

    /// Where the service is: `https`, or `http` on a loopback address.
    #[must_use]
    pub fn base_url(self, url: impl Into<String>) -> Self {
        self.plain("base_url", Value::String(url.into()))
    }

    /// The time limit of a call, reading the answer included; 60 s where it is not set.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.put("timeout", Setting::Time(limit));
        self
    }

    /// Other seams to HTTP, time, tasks and randomness than the operating system's.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Where environment variables are looked up.
    #[must_use]
    pub fn environment(
        mut self,
        look_up: impl Fn(&str) -> Option<String> + MaybeSend + 'static,
    ) -> Self {
        self.environment = Box::new(look_up);
        self
    }

    /// Sets an option of `spec/options.yaml` by its name; case and underscores do not matter. A null
    /// leaves it as it was.
    ///
    /// # Errors
    /// `config.bad_option`: no such option (the nearest one is named), or a value of another type.
    pub fn set(mut self, name: &str, value: Value) -> Result<Self, Error> {
        let row = self.option(name)?;
        let wrong = |want: &str| {
            Err(config("config.bad_option", format!("option `{}` takes {want}", row.name)))
        };
        let setting = match (row.kind, value) {
            (_, Value::Null) => return Ok(self),
            (OptionKind::Secret, Value::String(text)) => Setting::Secret(Secret::new(text)),
            (OptionKind::String, value @ Value::String(_))
            | (OptionKind::Boolean, value @ Value::Bool(_))
            | (OptionKind::Integer, value @ Value::Number(_)) => Setting::Plain(value),
            (OptionKind::Seconds, value @ Value::Number(_)) => {
                Setting::Time(Seconds::read(&value).unwrap_or_default())
            }
            (OptionKind::Boolean, _) => return wrong("true or false"),
            (OptionKind::Seconds, _) => return wrong("a number of seconds"),
            (OptionKind::Integer, _) => return wrong("a whole number"),
            (OptionKind::Secret | OptionKind::String, _) => return wrong("a text"),
        };
        self.put(row.name, setting);
        Ok(self)
    }

    fn option(&self, name: &str) -> Result<&'static OptionRow, Error> {
        let mine =
            || OPTIONS.iter().filter(|row| row.on_client && row.services.contains(&self.service));
        mine().find(|row| fold(row.name) == fold(name)).ok_or_else(|| {
            let mut message = format!("{} has no option `{name}`", self.service.title());
            match nearest(name, mine().map(|row| row.name)) {
                Some(near) => message.push_str(&format!("; did you mean `{near}`?")),
                None => {
                    let all: Vec<&str> = mine().map(|row| row.name).collect();
                    message.push_str(&format!("; it has {}", all.join(", ")));
                }
            }
            config("config.bad_option", message)
        })
    }

    fn secret(mut self, name: &'static str, text: String) -> Self {
        self.put(name, Setting::Secret(Secret::new(text)));
        self
    }

    fn plain(mut self, name: &'static str, value: Value) -> Self {
        self.put(name, Setting::Plain(value));
        self
    }

    /// The last value of an option wins.
    fn put(&mut self, name: &'static str, setting: Setting) {
        self.values.retain(|(held, _)| *held != name);
        self.values.push((name, setting));
    }

    fn value(&self, name: &str) -> Option<&Setting> {
        self.values.iter().find(|(held, _)| *held == name).map(|(_, setting)| setting)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Setting::Plain(Value::String(text))) => Some(text),
            _ => None,
        }
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Setting::Plain(Value::Bool(true))))
    }

    /// The value of an option in the environment, and the variable that holds it.
    fn in_environment(&self, name: &str) -> Result<Option<(String, &'static str)>, Error> {
        let names = OPTIONS
            .iter()
            .filter(|row| row.name == name)
            .flat_map(|row| row.env)
            .filter(|(service, _)| *service == self.service)
            .flat_map(|(_, names)| names.iter().copied());
        let mut found: Option<(String, &'static str)> = None;
        for variable in names {
            let Some(value) = (self.environment)(variable).filter(|value| !value.trim().is_empty())
            else {
                continue;
            };
            match &found {
                Some((first, holder)) if first.trim() != value.trim() => {
                    return Err(config(
                        "auth.conflict",
                        format!(
                            "{holder} and {variable} are both set and differ; unset one of them"
                        ),
                    ));
                }
                Some(_) => {}
                None => found = Some((value, variable)),
            }
        }
        Ok(found)
    }

    fn checked(&self, option: &str, text: &str, from: &Provenance) -> Result<Secret, Error> {
        let slot = match option {
            "jwt" => Slot::Jwt,
            "upload_token" => Slot::UploadToken,
            _ if self.text("auth_mode") == Some("basic") => Slot::BasicKey,
            _ => Slot::ApiKey,
        };
        KeyRule::new(self.service, slot).check(text, from).map(|(secret, _)| secret)
    }

    fn credential_texts(&self) -> Result<Texts, Error> {
        let mut texts = Texts::new();
        let rows = || {
            OPTIONS.iter().filter(|row| {
                row.kind == OptionKind::Secret && row.services.contains(&self.service)
            })
        };
        for row in rows() {
            if let Some(Setting::Secret(secret)) = self.value(row.name) {
                let from = Provenance::Option(row.name);
                texts.push((row.name, (self.checked(row.name, secret.expose(), &from)?, from)));
            }
        }
        if texts.is_empty() {
            for row in rows() {
                if let Some((text, variable)) = self.in_environment(row.name)? {
                    let from = Provenance::Environment(variable);
                    texts.push((row.name, (self.checked(row.name, &text, &from)?, from)));
                }
            }
        }
        Ok(texts)
    }

    /// The client.
    ///
    /// # Errors
    /// `config.bad_base_url`, `config.bad_option`, `auth.malformed`, `auth.conflict`,
    /// `auth.insecure`. A missing credential is no error here: some operations need none.
    pub fn build(mut self) -> Result<C, Error> {
        let service = self.service;
        let mut build = || -> Result<Client, Error> {
            let base = self.base()?;
            let platform = match self.platform.take() {
                Some(platform) => platform,
                None => default_platform()?,
            };
            let mut session = Session::builder(service, base.clone(), platform.clone());
            if cfg!(not(target_arch = "wasm32")) {
                session = session.user_agent(concat!("framekey/", env!("CARGO_PKG_VERSION")));
            }
            if let Some(limit) = self.time_limit()? {
                session = session.timeout(limit);
            }
            let bare = session.build();
            let held = self.hold(&bare)?;
            Ok(Client::new(bare.with_credentials(std::sync::Arc::new(held))))
        };
        build().map(C::from).map_err(|error| error.of(service))
    }

    fn time_limit(&self) -> Result<Option<Duration>, Error> {
        match self.value("timeout") {
            Some(Setting::Time(limit)) if limit.is_zero() => Err(config(
                "config.bad_option",
                "option `timeout` takes a positive number of seconds",
            )),
            Some(Setting::Time(limit)) => Ok(Some(*limit)),
            _ => Ok(None),
        }
    }

    fn base(&self) -> Result<BaseUrl, Error> {
        let sandbox = self.flag("sandbox");
        if let Some(url) = self.text("base_url") {
            if sandbox {
                return Err(config(
                    "config.bad_option",
                    "give either `base_url` or `sandbox`, not both",
                ));
            }
            return BaseUrl::parse(url);
        }
        if sandbox {
            return BaseUrl::parse(
                self.service.sandbox_url().unwrap_or_else(|| self.service.base_url()),
            );
        }
        match self.in_environment("base_url")? {
            Some((url, variable)) => BaseUrl::parse(&url)
                .map_err(|error| config(error.code(), format!("{variable}: {}", error.message()))),
            None => BaseUrl::parse(self.service.base_url()),
        }
    }

    fn hold(&self, bare: &Session) -> Result<CredentialSet, Error> {
        let service = self.service;
        let mut texts = self.credential_texts()?;
        let mode = self.text("auth_mode");
        let modes: &[&str] = match service {
            Service::ApiVideo => &["bearer", "basic"],
            Service::TwelveLabs => &["api_key"],
            Service::VideoVector => &["api_key", "jwt"],
        };
        if let Some(mode) = mode.filter(|mode| !modes.contains(mode)) {
            return Err(config(
                "config.bad_option",
                format!("option `auth_mode` takes {}, not `{mode}`", modes.join(" or ")),
            ));
        }
        let mut take = |name: &str| {
            let at = texts.iter().position(|(held, _)| *held == name)?;
            Some(texts.swap_remove(at).1)
        };
        let key = take("api_key");
        let jwt = take("jwt");
        if let (None, Some((_, key_from)), Some((_, jwt_from))) = (mode, &key, &jwt) {
            return Err(config(
                "auth.conflict",
                format!(
                    "both an API key ({key_from}) and a JWT ({jwt_from}) are given; choose with option `auth_mode`"
                ),
            ));
        }
        let mut held: Vec<Box<dyn Credential>> = Vec::new();
        if let Some((token, from)) = take("upload_token") {
            held.push(Box::new(UploadTokenCredential::new(token, from)));
        }
        if let Some((key, from)) = key {
            held.push(match service {
                Service::ApiVideo if mode == Some("basic") => {
                    Box::new(BasicCredential::new(HeldKey::fixed(key, from)))
                }
                Service::ApiVideo => {
                    let renewal = if self.flag("refresh_first") {
                        Renewal::RefreshFirst
                    } else {
                        Renewal::Exchange
                    };
                    let key = HeldKey::fixed(key, from);
                    Box::new(DisposableTokenCredential::new(key, renewal, bare.clone()))
                }
                Service::TwelveLabs | Service::VideoVector => {
                    Box::new(ApiKeyCredential::new(service, HeldKey::fixed(key, from)))
                }
            });
        }
        if let Some((jwt, from)) = jwt {
            let jwt = Box::new(JwtCredential::new(HeldKey::fixed(jwt, from), self.jwt_kind));
            let place = if mode == Some("jwt") { 0 } else { held.len() };
            held.insert(place, jwt);
        }
        Ok(CredentialSet::new(service, held, self.advice()))
    }

    /// What to say when nothing is configured.
    fn advice(&self) -> String {
        let variable = OPTIONS
            .iter()
            .filter(|row| row.name == "api_key")
            .flat_map(|row| row.env)
            .find(|(service, _)| *service == self.service)
            .and_then(|(_, names)| names.get(1).or_else(|| names.first()));
        match variable {
            Some(variable) => format!("Set {variable} or pass the option `api_key`."),
            None => "Pass the option `api_key`.".to_owned(),
        }
    }
}

impl<C> std::fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("service", &self.service)
            .field("options", &self.values.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn config(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, code, message)
}

#[cfg(feature = "native")]
fn default_platform() -> Result<Platform, Error> {
    framekey_runtime::native::platform()
}

#[cfg(not(feature = "native"))]
fn default_platform() -> Result<Platform, Error> {
    Err(config("config.bad_option", "this build has no HTTP of its own: pass a platform"))
}
