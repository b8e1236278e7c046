//! Objects for an example call of any operation, made by calls of the account itself.

use std::collections::BTreeMap;

use framekey_catalog::{Body, Service};
use serde_json::{Map, Value, json};

use super::Account;
use crate::call::Call;
use crate::draw::Draw;
use crate::form::{Form, Uploaded};

/// A port where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9/hook";

struct Maker<'a> {
    account: &'a mut Account,
    draw: &'a mut Draw,
    /// What a call looks like; of another operation for each call.
    call: Call,
    made: Map<String, Value>,
}

impl Account {
    /// Arguments with which an operation succeeds; the objects that they name are made for them.
    pub(crate) fn example(&mut self, call: Call, draw: &mut Draw) -> Value {
        let id = call.operation.id;
        let mut maker = Maker { account: self, draw, call, made: Map::new() };
        maker.make(id);
        Value::Object(maker.made)
    }
}

impl Maker<'_> {
    /// The answer of a call, whose path is filled with what was made so far.
    fn ask(&mut self, operation: &str, body: Value, form: Form) -> Value {
        let Some(row) = framekey_catalog::find(Service::ApiVideo, operation) else {
            return Value::Null;
        };
        let made = row.params.iter().filter_map(|param| {
            Some((param.wire, self.made.get(param.name)?.as_str()?.to_owned()))
        });
        let path: BTreeMap<&'static str, String> = made.collect();
        let call = Call { operation: row, path, body, form, ..self.call.clone() };
        let answer = self.account.rules(&call, self.draw);
        let body = answer.map(|answer| answer.body).unwrap_or_default();
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// Makes an object and keeps its id.
    fn keep(&mut self, name: &str, operation: &str, body: Value, wire: &str) {
        let answer = self.ask(operation, body, Form::default());
        self.made.insert(name.to_owned(), answer[wire].clone());
    }

    fn give(&mut self, name: &str, value: Value) {
        self.made.insert(name.to_owned(), value);
    }

    fn make(&mut self, id: &str) {
        let (resource, verb) = id.rsplit_once('.').unwrap_or((id, ""));
        let video = ["videos", "captions", "chapters", "summaries", "videos.discarded"];
        let makes_video = ["create", "list", "upload_with_token"].contains(&verb);
        if video.contains(&resource) && !(makes_video && resource == "videos") {
            self.keep("video_id", "videos.create", json!({ "title": "example" }), "videoId");
        }
        match resource {
            "captions" | "chapters" => {
                self.give("language", json!("en"));
                if !["list", "upload"].contains(&verb) {
                    self.ask(&format!("{resource}.upload"), Value::Null, file("en.vtt"));
                }
            }
            "live_streams" if verb != "create" => {
                let body = json!({ "name": "example" });
                self.keep("live_stream_id", "live_streams.create", body, "liveStreamId");
            }
            "player_themes" if verb != "create" => {
                self.keep("player_id", "player_themes.create", json!({}), "playerId");
            }
            "summaries" if !["create", "list"].contains(&verb) => {
                let body = json!({ "videoId": self.made["video_id"] });
                self.keep("summary_id", "summaries.create", body, "summaryId");
            }
            "videos.discarded" => {
                self.ask("videos.delete", Value::Null, Form::default());
            }
            "watermarks" if verb == "delete" => {
                let made = self.ask("watermarks.upload", Value::Null, file("example.png"));
                self.give("watermark_id", made["watermarkId"].clone());
            }
            "webhooks" => {
                let events = json!(["video.encoding.quality.completed"]);
                let body = json!({ "url": NOBODY, "events": events });
                if verb == "create" {
                    self.made.extend(body.as_object().cloned().unwrap_or_default());
                } else {
                    self.keep("webhook_id", "webhooks.create", body, "webhookId");
                }
            }
            _ => {}
        }
        if id == "videos.pick_thumbnail" {
            self.give("timecode", json!("00:00:01"));
        }
        self.leave_out(id);
    }

    /// Leaves only what the operation takes.
    fn leave_out(&mut self, id: &str) {
        let Some(row) = framekey_catalog::find(Service::ApiVideo, id) else { return };
        let fields = match &row.body {
            Body::Json { fields, .. } => *fields,
            _ => &[],
        };
        self.made.retain(|name, _| {
            row.params.iter().any(|param| param.name == name)
                || fields.iter().any(|field| field.name == name)
        });
    }
}

/// A form with one file of a few bytes.
fn file(name: &str) -> Form {
    let sha256 = String::new();
    let file = Uploaded { field: "file".to_owned(), name: name.to_owned(), size: 7, sha256 };
    Form { files: vec![file], ..Form::default() }
}
