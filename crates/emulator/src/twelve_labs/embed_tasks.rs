//! Embeddings in the background, by both versions of the call; results stay for seven days.

use serde_json::{Value, json};

use super::embed::{self, SIZE};
use super::list::{self, Test};
use super::refusal::{Outcome, invalid, not_provided, unknown};
use super::store::{Thing, stage};
use super::{Account, media};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Seconds for which results are kept.
const KEPT: u64 = 7 * 86_400;

/// The stages before the end, a second each.
const STAGES: [&str; 2] = ["processing", "processing"];

fn status(task: &Thing, now: Moment) -> &'static str {
    let end = if task.kept_flag("broken") { "failed" } else { "ready" };
    stage(task.age(now), &STAGES, end)
}

fn changed(task: &Thing, now: Moment) -> String {
    task.changed(task.created, STAGES.len(), now).to_string()
}

/// Lists say `created_at` in other words.
fn in_range(call: &Call, task: &Thing) -> bool {
    let created = task.created.to_string();
    call.query("started_at").is_none_or(|from| created.as_str() >= from)
        && call.query("ended_at").is_none_or(|to| created.as_str() <= to)
}

impl Account {
    /// Tasks of both versions are in one list each, and kept apart by their owner.
    fn listed(&self, call: &Call, version: &str) -> Outcome {
        let mut tasks = self.embed_tasks.of(version);
        tasks.retain(|task| in_range(call, task) && task.age(call.now).as_secs() < KEPT);
        list::page(call, tasks, &[("status", Test::Same, "/status")], |task| {
            let mut value = task.to_json();
            value["status"] = json!(status(task, call.now));
            value["updated_at"] = json!(changed(task, call.now));
            value
        })
    }

    fn embed_task(&self, call: &Call, version: &str) -> Result<&Thing, Answer> {
        let id = call.id("task_id");
        let found = self.embed_tasks.get(id).filter(|task| task.owner == version);
        found
            .filter(|task| task.age(call.now).as_secs() < KEPT)
            .ok_or_else(|| unknown(call, "embedding task", id))
    }

    pub(super) fn embed_tasks(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        match call.operation.verb {
            "list" => return self.listed(call, "1"),
            "create" => return self.create_embed_task(call, draw),
            _ => {}
        }
        let task = self.embed_task(call, "1")?;
        let status = status(task, call.now);
        if call.operation.verb == "get_status" {
            let mut value = task.to_json_without(&["created_at", "updated_at"]);
            value["status"] = json!(status);
            return Ok(Answer::json(200, &value));
        }
        let mut value = task.to_json();
        value["status"] = json!(status);
        value["updated_at"] = json!(changed(task, call.now));
        let wanted: Vec<&str> = call.query_all("embedding_option").collect();
        let options = if wanted.is_empty() { vec!["visual", "audio"] } else { wanted };
        if status == "ready" {
            let scopes = task.kept.get("scopes").and_then(Value::as_array).cloned();
            let mut segments = Vec::new();
            for scope in scopes.unwrap_or_default() {
                for option in &options {
                    let what = format!("{} {scope} {option}", task.id);
                    segments.push(json!({
                        "float": media::embedding(&what, SIZE), "start_offset_sec": 0.0,
                        "end_offset_sec": task.kept.get("clip"), "embedding_option": option, "embedding_scope": scope,
                    }));
                }
            }
            value["video_embedding"]["segments"] = json!(segments);
        }
        Ok(Answer::json(200, &value))
    }

    fn create_embed_task(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let form = &call.form;
        let model = form.field("model_name").unwrap_or_default();
        if !model.to_lowercase().starts_with("marengo") {
            return Err(invalid(call, "model_name", "it must be a Marengo model"));
        }
        let number = |name: &str| form.field(name).and_then(|text| text.parse::<f64>().ok());
        let clip = number("video_clip_length").unwrap_or(6.0);
        let start = number("video_start_offset_sec").unwrap_or(0.0);
        if number("video_end_offset_sec").is_some_and(|end| end <= start) {
            let should = "it must be after video_start_offset_sec";
            return Err(invalid(call, "video_end_offset_sec", should));
        }
        let (mut metadata, name) = match (form.field("video_url"), form.files.first()) {
            (Some(url), _) => (json!({ "input_url": url }), media::name_of(url)),
            (None, Some(file)) => (json!({ "input_filename": file.name }), file.name.clone()),
            (None, None) => return Err(not_provided(call, "video_url")),
        };
        let scopes = form.fields.get("video_embedding_scope").cloned();
        let scopes = scopes.unwrap_or_else(|| vec!["clip".to_owned()]);
        metadata["video_clip_length"] = json!(clip);
        metadata["video_embedding_scope"] = json!(scopes);
        metadata["duration"] = json!(media::duration(media::FETCHED));
        let shown = json!({ "model_name": model, "video_embedding": { "metadata": metadata } });
        let kept = json!({ "scopes": scopes, "clip": clip, "broken": media::is_broken(&name) });
        let made = self.embed_tasks.add(draw.hex(24), "1", shown, kept, call.now);
        Ok(Answer::json(200, &json!({ "_id": made.id })))
    }

    pub(super) fn embed_v2_tasks(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        match call.operation.verb {
            "list" => return self.listed(call, "2"),
            "create" => return self.create_embed_v2_task(call, draw),
            _ => {}
        }
        let task = self.embed_task(call, "2")?;
        let status = status(task, call.now);
        let kind = task.kept_text("kind");
        let input = task.kept.get("input").cloned().unwrap_or_default();
        let mut value = json!({
            "_id": task.id, "status": status, "created_at": task.created.to_string(),
            "updated_at": changed(task, call.now), "data": null,
        });
        if status == "failed" {
            value["error"] = json!({ "message": "The file cannot be read." });
        }
        if status == "ready" {
            let size = usize::try_from(task.kept_number("size")).unwrap_or(SIZE);
            value["data"] = embed::vectors(kind, &input, task.kept_text("source"), size);
            value["metadata"] = embed::metadata(kind, &input);
        }
        Ok(Answer::json(200, &value))
    }

    fn create_embed_v2_task(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let kind = call.body["input_type"].as_str().unwrap_or_default();
        let model = &call.body["model_name"];
        if ["image", "document"].contains(&kind) && model != "marengo3.5" {
            return Err(invalid(call, "model_name", "images and documents need marengo3.5"));
        }
        let Some(input) = call.field(kind) else { return Err(not_provided(call, kind)) };
        let source = self.source(call, &input["media_source"], &format!("{kind}.media_source"))?;
        if input["end_sec"].as_f64() <= input["start_sec"].as_f64() && !input["end_sec"].is_null() {
            return Err(invalid(call, &format!("{kind}.end_sec"), "it must be after start_sec"));
        }
        let mut about = embed::metadata(kind, input);
        // Lists have the names of the first version.
        about = match about["input_url"].as_str() {
            Some(url) => json!({ "input_url": url }),
            None => json!({}),
        };
        let mut shown = json!({ "model_name": model });
        shown[format!("{kind}_embedding")] = json!({ "metadata": about });
        let kept = json!({
            "kind": kind, "input": input, "source": source, "size": embed::size(call)?,
            "broken": media::is_broken(source),
        });
        let made = self.embed_tasks.add(draw.hex(24), "2", shown, kept, call.now);
        let body = json!({ "_id": made.id, "status": "processing", "data": null });
        Ok(Answer::json(202, &body))
    }
}
