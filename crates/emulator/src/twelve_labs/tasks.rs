//! Upload and index in one call, the older way.

use serde_json::{Value, json};

use super::assets::{NewFile, form_metadata};
use super::list::{self, Test};
use super::refusal::{Outcome, invalid, not_provided, refuse, unknown, unknown_in_body};
use super::store::{Thing, stage};
use super::{Account, indexed, indexes, media};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// The largest video that may come in a form.
const LARGEST: u64 = 2_000_000_000;

/// The stages before the end, a second each.
const STAGES: [&str; 4] = ["validating", "pending", "queued", "indexing"];

fn status(task: &Thing, now: Moment) -> &'static str {
    let end = if task.kept_flag("broken") { "failed" } else { "ready" };
    stage(task.age(now), &STAGES, end)
}

fn changed(task: &Thing, now: Moment) -> Moment {
    task.changed(task.created, STAGES.len(), now)
}

fn show(task: &Thing, now: Moment) -> Value {
    let mut value = task.to_json();
    value["status"] = json!(status(task, now));
    value["updated_at"] = json!(changed(task, now).to_string());
    let mut facts = indexed::system_metadata(task);
    if let Some(facts) = facts.as_object_mut() {
        facts.retain(|name, _| !["fps", "size"].contains(&name.as_str()));
    }
    value["system_metadata"] = facts;
    value
}

impl Account {
    pub(super) fn tasks(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let id = call.id("task_id");
        match call.operation.verb {
            "create" => return self.create_task(call, draw),
            "list" => {
                let filters = [
                    ("index_id", Test::Same, "/index_id"),
                    ("status", Test::Same, "/status"),
                    ("filename", Test::Same, "/system_metadata/filename"),
                    ("duration", Test::Range, "/system_metadata/duration"),
                    ("width", Test::Range, "/system_metadata/width"),
                    ("height", Test::Range, "/system_metadata/height"),
                    ("created_at", Test::From, "/created_at"),
                    ("updated_at", Test::From, "/updated_at"),
                ];
                let write = |task| show(task, call.now);
                return list::page(call, self.tasks.of(""), &filters, write);
            }
            _ => {}
        }
        let task = self.tasks.get(id).ok_or_else(|| unknown(call, "task", id))?;
        let status = status(task, call.now);
        if call.operation.verb == "get" {
            let mut value = show(task, call.now);
            if task.kept_flag("stream") {
                value["hls"] = indexed::hls(task, status, changed(task, call.now));
            }
            return Ok(Answer::json(200, &value));
        }
        let message = match status {
            "failed" => None,
            "ready" if self.indexed.get(task.text("video_id")).is_none() => None,
            "ready" => Some("The video of the task is still in the index; delete it first."),
            _ => Some("Only tasks that are ready or failed can be deleted."),
        };
        if let Some(message) = message {
            return Err(refuse(call, 400, "task_cannot_be_deleted", message));
        }
        self.tasks.remove(id);
        Ok(Answer::empty(200))
    }

    fn create_task(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let index = call.form.field("index_id").unwrap_or_default();
        let known = self.indexes.get(index).ok_or_else(|| unknown_in_body(call, "index", index))?;
        indexes::takes_videos(call, known)?;
        let user_metadata = form_metadata(call)?;
        let (method, filename, size) = match (call.form.files.first(), call.form.field("video_url"))
        {
            (Some(file), _) => ("direct", file.name.clone(), file.size),
            (None, Some(url)) if url.starts_with("http") => {
                ("url", media::name_of(url), media::FETCHED)
            }
            (None, Some(_)) => {
                return Err(invalid(
                    call,
                    "video_url",
                    "it must be a public HTTP or HTTPS address",
                ));
            }
            (None, None) => return Err(not_provided(call, "video_file")),
        };
        if size > LARGEST {
            return Err(refuse(call, 400, "file_too_large", "The file is larger than 2 GB."));
        }
        // It is kept for playback unless the call says otherwise.
        let stream = call
            .form
            .field("enable_video_stream")
            .is_none_or(|text| text.eq_ignore_ascii_case("true"));
        let new = NewFile {
            id: draw.hex(24),
            method,
            filename: &filename,
            size,
            hls: false,
            thumbnail: false,
            user_metadata: None,
            source: None,
        };
        let asset = self.add_asset(new, call.now).clone();
        let video = self.index_asset(index, &asset, stream, user_metadata, call.now, draw);
        let (shown, kept) =
            (json!({ "video_id": video.id, "index_id": index }), Value::Object(video.kept.clone()));
        let answer = json!({ "_id": draw.hex(24), "video_id": video.id });
        let id = answer["_id"].as_str().unwrap_or_default().to_owned();
        self.tasks.add(id, "", shown, kept, call.now);
        Ok(Answer::json(200, &answer))
    }
}
