//! E36: every scenario of `tests/scenarios` has the outcome that `tests/scenario-outcomes.json` gives
//! for all languages. The same walk is in the tests of the Python and the npm package.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use framekey::dynamic::Client;
use framekey::{CallOptions, Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator, Moment, Scenario};
use serde_json::{Map, Value, json};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn outcomes() -> BTreeMap<String, Vec<Value>> {
    let text = std::fs::read(tests().join("scenario-outcomes.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

struct Story {
    emulator: Emulator,
    info: Value,
    saved: HashMap<String, Value>,
    clients: HashMap<String, Client>,
}

impl Story {
    async fn of(name: &str) -> Self {
        let text = std::fs::read(tests().join(format!("scenarios/{name}.json"))).unwrap();
        let scenario = Scenario::read(&text).unwrap();
        let emulator = Emulator::start(Config { scenario, ..Config::default() }).await.unwrap();
        let info = emulator.info();
        let saved = HashMap::from([
            ("$api_key".to_owned(), info["api-video"]["api_key"].clone()),
            ("$jwt".to_owned(), info["videovector"]["jwt"].clone()),
        ]);
        Story { emulator, info, saved, clients: HashMap::new() }
    }

    fn filled(&self, values: &Value) -> Map<String, Value> {
        let fill = |value: &Value| value.as_str().and_then(|name| self.saved.get(name)).cloned();
        let values = values.as_object().cloned().unwrap_or_default();
        values.into_iter().map(|(name, value)| (name, fill(&value).unwrap_or(value))).collect()
    }

    fn client(&mut self, step: &Value, slug: &str) -> &Client {
        let access = &self.info[slug];
        let options = match &step["credential"] {
            Value::Null => json!({ "api_key": access["api_key"] }).as_object().cloned().unwrap(),
            credential => self.filled(credential),
        };
        let name = format!("{slug} {options:?}");
        self.clients.entry(name).or_insert_with(|| {
            let mut builder = Client::builder(Service::from_slug(slug).unwrap())
                .environment(|_| None)
                .set("base_url", access["base_url"].clone())
                .unwrap();
            for (option, value) in options {
                builder = builder.set(&option, value).unwrap();
            }
            builder.build().unwrap()
        })
    }

    async fn call(&mut self, step: &Value) -> Result<Value, Error> {
        let (slug, operation) = step["call"].as_str().unwrap().split_once(' ').unwrap();
        let arguments = self.filled(&step["arguments"]);
        let seconds = step["timeout"].as_f64().unwrap_or(10.0);
        let options = CallOptions { timeout: Some(Duration::from_secs_f64(seconds)) };
        let client = self.client(step, slug);
        let response = client.call(operation, arguments, Vec::new(), options).await?;
        // As the packages of the other languages read it.
        let media = response.headers.get("content-type").unwrap_or_default();
        if response.body.is_empty() || !media.starts_with("application/json") {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&response.body)
            .map_err(|error| Error::new(ErrorKind::Decode, "decode.body", error.to_string()))
    }

    async fn play(&mut self, step: &Value) {
        if let Some(seconds) = step["advance"].as_f64() {
            self.emulator.advance(Duration::from_secs_f64(seconds));
        } else if let Some(now) = step["now"].as_str() {
            assert_eq!(self.emulator.now(), Moment::parse(now).unwrap());
        } else if let Some(service) = step["key"].as_str() {
            assert_eq!(self.info[service]["api_key"], step["is"]);
        } else if let Some(parts) = step["counters"].as_object() {
            let counted = self.emulator.counters();
            for (part, counters) in parts {
                for (name, count) in counters.as_object().unwrap() {
                    let found = counted[part][name].as_u64().unwrap_or(0);
                    assert_eq!(json!(found), *count, "{part} {name}");
                }
            }
        } else if let Some(address) = step["put"].as_str() {
            let seconds = step["timeout"].as_f64().unwrap_or(10.0);
            // reqwest has none of its own here; the address is plain HTTP.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let put = reqwest::Client::new()
                .put(self.saved[address].as_str().unwrap())
                .timeout(Duration::from_secs_f64(seconds))
                .body(vec![7; 9]);
            let status = put.send().await.ok().map(|answer| answer.status().as_u16());
            assert_eq!(json!(status), step["status"], "{step}");
        } else if let Some(tally) = step["tally"].as_object() {
            let mut found = Map::new();
            for _ in 0..step["repeat"].as_u64().unwrap() {
                let code = self.call(step).await.map_or_else(|error| error.code(), |_| "ok");
                let count = found.get(code).and_then(Value::as_u64).unwrap_or(0);
                found.insert(code.to_owned(), json!(count + 1));
            }
            assert_eq!(found, *tally);
        } else {
            let outcome = self.call(step).await;
            self.compare(step, &outcome);
        }
    }

    fn compare(&mut self, step: &Value, outcome: &Result<Value, Error>) {
        let code = outcome.as_ref().err().map(Error::code);
        assert_eq!(code, step["error"].as_str(), "{step}: {outcome:?}");
        if let Some(seconds) = step.get("retry_after") {
            let told = outcome.as_ref().err().and_then(Error::retry_after);
            assert_eq!(told.map(|time| time.as_secs_f64()), seconds.as_f64());
        }
        if let Some(code) = step.get("server_code") {
            let told = outcome.as_ref().err().and_then(Error::server);
            assert_eq!(told.and_then(|told| told.code.as_deref()), code.as_str(), "{step}");
        }
        let answer = outcome.as_ref().ok();
        let at = |pointer: &str| answer.and_then(|answer| answer.pointer(pointer)).cloned();
        for (pointer, value) in step["answer"].as_object().into_iter().flatten() {
            assert_eq!(at(pointer).as_ref(), Some(value), "{step}");
        }
        for (name, pointer) in step["save"].as_object().into_iter().flatten() {
            self.saved.insert(format!("${name}"), at(pointer.as_str().unwrap()).unwrap());
        }
    }
}

#[test]
fn every_scenario_has_an_outcome() {
    let files = std::fs::read_dir(tests().join("scenarios")).unwrap();
    let mut names: Vec<String> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, outcomes().into_keys().collect::<Vec<_>>());
}

#[tokio::test]
async fn e36_every_scenario_has_its_outcome() {
    for (name, steps) in outcomes() {
        let mut story = Story::of(&name).await;
        for step in &steps {
            eprintln!("{name}: {step}");
            story.play(step).await;
        }
        story.emulator.stop().await;
    }
}
