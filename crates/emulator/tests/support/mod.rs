//! A plain HTTP client and a fresh emulator: what the tests see is what any other program would.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use framekey_catalog::Service;
use framekey_emulator::{Config, Emulator, Scenario};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The smallest part that api.video takes, but for the last.
pub(crate) const PART: usize = 5 << 20;

/// What came back.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The last part of a problem's type (api.video).
    pub(crate) fn problem(&self) -> String {
        let json = self.json();
        json["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }
}

/// A request that grows.
#[derive(Clone)]
pub(crate) struct Ask {
    method: &'static str,
    url: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Ask {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header of it.
    pub(crate) fn header_value(&self, name: &str) -> String {
        self.headers.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn basic(self, key: &str) -> Self {
        self.header("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:"))))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub(crate) fn raw(mut self, media: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media)
    }

    /// A form of texts and files (`name`, `content`).
    pub(crate) fn form(self, texts: &[(&str, &str)], files: &[(&str, &[u8])]) -> Self {
        let named: Vec<_> =
            files.iter().map(|(name, content)| (*name, "clip.mp4", *content)).collect();
        self.form_of(texts, &named)
    }

    /// A form of texts and files (`name`, file name, content).
    pub(crate) fn form_of(self, texts: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (name, text) in texts {
            let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(text.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        for (name, file_name, content) in files {
            let head = format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; \
                 filename=\"{file_name}\"\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        self.raw("multipart/form-data; boundary=edge", body)
    }

    pub(crate) async fn send(self) -> Got {
        self.try_send().await.unwrap()
    }

    /// Sends where the connection may break.
    pub(crate) async fn try_send(self) -> Result<Got, Box<dyn std::error::Error + Send + Sync>> {
        let mut request = axum::http::Request::builder().method(self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let client: Client<HttpConnector, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request.body(Full::new(self.body))?).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Got { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

pub(crate) fn ask(method: &'static str, url: String) -> Ask {
    Ask { method, url, headers: Vec::new(), body: Bytes::new() }
}

/// A fresh emulator with short ways to its services.
pub(crate) struct Lab {
    pub(crate) emulator: Emulator,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        Lab { emulator: Emulator::start(Config::default()).await.unwrap() }
    }

    /// One in which everything is the same in every run: time stands.
    pub(crate) async fn frozen() -> Self {
        let json = include_bytes!("../../../../tests/scenarios/fixed.json");
        Lab::of(Scenario::read(json).unwrap()).await
    }

    /// One that starts as a scenario has it.
    pub(crate) async fn of(scenario: Scenario) -> Self {
        Lab { emulator: Emulator::start(Config { scenario, ..Config::default() }).await.unwrap() }
    }

    /// A request to a service, by path below its base URL, without credentials.
    pub(crate) fn to(&self, service: Service, method: &'static str, path: &str) -> Ask {
        ask(method, format!("{}{path}", self.emulator.base_url(service)))
    }

    /// api.video with the account's key as HTTP basic.
    pub(crate) fn video(&self, method: &'static str, path: &str) -> Ask {
        self.to(Service::ApiVideo, method, path).basic(&self.emulator.credentials().api_video_key)
    }

    /// Twelve Labs with its key.
    pub(crate) fn labs(&self, method: &'static str, path: &str) -> Ask {
        self.to(Service::TwelveLabs, method, path).key(&self.emulator.credentials().twelve_labs_key)
    }

    /// VideoVector with a user's JWT.
    pub(crate) fn user(&self, method: &'static str, path: &str) -> Ask {
        let jwt = &self.emulator.credentials().videovector_jwt;
        self.to(Service::VideoVector, method, path).bearer(jwt)
    }

    /// VideoVector with a key.
    pub(crate) fn with_key(&self, key: &str, method: &'static str, path: &str) -> Ask {
        self.to(Service::VideoVector, method, path).key(key)
    }

    /// A control request.
    pub(crate) fn control(&self, method: &'static str, switch: &str) -> Ask {
        let info = self.emulator.info();
        ask(method, format!("{}/{switch}", info["control"].as_str().unwrap()))
    }
}
