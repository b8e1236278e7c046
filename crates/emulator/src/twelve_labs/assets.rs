//! Assets: files by upload or address, which are checked for a second before they can be used.

use serde_json::{Map, Value, json};

use super::list::{self, Test};
use super::refusal::{Outcome, invalid, not_provided, refuse, unknown, unknown_in_body};
use super::store::{Thing, stage};
use super::{Account, media};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// The largest file that may come in a form.
const LARGEST_DIRECT: u64 = 200_000_000;

/// What becomes an asset.
pub(super) struct NewFile<'a> {
    pub(super) id: String,
    pub(super) method: &'static str,
    pub(super) filename: &'a str,
    pub(super) size: u64,
    pub(super) hls: bool,
    pub(super) thumbnail: bool,
    pub(super) user_metadata: Option<Value>,
    pub(super) source: Option<Value>,
}

/// Where an asset stands.
pub(super) fn status(asset: &Thing, now: Moment) -> &'static str {
    let end = if asset.kept_flag("broken") { "failed" } else { "ready" };
    stage(asset.age(now), &["processing"], end)
}

/// The caller's own fields of a form, which come as a JSON text.
pub(super) fn form_metadata(call: &Call) -> Result<Option<Value>, Answer> {
    let Some(text) = call.form.field("user_metadata") else { return Ok(None) };
    let value: Value = serde_json::from_str(text)
        .map_err(|_| invalid(call, "user_metadata", "it must be a JSON object as text"))?;
    fields_are_plain(call, &value)?;
    Ok(Some(value))
}

/// The caller's own fields are texts, numbers, booleans or lists of texts.
pub(super) fn fields_are_plain(call: &Call, value: &Value) -> Result<(), Answer> {
    let Some(fields) = value.as_object() else {
        return Err(invalid(call, "user_metadata", "it must be an object"));
    };
    let is_plain = |value: &Value| match value {
        Value::Array(items) => items.iter().all(Value::is_string),
        other => !other.is_object(),
    };
    match fields.iter().find(|(_, value)| !is_plain(value)) {
        Some((name, _)) => Err(invalid(
            call,
            &format!("user_metadata.{name}"),
            "values are strings, numbers, booleans or arrays of strings",
        )),
        None => Ok(()),
    }
}

fn is_empty(value: &Value) -> bool {
    value == &json!("") || value == &json!([])
}

/// Changes some of the caller's own fields: null removes one, an empty text or list is ignored.
pub(super) fn merge_metadata(thing: &mut Thing, change: &Value, now: Moment) {
    let old = thing.shown.get("user_metadata").cloned().unwrap_or_default();
    let mut fields = old.as_object().cloned().unwrap_or_default();
    for (name, value) in change.as_object().into_iter().flatten() {
        if value.is_null() {
            fields.remove(name);
        } else if !is_empty(value) {
            fields.insert(name.clone(), value.clone());
        }
    }
    thing.shown.insert("user_metadata".to_owned(), Value::Object(fields));
    thing.updated = now;
}

impl Account {
    pub(super) fn assets(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let id = call.id("asset_id");
        match call.operation.verb {
            "create" => return self.create_asset(call, draw),
            "list" => {
                let kinds: Vec<&str> = call.query_all("asset_types").collect();
                let mut assets = self.assets.of("");
                assets.retain(|asset| {
                    kinds.is_empty() || kinds.contains(&media::kind(asset.text("filename")))
                });
                let filters =
                    [("asset_ids", Test::Same, "/_id"), ("filename", Test::Contains, "/filename")];
                return list::page(call, assets, &filters, |asset| detail(asset, call.now));
            }
            _ => {}
        }
        let asset = self.assets.get_mut(id).ok_or_else(|| unknown(call, "asset", id))?;
        let change = call.body.get("user_metadata").unwrap_or(&Value::Null);
        match call.operation.verb {
            "get" => Ok(Answer::json(200, &detail(asset, call.now))),
            "get_transcription" => transcription(call, asset),
            "delete" => self.delete_asset(call, id),
            "delete_user_metadata" => {
                asset.shown.remove("user_metadata");
                Ok(Answer::empty(200))
            }
            "replace_user_metadata" => {
                fields_are_plain(call, change)?;
                let mut fields = change.as_object().cloned().unwrap_or_default();
                fields.retain(|_, value| !value.is_null() && !is_empty(value));
                asset.shown.insert("user_metadata".to_owned(), Value::Object(fields));
                Ok(Answer::empty(200))
            }
            _ => {
                fields_are_plain(call, change)?;
                merge_metadata(asset, change, call.now);
                Ok(Answer::empty(200))
            }
        }
    }

    fn create_asset(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let flag = |name: &str| {
            call.form.field(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
        };
        let user_metadata = form_metadata(call)?;
        let url = call.form.field("url").unwrap_or_default();
        let direct = call.form.field("method") == Some("direct");
        let (name, size) = if direct {
            let file = call.form.files.first().ok_or_else(|| not_provided(call, "file"))?;
            (file.name.clone(), file.size)
        } else if url.is_empty() {
            return Err(not_provided(call, "url"));
        } else if url.starts_with("https://") || url.starts_with("http://") {
            (media::name_of(url), media::FETCHED)
        } else {
            return Err(invalid(call, "url", "it must be a public HTTP or HTTPS address"));
        };
        let filename = call.form.field("filename").filter(|name| !name.is_empty()).unwrap_or(&name);
        let most = match media::kind(filename) {
            "image" => media::LARGEST_IMAGE,
            _ => LARGEST_DIRECT,
        };
        if size > most {
            let message = format!("The file is larger than {} MB.", most / 1_000_000);
            return Err(refuse(call, 400, "file_too_large", &message));
        }
        let new = NewFile {
            id: draw.hex(24),
            method: if direct { "direct" } else { "url" },
            filename,
            size,
            hls: flag("enable_hls"),
            thumbnail: flag("enable_thumbnail"),
            user_metadata,
            source: None,
        };
        let asset = self.add_asset(new, call.now);
        Ok(Answer::json(201, &summary(asset, call.now)))
    }

    pub(super) fn add_asset(&mut self, new: NewFile<'_>, now: Moment) -> &Thing {
        let shown = json!({
            "method": new.method, "filename": new.filename, "file_type": media::mime(new.filename),
            "user_metadata": new.user_metadata, "source": new.source,
        });
        let kept = json!({
            "size": new.size, "hls": new.hls, "thumbnail": new.thumbnail, "broken": media::is_broken(new.filename),
        });
        self.assets.add(new.id, "", shown, kept, now)
    }

    /// An asset that can be used now.
    pub(super) fn ready_asset(&self, call: &Call, id: &str) -> Result<&Thing, Answer> {
        let asset = self.assets.get(id).ok_or_else(|| unknown_in_body(call, "asset", id))?;
        match status(asset, call.now) {
            "ready" => Ok(asset),
            status => Err(refuse(
                call,
                400,
                "asset_not_ready",
                &format!("The asset {id} is {status}; it can be used once it is ready."),
            )),
        }
    }

    fn delete_asset(&mut self, call: &Call, id: &str) -> Outcome {
        let refers = |thing: &Thing| thing.text("asset_id") == id;
        let force = call.query("force").is_some_and(|force| force.eq_ignore_ascii_case("true"));
        if !force && (self.indexed.all().any(refers) || self.items.all().any(refers)) {
            let message = "The asset is used by an index or a knowledge store; force=true deletes it all the same.";
            return Err(refuse(call, 409, "asset_in_use", message));
        }
        self.assets.remove(id);
        self.indexed.retain(|thing| !refers(thing));
        self.items.retain(|thing| !refers(thing));
        for entity in self.entities.all_mut() {
            if let Some(Value::Array(assets)) = entity.shown.get_mut("asset_ids") {
                assets.retain(|asset| asset != id);
            }
        }
        Ok(Answer::empty(200))
    }
}

/// An asset as it is answered when it is created.
pub(super) fn summary(asset: &Thing, now: Moment) -> Value {
    let mut value = asset.to_json_without(&["updated_at"]);
    value["status"] = json!(status(asset, now));
    value
}

/// An asset with what is known about its file.
pub(super) fn detail(asset: &Thing, now: Moment) -> Value {
    let (status, size) = (status(asset, now), asset.kept_number("size"));
    let name = asset.text("filename");
    let kind = media::kind(name);
    let mut value = summary(asset, now);
    if asset.text("method") == "connector" {
        // The document's detail has no such method, though its short form has.
        value.as_object_mut().map(|fields| fields.remove("method"));
    }
    if status == "failed" {
        value["error"] = json!({ "message": "The file cannot be read." });
    }
    if status != "processing" {
        value["technical_metadata"] = media::technical(name, size);
        value["size"] = json!(size);
        if ["video", "audio"].contains(&kind) {
            value["duration"] = json!(media::duration(size));
        }
    }
    let made = stage(asset.age(now), &["pending", "processing"], "ready");
    let made = if status == "failed" { "error" } else { made };
    let address = |file: &str| format!("https://files.twelvelabs.example/{}/{file}", asset.id);
    let part = |flag: &str, field: &str, file: &str| {
        asset.kept_flag(flag).then(|| {
            let mut part = Map::from_iter([("status".to_owned(), json!(made))]);
            if made == "ready" {
                part.insert(field.to_owned(), json!(address(file)));
            }
            Value::Object(part)
        })
    };
    if ["video", "audio"].contains(&kind)
        && let Some(hls) = part("hls", "manifest_url", "stream.m3u8")
    {
        value["hls"] = hls;
    }
    if let Some(thumbnail) = part("thumbnail", "representative_url", "thumbnail.jpg") {
        value["thumbnail"] = thumbnail;
    }
    value
}

/// What is said in every video: two sentences of three words.
const WORDS: [&str; 6] = ["A", "river", "runs.", "The", "sun", "rises."];

/// The transcript of an asset, two seconds after it is ready.
fn transcription(call: &Call, asset: &Thing) -> Outcome {
    let kind = media::kind(asset.text("filename"));
    if !["video", "audio"].contains(&kind) {
        return Err(unknown(call, "transcription of asset", &asset.id));
    }
    let end = if asset.kept_flag("broken") { "failed" } else { "ready" };
    let status = stage(asset.age(call.now), &["pending", "processing", "processing"], end);
    let mut value = json!({ "status": status });
    if status == "failed" {
        value["error"] = json!({ "message": "The file has no sound that can be read." });
    }
    if status == "ready" {
        let wanted: Vec<&str> = call.query_all("include").collect();
        let asked = |name: &str| wanted.contains(&name) || (wanted.is_empty() && name == "words");
        let piece = |at: usize, count: usize| {
            let text: Vec<&str> = WORDS.iter().skip(at).take(count).copied().collect();
            json!({ "start": at, "end": at + count, "value": text.join(" ") })
        };
        if asked("words") {
            value["words"] = (0..WORDS.len()).map(|at| piece(at, 1)).collect();
        }
        if asked("sentences") {
            value["sentences"] = json!([piece(0, 3), piece(3, 3)]);
        }
        if asked("utterances") {
            let mut all = piece(0, WORDS.len());
            all["speaker"] = json!("speaker_1");
            value["utterances"] = json!([all]);
        }
    }
    Ok(Answer::json(200, &value))
}
