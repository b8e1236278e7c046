//! Objects for an example call of any operation: what it needs is made, as if an hour ago.

use std::collections::BTreeMap;
use std::time::Duration;

use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use super::{Account, Caller};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::form::{Form, Uploaded};

/// A port where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/hook";

struct Maker<'a> {
    account: &'a mut Account,
    draw: &'a mut Draw,
    /// What a call looks like; of another operation and at another time for each call.
    call: Call,
    made: Map<String, Value>,
}

impl Account {
    /// Arguments with which an operation succeeds; the objects that they name are made for them.
    pub(crate) fn example(&mut self, call: Call, draw: &mut Draw) -> Value {
        let (operation, now) = (call.operation, call.now);
        let mut maker = Maker { account: self, draw, call, made: Map::new() };
        maker.make(operation.id, now);
        let made = maker.made;
        let body = body(operation.id, &made);
        // A cursor of one list is none of another: only what must be given is given.
        let wanted =
            |name: &str| operation.params.iter().any(|param| param.required && param.name == name);
        let mut arguments: Map<String, Value> =
            made.into_iter().filter(|(name, _)| wanted(name)).collect();
        arguments.extend(body);
        Value::Object(arguments)
    }
}

impl Maker<'_> {
    /// The answer of a call that the user makes.
    fn ask(&mut self, operation: &str, body: Value) -> Value {
        let Some(row) = framekey_catalog::find(Service::VideoVector, operation) else {
            return Value::Null;
        };
        let made = row.params.iter().filter_map(|param| {
            Some((param.wire, self.made.get(param.name)?.as_str()?.to_owned()))
        });
        let path: BTreeMap<&'static str, String> = made.collect();
        let call = Call { operation: row, path, body, ..self.call.clone() };
        let answer = self.account.ruled(&call, &Caller::User, self.draw);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Keeps a part of an answer under a name.
    fn keep(&mut self, name: &str, answer: &Value, pointer: &str) {
        self.made.insert(name.to_owned(), answer.pointer(pointer).cloned().unwrap_or_default());
    }

    fn upload(&mut self, file: &str) -> Value {
        let index = self.made.get("index_id").and_then(Value::as_str).unwrap_or_default();
        let fields = [("title", "Dogs at play"), ("index_id", index)];
        let fields = fields.map(|(name, text)| (name.to_owned(), vec![text.to_owned()]));
        let uploaded = Uploaded {
            field: "file".to_owned(),
            name: file.to_owned(),
            size: 1_000_000,
            sha256: String::new(),
        };
        self.call.form = Form { fields: BTreeMap::from(fields), files: vec![uploaded] };
        self.ask("videos.upload", Value::Null)
    }

    fn make(&mut self, operation: &str, now: Moment) {
        self.call.now = Moment(now.0.saturating_sub(Duration::from_secs(3600)));
        let key = self.ask("api_keys.create", json!({ "name": "Example" }));
        self.keep("key_id", &key, "/key_id");
        let index = self.ask("indexes.create", json!({ "name": "Example" }));
        self.keep("index_id", &index, "/index_id");
        let used = self.ask("prompts.create", prompt());
        self.keep("prompt_id", &used, "/prompt_id");
        let storage = json!({
            "name": "Example", "bucket": "example", "region": "us-east-1", "aws_access_key_id": "id",
            "aws_secret_access_key": "secret", "scopes": ["import", "export"],
        });
        let connector = self.ask("connectors.create_s3", storage);
        self.keep("connector_id", &connector, "/connector_id");
        let good = self.upload("dogs-30s-flaky.mp4");
        let unreadable = self.upload("dogs-unreadable.mp4");
        self.keep("job_id", &good, "/job_id");
        self.wait();
        let outputs = self.ask("import_jobs.list_outputs", Value::Null);
        self.keep("video_id", &outputs, "/items/0/video_id");
        let target = json!({ "type": "index", "index_id": self.made.get("index_id") });
        let execute = json!({ "prompt_id": self.made.get("prompt_id"), "target": target });
        let run = self.ask("prompt_runs.execute", execute.clone());
        self.keep("run_id", &run, "/run_id");
        self.wait();
        let failed = self.ask("prompt_runs.list_failed_segments", Value::Null);
        self.keep("segment_id", &failed, "/videos/0/segments/0/segment_id");
        let export = self.ask("exports.create_for_index", Value::Null);
        self.keep("export_id", &export, "/export_id");
        self.wait();
        self.hook();
        let search = json!({ "query": "dogs", "index_id": self.made.get("index_id"), "limit": 1 });
        let page = self.ask("workflow.search", search);
        self.keep("cursor", &page, "/pagination/next_cursor");
        self.call.now = now;
        self.account.catch_up(now);
        match operation {
            "indexes.get_deletion" => drop(self.ask("indexes.delete", Value::Null)),
            "videos.get_deletion" => drop(self.ask("videos.delete", Value::Null)),
            "import_jobs.retry" => self.keep("job_id", &unreadable, "/job_id"),
            "import_jobs.cancel" => {
                let open = self.upload("more.mp4");
                self.keep("job_id", &open, "/job_id");
            }
            "prompts.delete" => {
                let unused = self.ask("prompts.create", prompt());
                self.keep("prompt_id", &unused, "/prompt_id");
            }
            "prompt_runs.cancel" => {
                let open = self.ask("prompt_runs.execute", execute);
                self.keep("run_id", &open, "/run_id");
            }
            "prompt_runs.get_segment_retry" => {
                let retry = self.ask("prompt_runs.retry_segment", Value::Null);
                self.keep("retry_id", &retry, "/retry_id");
            }
            _ => {}
        }
    }

    /// Lets jobs come to their end.
    fn wait(&mut self) {
        self.call.now = self.call.now.plus(60);
        self.account.catch_up(self.call.now);
    }

    /// A webhook with a delivery that failed.
    fn hook(&mut self) {
        let hook = json!({ "name": "Example", "url": NOBODY, "events": ["export.failed"] });
        let hook = self.ask("webhooks.create", hook);
        self.keep("webhook_id", &hook, "/webhook_id");
        let id = hook["webhook_id"].as_str().unwrap_or_default().to_owned();
        let call = Call { path: BTreeMap::from([("webhook_id", id)]), ..self.call.clone() };
        if let Ok(letter) = self.account.test_webhook(&call, self.draw) {
            self.account.tested(&letter, None, call.now);
            self.made.insert("delivery_id".to_owned(), json!(letter.id));
        }
    }
}

fn prompt() -> Value {
    let schema = json!({ "type": "object", "properties": {
        "mood": { "type": "string", "enum": ["calm", "loud"] }, "count": { "type": "integer" },
    }});
    json!({
        "name": "What is it", "description": "", "prompt_text": "Say what is to be seen.", "json_schema": schema,
        "video_level": { "instructions_text": "Sum it up.", "json_schema": schema },
    })
}

/// The fields of a body that the document alone does not tell.
fn body(operation: &str, made: &Map<String, Value>) -> Map<String, Value> {
    let id = |name: &str| made.get(name);
    let body = match operation {
        "prompts.create" | "prompts.update" => prompt(),
        "prompts.test_schema" => json!({ "json_schema": { "type": "object" }, "sample_data": {} }),
        "prompt_runs.execute" | "prompt_runs.estimate" => {
            let target = json!({ "type": "index", "index_id": id("index_id") });
            json!({ "prompt_id": id("prompt_id"), "target": target })
        }
        "import_jobs.create" => {
            json!({ "connector_id": id("connector_id"), "index_id": id("index_id") })
        }
        "videos.create" => {
            json!({ "video_uri": "gs://bucket/dogs.mp4", "index_id": id("index_id") })
        }
        "videos.create_signed_url" => json!({ "gcs_uri": "gs://bucket/dogs.mp4" }),
        "videos.batch_get" | "videos.batch_get_status" | "videos.batch_list_segments" => {
            json!({ "video_ids": [id("video_id")] })
        }
        "search.text" | "search.playground" => json!({ "query": "dogs" }),
        "search.image" => json!({ "image_data": "AAAA" }),
        "search.multimodal" => json!({ "text_query": "dogs" }),
        "search.multi_run" => json!({ "query": "dogs", "index_id": id("index_id") }),
        "search.filter" | "search.filter_playground" => json!({ "conditions": [
            { "field": "mood", "type": "string", "operator": "equals", "value": "calm" },
        ] }),
        "webhooks.create" => json!({ "url": NOBODY, "events": ["media.created"] }),
        "webhooks.update" => json!({ "events": ["media.created"] }),
        "workflow.process" => json!({ "prompt_id": id("prompt_id"), "index_id": id("index_id") }),
        "workflow.search" => json!({ "query": "dogs", "index_id": id("index_id") }),
        "mcp.run_playground" => json!({ "tool_name": "indexes_list" }),
        _ => Value::Null,
    };
    body.as_object().cloned().unwrap_or_default()
}
