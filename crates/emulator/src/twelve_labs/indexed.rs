//! Media in an index, in its two views: indexed assets and, the older one, videos.

use serde_json::{Value, json};

use super::assets::{fields_are_plain, merge_metadata};
use super::list::{self, Filter, Test};
use super::media::{self, FPS, HEIGHT, WIDTH};
use super::refusal::{Outcome, unknown};
use super::store::{Thing, stage};
use super::{Account, indexes};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// The stages before the end, a second each.
const STAGES: [&str; 3] = ["pending", "queued", "indexing"];

const FILTERS: [Filter; 10] = [
    ("status", Test::Same, "/status"),
    ("filename", Test::Same, "/system_metadata/filename"),
    ("duration", Test::Range, "/system_metadata/duration"),
    ("fps", Test::Range, "/system_metadata/fps"),
    ("width", Test::Range, "/system_metadata/width"),
    ("height", Test::Range, "/system_metadata/height"),
    ("size", Test::Range, "/system_metadata/size"),
    ("created_at", Test::From, "/created_at"),
    ("updated_at", Test::From, "/updated_at"),
    ("user_metadata", Test::Fields, "user_metadata"),
];

/// Where the indexing stands.
pub(super) fn status(thing: &Thing, now: Moment) -> &'static str {
    let end = if thing.kept_flag("broken") { "failed" } else { "ready" };
    stage(thing.age(now), &STAGES, end)
}

fn changed(thing: &Thing, now: Moment) -> Moment {
    thing.changed(thing.created, STAGES.len(), now)
}

/// File facts of a video.
pub(super) fn system_metadata(thing: &Thing) -> Value {
    let size = thing.kept_number("size");
    json!({
        "filename": thing.kept_text("filename"), "duration": media::duration(size), "fps": FPS, "width": WIDTH,
        "height": HEIGHT, "size": size,
    })
}

/// Playback, once the indexing is done.
pub(super) fn hls(thing: &Thing, status: &str, updated: Moment) -> Value {
    let base = format!("https://files.twelvelabs.example/{}", thing.id);
    let made = if status == "ready" { "COMPLETE" } else { "PROCESSING" };
    json!({
        "video_url": format!("{base}/stream.m3u8"), "thumbnail_urls": [format!("{base}/1.jpg")], "status": made,
        "updated_at": updated.to_string(),
    })
}

impl Account {
    /// Puts an asset into an index; both are there.
    pub(super) fn index_asset(
        &mut self,
        index: &str,
        asset: &Thing,
        stream: bool,
        user_metadata: Option<Value>,
        now: Moment,
        draw: &mut Draw,
    ) -> &Thing {
        let shown = json!({ "asset_id": asset.id, "user_metadata": user_metadata });
        let kept = json!({
            "size": asset.kept_number("size"), "filename": asset.text("filename"),
            "broken": asset.kept_flag("broken"), "stream": stream,
        });
        self.indexed.add(draw.hex(24), index, shown, kept, now)
    }

    pub(super) fn indexed_assets(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        if call.operation.verb == "list_by_asset" {
            return self.indexes_of_asset(call);
        }
        let index = call.id("index-id");
        let known = self.indexes.get(index).ok_or_else(|| unknown(call, "index", index))?;
        if call.operation.verb != "create" {
            return self.inside(call, "indexed-asset-id");
        }
        indexes::takes_videos(call, known)?;
        let user_metadata = call.field("user_metadata").cloned();
        if let Some(fields) = &user_metadata {
            fields_are_plain(call, fields)?;
        }
        let id = call.field("asset_id").and_then(Value::as_str).unwrap_or_default();
        let asset = self.ready_asset(call, id)?.clone();
        let stream = call.field("enable_video_stream") == Some(&Value::Bool(true));
        let made = self.index_asset(index, &asset, stream, user_metadata, call.now, draw);
        Ok(Answer::json(202, &json!({ "_id": made.id, "asset_id": asset.id })))
    }

    pub(super) fn videos(&mut self, call: &Call) -> Outcome {
        let index = call.id("index-id");
        self.indexes.get(index).ok_or_else(|| unknown(call, "index", index))?;
        self.inside(call, "video-id")
    }

    /// What both views do alike with what is in an index.
    fn inside(&mut self, call: &Call, parameter: &str) -> Outcome {
        let (index, id) = (call.id("index-id"), call.id(parameter));
        let is_asset = parameter == "indexed-asset-id";
        let what = if is_asset { "indexed asset" } else { "video" };
        if call.operation.verb == "list" {
            return list::page(call, self.indexed.of(index), &FILTERS, |thing| {
                summary(thing, call, is_asset)
            });
        }
        let found = self.indexed.get_mut(id).filter(|thing| thing.owner == index);
        let thing = found.ok_or_else(|| unknown(call, what, id))?;
        match call.operation.verb {
            "get" => Ok(Answer::json(200, &detail(thing, call, is_asset))),
            "update" => {
                let change = call.field("user_metadata").unwrap_or(&Value::Null);
                if !change.is_null() {
                    fields_are_plain(call, change)?;
                    merge_metadata(thing, change, call.now);
                }
                Ok(Answer::empty(200))
            }
            _ => {
                self.indexed.remove(id);
                Ok(Answer::empty(200))
            }
        }
    }

    fn indexes_of_asset(&self, call: &Call) -> Outcome {
        let id = call.id("asset_id");
        self.assets.get(id).ok_or_else(|| unknown(call, "asset", id))?;
        let places = self.indexed.all().filter(|thing| thing.text("asset_id") == id);
        list::page(call, places.collect(), &[], |thing| {
            let name = self.indexes.get(&thing.owner).map(|index| index.text("index_name"));
            json!({ "_id": thing.id, "index": { "_id": thing.owner, "name": name.unwrap_or_default() } })
        })
    }
}

/// One thing of an index as the lists have it.
fn summary(thing: &Thing, call: &Call, is_asset: bool) -> Value {
    let status = status(thing, call.now);
    let mut value = json!({
        "_id": thing.id, "asset_id": thing.text("asset_id"), "created_at": thing.created.to_string(),
        "updated_at": changed(thing, call.now).to_string(), "system_metadata": system_metadata(thing),
    });
    if is_asset {
        value["status"] = json!(status);
    }
    if status == "ready" {
        value["indexed_at"] = json!(thing.created.plus(STAGES.len() as u64).to_string());
    }
    value
}

/// One thing of an index with what the query asks for.
fn detail(thing: &Thing, call: &Call, is_asset: bool) -> Value {
    let status = status(thing, call.now);
    let mut value = summary(thing, call, is_asset);
    if let Some(own) = thing.shown.get("user_metadata") {
        value["user_metadata"] = own.clone();
    }
    if thing.kept_flag("stream") {
        value["hls"] = hls(thing, status, changed(thing, call.now));
    }
    if status != "ready" {
        return value;
    }
    let options: Vec<&str> = call.query_all("embedding_option").collect();
    if !options.is_empty() {
        let segments: Vec<Value> = options
            .iter()
            .map(|option| {
                json!({
                    "float": media::embedding(&format!("{} {option}", thing.id), 512), "start_offset_sec": 0.0,
                    "end_offset_sec": 6.0, "embedding_option": option, "embedding_scope": "clip",
                })
            })
            .collect();
        value["embedding"] =
            json!({ "model_name": "marengo3.0", "video_embedding": { "segments": segments } });
    }
    if call.query("transcription").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        value["transcription"] = json!([
            { "start": 0.0, "end": 3.0, "value": "A river runs." },
            { "start": 3.0, "end": 6.0, "value": "The sun rises." },
        ]);
    }
    value
}
