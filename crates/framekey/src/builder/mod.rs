//! How a client is configured: options in code, then the environment, then files.

mod choose;
mod hold;
#[cfg(feature = "native")]
mod local;
mod options;
#[cfg(feature = "native")]
mod status;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use framekey_auth::{JwtKind, SecretSource};
#[cfg(feature = "native")]
use framekey_auth::{Notice, NoticeWatch, Notices, TokenProvider};
use framekey_catalog::{Scope, Service};
use framekey_runtime::{BaseUrl, Error, ErrorKind, MaybeSend, Platform, Secret, Session, Value};

use crate::SharedTokens;
use crate::dynamic::Client;
use options::{Environment, Setting};
#[cfg(feature = "native")]
pub use status::{AuthStatus, CredentialStatus};

/// Configures a client of one service.
///
/// Credentials are looked for in this order, and the first place that has any is the only one used:
/// what is given here in code; the environment; the profile file; the keyring; the command that the
/// profile names. `framekey auth status` shows which it is.
pub struct ClientBuilder<C = Client> {
    service: Service,
    values: Vec<(&'static str, Setting)>,
    key_source: Option<Arc<dyn SecretSource>>,
    token_source: Option<Arc<dyn SecretSource>>,
    #[cfg(feature = "native")]
    token_provider: Option<Box<dyn TokenProvider>>,
    #[cfg(feature = "native")]
    ring: Option<Arc<dyn framekey_auth::Keyring>>,
    #[cfg(feature = "native")]
    token_store: Option<Arc<dyn framekey_auth::store::TokenStore>>,
    shared: Option<SharedTokens>,
    #[cfg(feature = "native")]
    notices: Notices,
    platform: Option<Platform>,
    environment: Environment,
    makes: PhantomData<fn() -> C>,
}

impl<C: From<Client>> ClientBuilder<C> {
    /// A builder that reads the process environment (a browser has none).
    #[must_use]
    pub fn new(service: Service) -> Self {
        ClientBuilder {
            service,
            values: Vec::new(),
            key_source: None,
            token_source: None,
            #[cfg(feature = "native")]
            token_provider: None,
            #[cfg(feature = "native")]
            ring: local::system_keyring(),
            #[cfg(feature = "native")]
            token_store: None,
            shared: None,
            #[cfg(feature = "native")]
            notices: Notices::default(),
            platform: None,
            environment: Box::new(of_process),
            makes: PhantomData,
        }
    }

    /// The API key of the service's dashboard.
    #[must_use]
    pub fn api_key(self, key: impl Into<String>) -> Self {
        self.secret("api_key", key.into())
    }

    /// Where to read the API key: when it is first needed, and again when it is refused. A
    /// [`KeyCallback`](framekey_auth::KeyCallback) makes one of an async function. A read has 30 s, and
    /// 12 s where an exchange waits for it (api.video).
    #[must_use]
    pub fn api_key_from(mut self, source: impl SecretSource + 'static) -> Self {
        self.key_source = Some(Arc::new(source));
        self
    }

    /// Where to read a bearer token, a JWT for VideoVector and an access token for api.video: when it
    /// is first needed, shortly before its end, and again when it is refused. All calls that need it
    /// share one read. One that [does not last](SecretSource::lasts) is read for each attempt.
    #[must_use]
    pub fn token_from(mut self, source: impl SecretSource + 'static) -> Self {
        self.token_source = Some(Arc::new(source));
        self
    }

    /// The JWT of a signed-in user (VideoVector).
    #[must_use]
    pub fn jwt(self, jwt: impl Into<String>) -> Self {
        self.secret("jwt", jwt.into())
    }

    /// Says which kind of JWT it is, so that a call it cannot make is refused before it is sent.
    #[must_use]
    pub fn jwt_kind(self, kind: JwtKind) -> Self {
        self.plain("jwt_kind", Value::String(kind.name().to_owned()))
    }

    /// A callback that is asked for a bearer token on each attempt: a JWT for VideoVector, an access
    /// token for api.video. Any async function that returns a text will do.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn token_provider(mut self, provider: impl TokenProvider + 'static) -> Self {
        self.token_provider = Some(Box::new(provider));
        self
    }

    /// An access token that was made elsewhere (api.video), and what renews it.
    #[must_use]
    pub fn session(self, access_token: impl Into<String>, refresh_token: Option<String>) -> Self {
        let builder = self.secret("access_token", access_token.into());
        match refresh_token {
            Some(token) => builder.secret("refresh_token", token),
            None => builder,
        }
    }

    /// A token for delegated uploads (api.video).
    #[must_use]
    pub fn upload_token(self, token: impl Into<String>) -> Self {
        self.secret("upload_token", token.into())
    }

    /// Which credential to prefer: `bearer`, `basic`, `session` or `token` for api.video; `api_key`
    /// or `jwt` for VideoVector.
    #[must_use]
    pub fn auth_mode(self, mode: impl Into<String>) -> Self {
        self.plain("auth_mode", Value::String(mode.into()))
    }

    /// Renew the access token with its refresh token first (api.video).
    #[must_use]
    pub fn refresh_first(self, yes: bool) -> Self {
        self.plain("refresh_first", Value::Bool(yes))
    }

    /// The scopes of the API key, to explain a 403 (VideoVector).
    #[must_use]
    pub fn scopes(self, scopes: &[Scope]) -> Self {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        self.plain("scopes", Value::String(names.join(",")))
    }

    /// Refuse a call that is listed as needing more than [`scopes`](Self::scopes) before it is sent,
    /// with `auth.scope` (VideoVector).
    #[must_use]
    pub fn strict_scopes(self, yes: bool) -> Self {
        self.plain("strict_scopes", Value::Bool(yes))
    }

    /// Use the sandbox host (api.video).
    #[must_use]
    pub fn sandbox(self, yes: bool) -> Self {
        self.plain("sandbox", Value::Bool(yes))
    }

    /// Where the service is: `https`, or `http` on a loopback address. The credential is bound to
    /// this origin, and goes to no other.
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

    /// Is told what is worth a line in a log and fails no call: a key that was cleaned or looks odd,
    /// one that comes to its end, renewals of the access token. Holds no secret; should not block.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn on_notice(mut self, watch: impl NoticeWatch + 'static) -> Self {
        self.notices = Notices::to(watch);
        self
    }

    /// Shares the access token through `store` with the clients of other processes that have the same
    /// key: one exchange serves all (api.video). See [`framekey_auth::store`].
    #[cfg(feature = "native")]
    #[must_use]
    pub fn token_store(mut self, store: impl framekey_auth::store::TokenStore + 'static) -> Self {
        self.token_store = Some(Arc::new(store));
        self
    }

    /// Shares the access token with the clients of this process that are built with `tokens` and have
    /// the same key and base URL (api.video). Without it only clones share; Python and JavaScript,
    /// where clients are not cloned, always do this. See [`SharedTokens`].
    #[must_use]
    pub fn shared(mut self, tokens: &SharedTokens) -> Self {
        self.shared = Some(tokens.clone());
        self
    }

    /// Other seams to HTTP, time, tasks and randomness than the operating system's.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Where environment variables are looked up; `HOME` and its like too, by which the profile file
    /// is found.
    #[must_use]
    pub fn environment(
        mut self,
        look_up: impl Fn(&str) -> Option<String> + MaybeSend + 'static,
    ) -> Self {
        self.environment = Box::new(look_up);
        self
    }

    fn secret(mut self, name: &'static str, text: String) -> Self {
        self.put(name, Setting::Secret(Secret::new(text)));
        self
    }

    fn plain(mut self, name: &'static str, value: Value) -> Self {
        self.put(name, Setting::Plain(value));
        self
    }

    /// The client. Key files and the profile file are read here, keyrings and commands at the first
    /// call that needs them.
    ///
    /// # Errors
    /// `config.bad_base_url`, `config.bad_option`, `config.bad_profile`, `auth.malformed`,
    /// `auth.conflict`, `auth.insecure`, `auth.unsafe_file`, `auth.source`. A missing credential is
    /// no error here: some operations need none.
    pub fn build(self) -> Result<C, Error> {
        let service = self.service;
        self.make().map(C::from).map_err(|error| error.of(service))
    }

    fn make(mut self) -> Result<Client, Error> {
        let base = self.base()?;
        #[cfg(feature = "native")]
        if self.token_store.is_some() && self.service != Service::ApiVideo {
            let text =
                format!("{} has no access token that a store could share", self.service.title());
            return Err(config("config.bad_option", text));
        }
        let platform = self.take_platform()?;
        let mut session = Session::builder(self.service, base.clone(), platform.clone());
        if cfg!(not(target_arch = "wasm32")) {
            session = session.user_agent(concat!("framekey/", env!("CARGO_PKG_VERSION")));
        }
        if let Some(limit) = self.time("timeout")? {
            session = session.timeout(limit);
        }
        let bare = session.build();
        let chosen = self.choose(&platform.clock)?;
        let held = self.hold(chosen, &bare)?;
        #[cfg(feature = "native")]
        if !held.is_empty() && !self.is_home(&base) {
            let origin = base.origin().to_owned();
            self.notices.note(&Notice::Rebound { service: self.service, origin });
        }
        Ok(Client::new(bare.with_credentials(Arc::new(held))))
    }

    fn take_platform(&mut self) -> Result<Platform, Error> {
        let given = self.platform.take();
        #[cfg(feature = "native")]
        if let Some(transport) = self.trusting(given.is_some())? {
            return Ok(Platform { transport, ..default_platform()? });
        }
        given.map_or_else(default_platform, Ok)
    }

    #[cfg(feature = "native")]
    /// Whether `base` is on one of the service's own hosts.
    fn is_home(&self, base: &BaseUrl) -> bool {
        let mut own = [Some(self.service.base_url()), self.service.sandbox_url()].into_iter();
        own.any(|url| {
            url.and_then(|url| BaseUrl::parse(url).ok())
                .is_some_and(|own| own.origin() == base.origin())
        })
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
}

impl<C> std::fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("service", &self.service)
            .field("options", &self.values.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A variable of the process. What is no text becomes one that is refused where it is needed.
#[cfg(not(target_arch = "wasm32"))]
fn of_process(name: &str) -> Option<String> {
    Some(std::env::var_os(name)?.to_string_lossy().into_owned())
}

#[cfg(target_arch = "wasm32")]
fn of_process(_: &str) -> Option<String> {
    None
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
