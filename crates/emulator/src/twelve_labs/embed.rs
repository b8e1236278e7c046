//! Embeddings at once, by both versions of the call.

use serde_json::{Value, json};

use super::Account;
use super::media;
use super::refusal::{Outcome, invalid, not_provided};
use crate::answer::Answer;
use crate::call::Call;

/// Numbers in an embedding.
pub(super) const SIZE: usize = 512;

/// The length of every embedding that a body asks for.
pub(super) fn size(call: &Call) -> Result<usize, Answer> {
    let Some(wanted) = call.field("embedding_dimension").and_then(Value::as_u64) else {
        return Ok(SIZE);
    };
    if ![256, 512, 1024].contains(&wanted) {
        return Err(invalid(call, "embedding_dimension", "it must be 256, 512 or 1024"));
    }
    Ok(usize::try_from(wanted).unwrap_or(SIZE))
}

impl Account {
    /// Where the media of a request are: exactly one of an address, an asset and base64.
    pub(super) fn source<'a>(
        &self,
        call: &Call,
        of: &'a Value,
        path: &str,
    ) -> Result<&'a str, Answer> {
        let names = ["url", "asset_id", "base64_string"];
        let mut given = names.iter().filter_map(|name| of[*name].as_str());
        let (Some(source), None) = (given.next().filter(|one| !one.is_empty()), given.next())
        else {
            let should = "exactly one of url, asset_id and base64_string must be there";
            return Err(invalid(call, path, should));
        };
        if let Some(id) = of["asset_id"].as_str() {
            self.ready_asset(call, id)?;
        }
        Ok(source)
    }

    pub(super) fn embed(&self, call: &Call) -> Outcome {
        let form = &call.form;
        let model = form.field("model_name").unwrap_or_default();
        if !model.to_lowercase().starts_with("marengo") {
            return Err(invalid(call, "model_name", "it must be a Marengo model"));
        }
        let mut body = json!({ "model_name": model });
        let mut has_any = false;
        if let Some(text) = form.field("text") {
            has_any = true;
            body["text_embedding"] =
                json!({ "segments": [{ "float": media::embedding(text, SIZE) }] });
        }
        for kind in ["image", "audio"] {
            let file = form.files.iter().find(|file| file.field == format!("{kind}_file"));
            let url = form.field(if kind == "image" { "image_url" } else { "audio_url" });
            let (what, metadata) = match (file, url) {
                (_, Some(url)) => (url, json!({ "input_url": url })),
                (Some(file), None) => (file.name.as_str(), json!({ "input_filename": file.name })),
                (None, None) => continue,
            };
            has_any = true;
            let mut segment = json!({ "float": media::embedding(what, SIZE) });
            if kind == "audio" {
                let start = form.field("audio_start_offset_sec").and_then(|text| text.parse().ok());
                let start: f64 = start.unwrap_or(0.0);
                segment["start_offset_sec"] = json!(start);
                segment["end_offset_sec"] = json!(start + 6.0);
            }
            body[format!("{kind}_embedding")] =
                json!({ "segments": [segment], "metadata": metadata });
        }
        if !has_any {
            return Err(not_provided(call, "text"));
        }
        Ok(Answer::json(200, &body))
    }

    pub(super) fn embed_v2(&self, call: &Call) -> Outcome {
        let kind = call.body["input_type"].as_str().unwrap_or_default();
        let newer = call.body["model_name"] == "marengo3.5";
        if newer != (kind == "multi_input") {
            let should = if newer {
                "marengo3.5 takes only multi_input"
            } else {
                "marengo3.0 does not take multi_input"
            };
            return Err(invalid(call, "input_type", should));
        }
        let Some(input) = call.field(kind) else { return Err(not_provided(call, kind)) };
        let size = size(call)?;
        let mut body = json!({});
        let at = format!("{kind}.media_source");
        let (what, metadata) = match kind {
            "text" => (input["input_text"].as_str().unwrap_or_default().to_owned(), Value::Null),
            "multi_input" => {
                let sources = input["media_sources"].as_array().into_iter().flatten();
                for (at, one) in sources.enumerate() {
                    self.source(call, one, &format!("multi_input.media_sources[{at}]"))?;
                }
                body["usage"] = json!({ "input_tokens": { "total": 8 }, "truncated": false });
                (input.to_string(), json!({ "input_type": kind }))
            }
            _ => {
                let what = self.source(call, &input["media_source"], &at)?;
                (what.to_owned(), metadata(kind, input))
            }
        };
        if what.is_empty() {
            return Err(invalid(call, "text.input_text", "it must not be empty"));
        }
        body["data"] = vectors(kind, input, &what, size);
        if !metadata.is_null() {
            body["metadata"] = metadata;
        }
        Ok(Answer::json(200, &body))
    }
}

/// Texts of a list, or those that are there when it is left out.
fn texts(list: &Value, usual: &[&str]) -> Vec<String> {
    let given: Option<Vec<String>> = list
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    given
        .filter(|given| !given.is_empty())
        .unwrap_or_else(|| usual.iter().map(|text| (*text).to_owned()).collect())
}

fn options(kind: &str, input: &Value) -> Vec<String> {
    let usual: &[&str] = match kind {
        "video" => &["visual", "audio"],
        "audio" => &["audio"],
        "document" => &["text"],
        _ => &["visual"],
    };
    texts(&input["embedding_option"], usual)
}

fn scopes(kind: &str, input: &Value) -> Vec<String> {
    let usual: &[&str] =
        if ["video", "audio"].contains(&kind) { &["clip", "asset"] } else { &["asset"] };
    texts(&input["embedding_scope"], usual)
}

/// What the answer says about the media that was embedded.
pub(super) fn metadata(kind: &str, input: &Value) -> Value {
    let mut value = json!({ "input_type": kind });
    if let Some(url) = input["media_source"]["url"].as_str() {
        value["input_url"] = json!(url);
    }
    if ["video", "audio"].contains(&kind) {
        let seconds = media::duration(media::FETCHED);
        value["embedding_options"] = json!(options(kind, input));
        value["embedding_scopes"] = json!(scopes(kind, input));
        value["duration"] = json!(seconds);
        value["start_offset_sec"] = json!(input["start_sec"].as_f64().unwrap_or(0.0));
        value["end_offset_sec"] = json!(input["end_sec"].as_f64().unwrap_or(seconds));
    }
    value
}

/// The embeddings of an input: each option of a clip of time and of the whole.
pub(super) fn vectors(kind: &str, input: &Value, what: &str, size: usize) -> Value {
    if !["video", "audio", "document"].contains(&kind) {
        return json!([{ "embedding": media::embedding(what, size) }]);
    }
    let seconds = media::duration(media::FETCHED);
    let mut all = Vec::new();
    for scope in scopes(kind, input) {
        for option in options(kind, input) {
            let mut one = json!({
                "embedding": media::embedding(&format!("{what} {scope} {option}"), size), "embedding_option": option,
            });
            // A part of a file is called a clip in answers, and a page of a document a chunk.
            one["embedding_scope"] = json!(match (scope.as_str(), kind) {
                ("asset", _) => "asset",
                (_, "document") => "chunk",
                _ => "clip",
            });
            if kind != "document" {
                let end = if scope == "asset" { seconds } else { 6.0 };
                one["start_sec"] = json!(0.0);
                one["end_sec"] = json!(end);
            }
            all.push(one);
        }
    }
    Value::Array(all)
}
