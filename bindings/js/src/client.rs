//! The one class: a client of one service, called by operation ids. Values cross as JSON text;
//! failures as a list of their fields, since classes are JavaScript's.

use std::sync::Arc;
use std::time::Duration;

use framekey::dynamic::{self, File};
use framekey::{CallOptions, Error, ErrorKind, Service, SharedTokens};
use framekey_runtime::{Json, Object, Response, Source, Value};
use futures_util::future::{Either, select};
use futures_util::pin_mut;
use js_sys::futures::{JsFuture, future_to_promise};
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::asked::Asked;
use crate::host::Host;
use crate::json::HostJson;
use crate::platform::platform;

thread_local! {
    /// Clients with the same key and base URL have one token.
    static TOKENS: SharedTokens = SharedTokens::default();
}

/// A client of one service.
#[wasm_bindgen]
pub struct Client(dynamic::Client);

#[wasm_bindgen]
impl Client {
    /// `service` is a slug (`api-video`), `options` a JSON object, the others functions or undefined.
    ///
    /// # Errors
    /// The fields of an error.
    #[wasm_bindgen(constructor)]
    pub fn new(
        service: &str,
        options: &str,
        host: &Host,
        api_key: JsValue,
        token_provider: JsValue,
    ) -> Result<Client, JsValue> {
        let built = build(service, options, host, api_key, token_provider);
        built.map(Client).map_err(|error| fields(&error))
    }

    /// Where the service is.
    #[wasm_bindgen(getter, js_name = baseUrl)]
    #[must_use]
    pub fn base_url(&self) -> String {
        self.0.session().base().to_string()
    }

    /// Calls one operation with a JSON object of arguments. `files` is a list of argument, file
    /// name, content type (empty: not known) and the host's number of the `Blob`, in turn.
    ///
    /// Gives `[status, content type, bytes]`. When `cancelled` is resolved, the call is broken off
    /// and fails with null; an exchange of credentials that others may wait for goes on.
    pub fn call(
        &self,
        operation: String,
        arguments: String,
        files: Vec<String>,
        timeout: Option<f64>,
        cancelled: Option<Promise>,
    ) -> Promise {
        let client = self.0.clone();
        future_to_promise(async move {
            let call = perform(client, &operation, &arguments, &files, timeout);
            let Some(cancelled) = cancelled else {
                return settle(call.await);
            };
            pin_mut!(call);
            match select(call, JsFuture::from(cancelled)).await {
                Either::Left((outcome, _)) => settle(outcome),
                Either::Right(_) => Err(JsValue::NULL),
            }
        })
    }
}

fn build(
    service: &str,
    options: &str,
    host: &Host,
    api_key: JsValue,
    token_provider: JsValue,
) -> Result<dynamic::Client, Error> {
    let service = Service::from_slug(service).ok_or_else(|| bad("there is no such service"))?;
    let environment = host.clone();
    let mut builder = dynamic::Client::builder(service)
        .platform(platform(host))
        .shared(&TOKENS.with(SharedTokens::clone))
        .environment(move |name| environment.env(name));
    let asked = |function, option, lasts| Asked { host: host.clone(), function, option, lasts };
    if !api_key.is_undefined() {
        builder = builder.api_key_from(asked(api_key, "apiKey", true));
    }
    if !token_provider.is_undefined() {
        builder = builder.token_from(asked(token_provider, "tokenProvider", false));
    }
    for (name, value) in object(&HostJson(host.clone()), options)? {
        builder = builder.set(&name, value)?;
    }
    builder.build()
}

async fn perform(
    client: dynamic::Client,
    operation: &str,
    arguments: &str,
    files: &[String],
    timeout: Option<f64>,
) -> Result<Response, Error> {
    let mut options = CallOptions::default();
    if let Some(seconds) = timeout {
        let limit = Duration::from_nanos((seconds * 1e9) as u64);
        if limit.is_zero() || seconds.is_infinite() {
            return Err(bad("`timeout` takes a positive number of seconds"));
        }
        options.timeout = Some(limit);
    }
    let files = files.chunks_exact(4).map(file).collect();
    let json = Arc::clone(&client.session().platform().json);
    client.call(operation, object(json.as_ref(), arguments)?, files, options).await
}

fn file(entry: &[String]) -> File {
    let text = |at: usize| entry.get(at).filter(|text| !text.is_empty()).cloned();
    File {
        argument: text(0).unwrap_or_default(),
        file_name: text(1),
        content_type: text(2),
        source: Source::Host {
            handle: text(3).and_then(|number| number.parse().ok()).unwrap_or_default(),
        },
    }
}

/// A JSON object that our JavaScript half wrote.
fn object(json: &dyn Json, text: &str) -> Result<Object, Error> {
    match json.read(text.as_bytes()) {
        Some(Value::Object(fields)) => Ok(fields),
        _ => Err(bad("the arguments are not a JSON object")),
    }
}

fn bad(message: &str) -> Error {
    Error::new(ErrorKind::Usage, "usage.bad_value", message)
}

fn settle(outcome: Result<Response, Error>) -> Result<JsValue, JsValue> {
    let response = outcome.map_err(|error| fields(&error))?;
    let media = response.headers.get("content-type").unwrap_or_default();
    let body = Uint8Array::from(&response.body[..]);
    Ok(Array::of3(&JsValue::from(response.status), &JsValue::from_str(media), &body).into())
}

/// The fields of an error, names and values in turn, for `raise.js` of the npm package.
fn fields(error: &Error) -> JsValue {
    let fields = Array::new();
    let put = |name: &str, value: JsValue| {
        fields.push(&JsValue::from_str(name));
        fields.push(&value);
    };
    let text = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            put(name, JsValue::from_str(value));
        }
    };
    let number = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            put(name, JsValue::from_f64(value));
        }
    };
    text("message", Some(&error.to_string()));
    text("kind", Some(error.kind().as_str()));
    text("code", Some(error.code()));
    text("service", error.service().map(|service| service.slug()));
    text("operation", error.operation());
    number("status", error.status().map(f64::from));
    number("attempts", Some(f64::from(error.attempts())));
    number("retryAfter", error.retry_after().map(|wait| wait.as_secs_f64()));
    if let Some(server) = error.server() {
        text("serverCode", server.code.as_deref());
        text("serverMessage", server.message.as_deref());
        text("parameter", server.parameter.as_deref());
        text("requestId", server.request_id.as_deref());
    }
    if let Some(cause) = std::error::Error::source(error) {
        text("cause", Some(&cause.to_string()));
    }
    fields.into()
}
