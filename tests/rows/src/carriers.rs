//! One call for each way in which a credential goes on the wire.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use framekey::dynamic::{Client, File};
use framekey::{CallOptions, Error, Platform, Service};
use framekey_runtime::{Response, Source};
use serde_json::{Map, Value, json};

use crate::canary::canary;

/// A credential and a call that carries it.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// Its name, which is also what its canary is made from.
    pub name: &'static str,
    service: Service,
    options: &'static [&'static str],
    operation: &'static str,
    /// Whether the secret is an argument of the call.
    argument: Option<&'static str>,
}

const fn carrier(
    name: &'static str,
    service: Service,
    options: &'static [&'static str],
    operation: &'static str,
    argument: Option<&'static str>,
) -> Carrier {
    Carrier { name, service, options, operation, argument }
}

/// Every one. `bearer` exchanges its key first; `exchange` is the same where it is the exchange
/// that goes wrong.
pub const CARRIERS: [Carrier; 9] = [
    carrier("tl-key", Service::TwelveLabs, &["api_key"], "indexes.list", None),
    carrier("vv-key", Service::VideoVector, &["api_key"], "indexes.list", None),
    carrier("vv-jwt", Service::VideoVector, &["jwt"], "indexes.list", None),
    carrier("av-basic", Service::ApiVideo, &["api_key", "basic"], "videos.list", None),
    carrier("av-bearer", Service::ApiVideo, &["api_key"], "videos.list", None),
    carrier("av-upload", Service::ApiVideo, &["upload_token"], "videos.upload_with_token", None),
    carrier("av-exchange", Service::ApiVideo, &["api_key"], "videos.list", None),
    carrier("av-create", Service::ApiVideo, &[], "access_tokens.create", Some("api_key")),
    carrier("av-refresh", Service::ApiVideo, &[], "access_tokens.refresh", Some("refresh_token")),
];

impl Carrier {
    /// The secret that it carries.
    #[must_use]
    pub fn secret(&self) -> String {
        canary(self.name)
    }

    /// The access token that a server of a test should give for `av-bearer`.
    #[must_use]
    pub fn access_token() -> String {
        canary("access")
    }

    /// A token answer, as api.video gives it.
    #[must_use]
    pub fn token_answer() -> Vec<u8> {
        let (access, refresh) = (Self::access_token(), canary("refresh"));
        json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": access, "refresh_token": refresh })
            .to_string()
            .into_bytes()
    }

    /// Every secret that is in play, by name.
    #[must_use]
    pub fn secrets() -> Vec<(String, String)> {
        let own = CARRIERS.iter().map(|carrier| (carrier.name.to_owned(), carrier.secret()));
        let granted = ["access", "refresh"].map(|name| (name.to_owned(), canary(name)));
        own.chain(granted).collect()
    }

    /// A client at `base_url`.
    ///
    /// # Errors
    /// Those of the builder.
    pub fn client(&self, base_url: &str, platform: Option<&Platform>) -> Result<Client, Error> {
        let mut builder = Client::builder(self.service).base_url(base_url).environment(|_| None);
        if let Some(platform) = platform {
            builder = builder.platform(platform.clone());
        }
        for option in self.options {
            builder = match *option {
                "basic" => builder.auth_mode("basic"),
                option => builder.set(option, self.secret().into())?,
            };
        }
        builder.build()
    }

    /// Makes the call.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call(&self, client: &Client) -> Result<Response, Error> {
        let mut arguments = Map::new();
        if let Some(name) = self.argument {
            arguments.insert(name.to_owned(), Value::String(self.secret()));
        }
        let mut files = Vec::new();
        if self.operation == "videos.upload_with_token" {
            files.push(File {
                argument: "file".to_owned(),
                file_name: Some("clip.mp4".to_owned()),
                content_type: None,
                source: Source::Bytes("a few bytes".into()),
            });
        }
        client.call(self.operation, arguments, files, CallOptions::default()).await
    }
}
