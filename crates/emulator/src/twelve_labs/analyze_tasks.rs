//! Analysis in the background: tasks, alone or of a batch, that end as ready, failed or canceled.

use serde_json::{Map, Value, json};

use super::Account;
use super::list::{self, Test};
use super::media;
use super::question::{is_label, say};
use super::refusal::{Outcome, invalid, refuse, unknown};
use super::store::{Thing, object, stage};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Seconds until a task ends by itself.
const SECONDS: u64 = 3;
/// Letters of a prompt that lists show.
const SHORT: usize = 30;

/// What a task shows of its question.
const PARAMS: [&str; 10] = [
    "analysis_mode",
    "prompt",
    "prompt_v2",
    "response_format",
    "temperature",
    "max_tokens",
    "min_segment_duration",
    "max_segment_duration",
    "start_time",
    "end_time",
];

/// Where a task stands. One on an `endless` file never ends by itself.
pub(super) fn status(task: &Thing, now: Moment) -> &'static str {
    if task.kept.contains_key("canceled") {
        return "canceled";
    }
    let end = if task.kept_flag("endless") {
        "processing"
    } else if task.kept_flag("broken") {
        "failed"
    } else {
        "ready"
    };
    stage(task.age(now), &["queued", "pending", "processing"], end)
}

pub(super) fn is_final(status: &str) -> bool {
    ["ready", "failed", "canceled"].contains(&status)
}

/// When a task ended.
fn ended(task: &Thing) -> Moment {
    if task.kept.contains_key("canceled") {
        task.kept_moment("canceled")
    } else {
        task.created.plus(SECONDS)
    }
}

/// The result of a task that is ready.
pub(super) fn result(task: &Thing) -> Value {
    let said = say(task.kept.get("question").unwrap_or(&Value::Null));
    json!({
        "generation_id": task.id, "data": said.text, "finish_reason": said.reason, "usage": said.usage(),
    })
}

/// Why a task ended without a result.
pub(super) fn error(task: &Thing, status: &str) -> Option<Value> {
    match status {
        "failed" => {
            Some(json!({ "code": "video_invalid", "message": "The video cannot be read." }))
        }
        "canceled" => {
            let code = task.kept_text("why");
            Some(json!({ "code": code, "message": "The task was canceled." }))
        }
        _ => None,
    }
}

/// The video of a question, as it is reported back.
fn video_source(question: &Value) -> Value {
    let video = &question["video"];
    let facts = json!({ "duration": media::duration(media::FETCHED) });
    if let Some(id) = question["video_id"].as_str() {
        return json!({ "type": "video_id", "video_id": id, "system_metadata": facts });
    }
    let Some(kind) = video["type"].as_str() else { return Value::Null };
    let mut source = json!({ "type": kind, "system_metadata": facts });
    if kind != "base64_string" {
        source[kind] = video[kind].clone();
    }
    source
}

/// The question as it is reported back: images come without their data.
fn params(question: &Value) -> Value {
    let mut shown = Map::new();
    for name in PARAMS {
        if let Some(value) = question.get(name).filter(|value| !value.is_null()) {
            shown.insert(name.to_owned(), value.clone());
        }
    }
    shown.entry("analysis_mode").or_insert_with(|| json!("general"));
    shown.entry("temperature").or_insert_with(|| json!(0.2));
    if let Some(images) = question["image"].as_array() {
        let images = images.iter().enumerate().map(|(at, image)| {
            let mut one = image.clone();
            if let Some(one) = one.as_object_mut() {
                one.remove("base64_string");
                one.insert("media_type".to_owned(), json!("image"));
                one.entry("name").or_insert_with(|| json!(format!("image_{at}")));
            }
            one
        });
        shown.insert("image".to_owned(), images.collect());
    }
    let sources = shown.get_mut("prompt_v2").and_then(|prompt| prompt.get_mut("media_sources"));
    for source in sources.and_then(Value::as_array_mut).into_iter().flatten() {
        source.as_object_mut().map(|source| source.remove("base64_string"));
    }
    Value::Object(shown)
}

pub(super) fn show(task: &Thing, now: Moment) -> Value {
    let status = status(task, now);
    let mut value = Value::Object(task.shown.clone());
    value["task_id"] = json!(task.id);
    value["status"] = json!(status);
    value["created_at"] = json!(task.created.to_string());
    value["custom_id"] = task.shown.get("custom_id").cloned().unwrap_or_default();
    if is_final(status) {
        value["completed_at"] = json!(ended(task).to_string());
    }
    if status == "ready" {
        value["result"] = result(task);
    }
    if let Some(error) = error(task, status) {
        value["error"] = error;
    }
    if let Some(told) = task.kept.get("told").and_then(Value::as_object) {
        value["webhooks"] = told.values().cloned().collect();
    }
    if !task.owner.is_empty() {
        value["batch_id"] = json!(task.owner);
    }
    value
}

/// Lists cut prompts short and leave schemas out.
fn show_short(task: &Thing, now: Moment) -> Value {
    let mut value = show(task, now);
    let cut = |text: &mut Value| {
        if let Some(long) = text.as_str() {
            *text = json!(long.chars().take(SHORT).collect::<String>());
        }
    };
    let params = &mut value["request_params"];
    if let Some(prompt) = params.get_mut("prompt") {
        cut(prompt);
    }
    if let Some(prompt) =
        params.get_mut("prompt_v2").and_then(|prompt| prompt.get_mut("input_text"))
    {
        cut(prompt);
    }
    if let Some(format) = params.get_mut("response_format").and_then(Value::as_object_mut) {
        format.remove("json_schema");
        if let Some(all) = format.get_mut("segment_definitions").and_then(Value::as_array_mut) {
            all.truncate(1);
        }
    }
    value
}

impl Account {
    pub(super) fn analyze_tasks(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        match call.operation.verb {
            "create" => {
                if call.field("custom_id").and_then(Value::as_str).is_some_and(|id| !is_label(id)) {
                    let should = "it has 1 to 64 letters, digits, hyphens and underscores";
                    return Err(invalid(call, "custom_id", should));
                }
                self.check_question(call, &call.body)?;
                let id = self.add_analysis(&call.body, "", call.now, draw);
                return Ok(Answer::json(202, &json!({ "task_id": id, "status": "queued" })));
            }
            "list" => {
                let tasks = self.analyses.all().collect();
                let filters = [
                    ("status", Test::Same, "/status"),
                    ("video_url", Test::Same, "/video_source/url"),
                    ("asset_id", Test::Same, "/video_source/asset_id"),
                    ("video_id", Test::Same, "/video_source/video_id"),
                    ("analysis_mode", Test::Same, "/request_params/analysis_mode"),
                ];
                return list::page(call, tasks, &filters, |task| show_short(task, call.now));
            }
            _ => {}
        }
        let id = call.id("task_id");
        let found = self.analyses.get_mut(id);
        let task = found.ok_or_else(|| unknown(call, "analysis task", id))?;
        let status = status(task, call.now);
        match call.operation.verb {
            "get" => Ok(Answer::json(200, &show(task, call.now))),
            "cancel" => {
                if !task.owner.is_empty() {
                    let message = "The task belongs to a batch; cancel the batch.";
                    return Err(refuse(call, 409, "task_in_batch", message));
                }
                if ["ready", "failed"].contains(&status) {
                    let message = format!("The task is {status} and cannot be canceled.");
                    return Err(refuse(call, 409, "task_already_terminal", &message));
                }
                cancel(task, "user_canceled", call.now);
                Ok(Answer::json(200, &json!({ "task_id": id, "status": "canceled" })))
            }
            _ => {
                if !is_final(status) {
                    let message = format!("The task is {status}; cancel it or wait for its end.");
                    return Err(refuse(call, 409, "task_not_terminal", &message));
                }
                self.analyses.remove(id);
                Ok(Answer::empty(200))
            }
        }
    }

    /// Begins an analysis that was checked; gives its id.
    pub(super) fn add_analysis(
        &mut self,
        question: &Value,
        batch: &str,
        now: Moment,
        draw: &mut Draw,
    ) -> String {
        let asset = question["video"]["asset_id"].as_str().and_then(|id| self.assets.get(id));
        let name = asset.map(|asset| asset.text("filename").to_owned());
        let name = name.or_else(|| question["video"]["url"].as_str().map(media::name_of));
        let name = name.unwrap_or_default();
        let shown = json!({
            "custom_id": question.get("custom_id"), "video_source": video_source(question),
            "request_params": params(question),
        });
        let mut question = object(question.clone());
        // Of a video in the request only its end matters.
        question.remove("video");
        question.remove("image");
        let kept = json!({
            "question": question, "broken": media::is_broken(&name), "endless": name.contains("endless"),
        });
        let id = draw.hex(24);
        self.analyses.add(id.clone(), batch, shown, kept, now);
        // Of a batch's tasks nobody is told.
        if batch.is_empty() {
            self.untold.push(id.clone());
        }
        id
    }
}

/// Cancels a task once.
pub(super) fn cancel(task: &mut Thing, why: &str, now: Moment) {
    if !task.kept.contains_key("canceled") {
        task.kept.insert("canceled".to_owned(), json!(now));
        task.kept.insert("why".to_owned(), json!(why));
    }
}
