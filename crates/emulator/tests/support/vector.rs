//! Short ways to VideoVector, as its user, with a clock that only the test moves.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Got, Lab};

/// A fresh emulator whose clock stands still.
pub(crate) struct Vector {
    pub(crate) lab: Lab,
}

impl Vector {
    pub(crate) async fn new() -> Self {
        let lab = Lab::new().await;
        let frozen = lab.control("POST", "clock").json(json!({ "speed": 0 })).send().await;
        assert_eq!(frozen.status, 200, "{}", frozen.json());
        Vector { lab }
    }

    pub(crate) fn wait(&self, millis: u64) {
        self.lab.emulator.advance(Duration::from_millis(millis));
    }

    pub(crate) async fn send(&self, method: &'static str, path: &str, body: Value) -> Got {
        let ask = self.lab.user(method, path);
        if body.is_null() { ask.send().await } else { ask.json(body).send().await }
    }

    /// A call that must go well; its answer.
    pub(crate) async fn good(&self, method: &'static str, path: &str, body: Value) -> Value {
        let got = self.send(method, path, body).await;
        assert_eq!(got.status, 200, "{method} {path}: {}", got.json());
        got.json()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.good("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.good("POST", path, body).await
    }

    /// A call that must be refused with this status; the code of its error.
    pub(crate) async fn refused(
        &self,
        status: u16,
        method: &'static str,
        path: &str,
        body: Value,
    ) -> String {
        let got = self.send(method, path, body).await;
        assert_eq!(got.status, status, "{method} {path}: {}", got.json());
        let error = &got.json()["error"];
        for field in ["message", "request_id", "timestamp"] {
            assert!(error[field].is_string(), "no {field} in {error}");
        }
        text(error, "code")
    }

    pub(crate) async fn index(&self, name: &str) -> String {
        text(&self.post("/indexes", json!({ "name": name })).await, "index_id")
    }

    /// Starts the import of a file; into the playground where `index` is empty.
    pub(crate) async fn upload(&self, file: &str, index: &str) -> Got {
        let mut texts = vec![("title", file)];
        texts.extend(Some(("index_id", index)).filter(|_| !index.is_empty()));
        let ask = self.lab.user("POST", "/videos/upload");
        ask.form_of(&texts, &[("file", file, b"bytes")]).send().await
    }

    /// The first medium that a file becomes.
    pub(crate) async fn medium(&self, file: &str, index: &str) -> String {
        let job = text(&self.upload(file, index).await.json(), "job_id");
        self.wait(1000);
        text(&self.get(&format!("/import-jobs/{job}")).await["outputs"]["items"][0], "video_id")
    }

    /// A prompt of a mood, a count and tags.
    pub(crate) async fn prompt(&self) -> String {
        text(&self.post("/prompts", prompt()).await, "prompt_id")
    }

    /// A run of a fresh prompt over an index, over.
    pub(crate) async fn run(&self, index: &str) -> String {
        let target = json!({ "type": "index", "index_id": index });
        let body = json!({ "prompt_id": self.prompt().await, "target": target });
        let run = text(&self.post("/prompt-runs/execute", body).await, "run_id");
        self.wait(1000);
        run
    }
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

pub(crate) fn prompt() -> Value {
    json!({
        "name": "Moods", "prompt_text": "Say what is to be seen.", "json_schema": { "type": "object", "properties": {
            "mood": { "type": "string", "enum": ["calm", "loud"] }, "count": { "type": "integer" },
            "tags": { "type": "array", "items": { "type": "string" } },
        } },
    })
}

/// The ids of a list.
pub(crate) fn ids(list: &Value, name: &str) -> Vec<String> {
    list.as_array()
        .unwrap_or_else(|| panic!("no list: {list}"))
        .iter()
        .map(|one| text(one, name))
        .collect()
}
