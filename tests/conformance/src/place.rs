//! Where cases are run: a fresh emulator, or the service itself with keys of the environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use framekey::dynamic::Client;
use framekey::runtime::native;
use framekey::{ClientBuilder, Platform, Service};
use framekey_emulator::{Config, Emulator};
use serde_json::{Value, json};

use crate::tap::{Other, Tap};

/// Clients of one service, and the transport below them all.
pub struct Place {
    service: Service,
    platform: Platform,
    /// Below all clients of this place.
    pub tap: Tap,
    /// Where it is, for the report.
    pub title: String,
    emulator: Option<Emulator>,
    sandbox: bool,
    clients: BTreeMap<String, Client>,
}

impl Place {
    /// A fresh emulator on a port of its own.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn emulator(service: Service) -> Result<Self> {
        let emulator = Emulator::start(Config::default()).await?;
        let title = format!("the emulator {}", env!("CARGO_PKG_VERSION"));
        Place::new(service, title, Some(emulator), false)
    }

    /// The service itself.
    ///
    /// # Errors
    /// When no credential is configured.
    pub async fn live(service: Service, sandbox: bool) -> Result<Self> {
        let mut place = Place::new(service, String::new(), None, sandbox)?;
        let status = place.builder().auth_status().await?;
        if status.credentials.is_empty() {
            bail!(
                "{}: no credential is configured; set its API key in the environment",
                service.title()
            );
        }
        place.title = status.base_url;
        Ok(place)
    }

    fn new(
        service: Service,
        title: String,
        emulator: Option<Emulator>,
        sandbox: bool,
    ) -> Result<Self> {
        let mut platform = native::platform()?;
        let tap = Tap::new(platform.transport);
        platform.transport = Arc::new(tap.clone());
        Ok(Place { service, platform, tap, title, emulator, sandbox, clients: BTreeMap::new() })
    }

    /// What a case starts with: the emulator's ready credentials, by name.
    pub fn saved(&self) -> BTreeMap<String, Value> {
        let Some(emulator) = &self.emulator else { return BTreeMap::new() };
        let ready = emulator.credentials();
        let (key, jwt, oauth) = match self.service {
            Service::ApiVideo => (&ready.api_video_key, "", ""),
            Service::TwelveLabs => (&ready.twelve_labs_key, "", ""),
            Service::VideoVector => {
                (&ready.videovector_key, &*ready.videovector_jwt, &*ready.videovector_oauth)
            }
        };
        let sandbox = ready.api_video_sandbox_key.clone();
        [("key", key.clone()), ("jwt", jwt.into()), ("oauth", oauth.into()), ("sandbox", sandbox)]
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .into()
    }

    /// A move of the control plane: `clock`, `switches`.
    ///
    /// # Errors
    /// What the emulator says, and that there is none.
    pub fn control(&self, what: &str, body: &Value) -> Result<()> {
        let emulator = self.emulator.as_ref().context("only an emulator can be controlled")?;
        match what {
            "advance" => emulator.advance(std::time::Duration::from_secs_f64(
                body.as_f64().context("`advance` takes seconds")?,
            )),
            "switches" => {
                let switches = serde_json::from_value(body.clone())?;
                emulator.switch(|now| *now = switches);
            }
            other => bail!("there is no control `{other}`"),
        }
        Ok(())
    }

    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder(self.service).platform(self.platform.clone());
        match &self.emulator {
            Some(emulator) => {
                builder.base_url(emulator.base_url(self.service)).environment(|_| None)
            }
            None => builder.sandbox(self.sandbox),
        }
    }

    /// The client of a credential, and what is to take its place on the wire.
    ///
    /// # Errors
    /// When it cannot be configured.
    pub fn client(&mut self, credential: Option<&str>) -> Result<(Client, Option<Other>)> {
        let (name, other) = match credential {
            None => ("key", None),
            Some(name @ ("basic" | "jwt" | "oauth")) => (name, None),
            Some(text) => ("stranger", Some(other(text)?)),
        };
        if let Some(client) = self.clients.get(name) {
            return Ok((client.clone(), other));
        }
        let client = self.make(name)?;
        self.clients.insert(name.to_owned(), client.clone());
        Ok((client, other))
    }

    fn make(&self, name: &str) -> Result<Client> {
        let ready = self.emulator.as_ref().map(Emulator::credentials);
        let builder = match name {
            "stranger" => return self.stranger(),
            "basic" => self.builder().auth_mode("basic"),
            "jwt" | "oauth" if ready.is_none() => self.builder().auth_mode("jwt"),
            _ => self.builder(),
        };
        let Some(ready) = ready else { return Ok(builder.build()?) };
        let builder = match (self.service, name) {
            (Service::ApiVideo, _) => builder.api_key(ready.api_video_key),
            (Service::TwelveLabs, _) => builder.api_key(ready.twelve_labs_key),
            (Service::VideoVector, "jwt") => builder.jwt(ready.videovector_jwt),
            (Service::VideoVector, "oauth") => builder.jwt(ready.videovector_oauth),
            (Service::VideoVector, _) => builder.api_key(ready.videovector_key),
        };
        Ok(builder.build()?)
    }

    /// A client that lets every call pass; what it would send is replaced.
    fn stranger(&self) -> Result<Client> {
        let base = |name: &str| name.ends_with("_BASE_URL").then(|| std::env::var(name).ok())?;
        let builder = match &self.emulator {
            Some(_) => self.builder(),
            None => self.builder().environment(base),
        };
        let builder = match self.service {
            Service::ApiVideo => {
                builder.api_key("stranger").auth_mode("basic").upload_token("stranger")
            }
            Service::TwelveLabs => builder.api_key("stranger"),
            Service::VideoVector => {
                builder.api_key("stranger").jwt("stranger").auth_mode("api_key")
            }
        };
        Ok(builder.build()?)
    }
}

/// `none`, `key X`, `bearer X`, `authorization X`, `token X`.
fn other(text: &str) -> Result<Other> {
    let (kind, value) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match kind {
        "none" => Other::Nothing,
        "key" => Other::Header("x-api-key", value.to_owned()),
        "bearer" => Other::Header("authorization", format!("Bearer {value}")),
        "authorization" => Other::Header("authorization", value.to_owned()),
        "token" => Other::Token(value.to_owned()),
        _ => bail!("there is no credential `{kind}`"),
    })
}
