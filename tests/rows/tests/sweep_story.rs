//! SH-01, E10: a day with the three services of the emulator at TRACE, and no secret in what is said:
//! neither those that a client is given nor those that a service makes on the way.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::dynamic::{Client, File};
use framekey::{CallOptions, Service};
use framekey_emulator::{Config, Emulator, Fault};
use framekey_rows::canary::Search;
use framekey_rows::log::Log;
use framekey_rows::shown;
use framekey_runtime::Source;
use serde_json::{Value, json};

struct Day {
    emulator: Emulator,
    log: Log,
    /// By name, as they come up.
    secrets: Vec<(String, String)>,
    failed: usize,
}

impl Day {
    fn client(&self, service: Service, options: &[(&str, &str)]) -> Client {
        let base = self.emulator.base_url(service);
        let mut builder = Client::builder(service).environment(|_| None).base_url(base);
        for (name, value) in options {
            builder = builder.set(name, (*value).into()).unwrap();
        }
        self.log.add(&shown::debug(&builder));
        let client = builder.build().unwrap();
        self.log.add(&shown::debug(&client));
        client
    }

    /// Makes a call, logs all that can be logged of it, and gives the answer.
    async fn call(&mut self, client: &Client, operation: &str, arguments: Value) -> Value {
        let Value::Object(arguments) = arguments else { panic!("not an object") };
        let file = |operation: &str| File {
            argument: "file".to_owned(),
            file_name: Some("clip.mp4".to_owned()),
            content_type: None,
            source: Source::Bytes(operation.to_owned().into()),
        };
        let files = operation.contains("upload_with").then(|| file(operation));
        let files: Vec<File> = files.into_iter().collect();
        match client.call(operation, arguments, files, CallOptions::default()).await {
            Ok(response) => {
                self.log.add(&shown::debug(&response));
                serde_json::from_slice(&response.body).unwrap_or_default()
            }
            Err(error) => {
                self.failed += 1;
                self.log.add(&shown::error(&error));
                self.log.add(&shown::debug(&error.server()));
                Value::Null
            }
        }
    }

    /// Remembers a secret of an answer.
    fn keep(&mut self, name: &str, value: &Value) -> String {
        let text = value.as_str().unwrap_or_else(|| panic!("{name}: not in the answer")).to_owned();
        assert!(text.len() >= 8, "{name} is too short to be looked for");
        self.secrets.push((name.to_owned(), text.clone()));
        text
    }

    /// Each call of `operation` fails in each way, the service repeating `secret`.
    async fn bad(&mut self, client: &Client, service: Service, operation: &str, secret: &str) {
        for status in [400, 401, 403, 404, 409, 422, 429, 500, 503] {
            let body = json!({ "message": format!("you sent {secret}"), "title": secret, "code": secret,
                "error": { "message": secret, "request_id": secret } });
            let fault = Fault::always(service, operation, status, body);
            self.emulator.fault(Fault { calls: Vec::new(), ..fault });
            self.call(client, operation, json!({})).await;
            self.emulator.clear_faults();
        }
    }
}

async fn api_video(day: &mut Day, key: &str) {
    let av = day.client(Service::ApiVideo, &[("api_key", key)]);
    day.call(&av, "videos.list", json!({})).await;
    let token = day.call(&av, "access_tokens.create", json!({ "api_key": key })).await;
    day.keep("access token", &token["access_token"]);
    let refresh = day.keep("refresh token", &token["refresh_token"]);
    let token = day.call(&av, "access_tokens.refresh", json!({ "refresh_token": refresh })).await;
    day.keep("renewed access token", &token["access_token"]);
    let hook =
        json!({ "events": ["video.encoding.quality.completed"], "url": "http://127.0.0.1:9/" });
    let hook = day.call(&av, "webhooks.create", hook).await;
    day.keep("webhook secret", &hook["signatureSecret"]);
    let made = day.call(&av, "upload_tokens.create", json!({})).await;
    let upload = day.keep("upload token", &made["token"]);
    day.call(&av, "upload_tokens.get", json!({ "upload_token": upload })).await;
    let page = day.client(Service::ApiVideo, &[("upload_token", &upload)]);
    day.call(&page, "videos.upload_with_token", json!({})).await;
    day.call(&page, "videos.list", json!({})).await;
    day.call(&av, "upload_tokens.delete", json!({ "upload_token": upload })).await;
    day.call(&page, "videos.upload_with_token", json!({})).await;
    day.call(&av, "upload_tokens.get", json!({ "upload_token": upload })).await;
    day.call(&av, "access_tokens.create", json!({ "api_key": "wrong-key-0123456789" })).await;
    day.call(&av, "videos.get", json!({ "video_id": "vi-none" })).await;
    let basic = day.client(Service::ApiVideo, &[("api_key", key), ("auth_mode", "basic")]);
    day.call(&basic, "videos.list", json!({})).await;
    day.bad(&basic, Service::ApiVideo, "videos.list", key).await;
    let wrong = day.client(Service::ApiVideo, &[("api_key", "wrong-key-0123456789")]);
    day.call(&wrong, "videos.list", json!({})).await;
}

async fn videovector(day: &mut Day, key: &str, jwt: &str) {
    let by_key = day.client(Service::VideoVector, &[("api_key", key)]);
    let user = day.client(Service::VideoVector, &[("jwt", jwt)]);
    day.call(&by_key, "indexes.list", json!({})).await;
    day.call(&by_key, "api_keys.list", json!({})).await;
    day.call(&user, "indexes.list", json!({})).await;
    let made = day.call(&user, "api_keys.create", json!({ "name": "made" })).await;
    let second = day.keep("created key", &made["key"]);
    let of_second = day.client(Service::VideoVector, &[("api_key", &second)]);
    day.call(&of_second, "indexes.create", json!({ "name": "x" })).await;
    let hook = json!({ "name": "n", "events": ["video.indexed"], "url": "https://hook.example/" });
    let hook = day.call(&by_key, "webhooks.create", hook).await;
    if hook["secret"].is_string() {
        day.keep("webhook secret of VideoVector", &hook["secret"]);
    }
    day.bad(&by_key, Service::VideoVector, "indexes.list", key).await;
    day.bad(&user, Service::VideoVector, "indexes.list", jwt).await;
    let wrong = day.client(Service::VideoVector, &[("jwt", "wrong.jwt.0123456789")]);
    day.call(&wrong, "indexes.list", json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sh_01_e10_a_day_with_the_services_says_no_secret() {
    let log = Log::start();
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let keys = emulator.credentials().clone();
    let wrong = "wrong-key-0123456789";
    let secrets = [
        ("api.video key", keys.api_video_key.as_str()),
        ("Twelve Labs key", &keys.twelve_labs_key),
        ("VideoVector key", &keys.videovector_key),
        ("JWT", &keys.videovector_jwt),
        ("a wrong key", wrong),
    ];
    let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut day = Day { emulator, log, secrets, failed: 0 };
    api_video(&mut day, &keys.api_video_key).await;
    videovector(&mut day, &keys.videovector_key, &keys.videovector_jwt).await;
    let tl = day.client(Service::TwelveLabs, &[("api_key", &keys.twelve_labs_key)]);
    day.call(&tl, "indexes.list", json!({})).await;
    day.call(&tl, "indexes.get", json!({ "index_id": "none" })).await;
    day.bad(&tl, Service::TwelveLabs, "indexes.list", &keys.twelve_labs_key).await;
    let tl = day.client(Service::TwelveLabs, &[("api_key", wrong)]);
    day.call(&tl, "indexes.list", json!({})).await;

    assert!(day.failed >= 40, "only {} calls failed", day.failed);
    assert!(day.secrets.len() >= 11, "{} secrets", day.secrets.len());
    let all = day.log.take();
    println!("{} secrets, {} failures, {} KiB", day.secrets.len(), day.failed, all.len() >> 10);
    let search = Search::new(&day.secrets);
    let hits = search.hits(&all);
    assert!(hits.is_empty(), "{hits:#?}");
}
