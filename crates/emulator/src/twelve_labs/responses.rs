//! Conversations with an agent about a knowledge store, whole or as events.

use serde_json::{Value, json};

use super::Account;
use super::entities::texts;
use super::question::sample;
use super::refusal::{Outcome, invalid, unknown_in_body};
use super::stores;
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;

impl Account {
    pub(super) fn responses(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let store = call.body["knowledge_store_id"].as_str().unwrap_or_default();
        self.stores.get(store).ok_or_else(|| unknown_in_body(call, "knowledge store", store))?;
        if call.body["input"] == json!([]) {
            return Err(invalid(call, "input", "it must have at least one message"));
        }
        let selections = call.field("selections").and_then(Value::as_array).into_iter().flatten();
        for (at, selection) in selections.enumerate() {
            let id = selection["id"].as_str().unwrap_or_default();
            let of = if selection["kind"] == "item" { &self.items } else { &self.item_groups };
            if of.get(id).is_none_or(|thing| thing.owner != store) {
                let should = "it is not in the knowledge store";
                return Err(invalid(call, &format!("selections[{at}].id"), should));
            }
        }
        let session = match call.field("session_id").and_then(Value::as_str) {
            None => {
                let id = draw.uuid();
                let kept = json!({ "turns": 0 });
                self.sessions.add(id.clone(), store, Value::Null, kept, call.now);
                id
            }
            Some(id) => {
                let known = self.sessions.get(id).filter(|session| session.owner == store);
                known.ok_or_else(|| {
                    invalid(call, "session_id", "it is not a session of this knowledge store")
                })?;
                id.to_owned()
            }
        };
        if let Some(known) = self.sessions.get_mut(&session) {
            let turns = known.kept_number("turns") + 1;
            known.kept.insert("turns".to_owned(), json!(turns));
        }
        let mut message = self.message(call, store, draw);
        let mut output = Vec::new();
        if texts(call.field("include")).contains(&"intermediate_outputs") {
            output.extend(steps(draw));
        }
        message["id"] = json!(format!("msg_{}", draw.hex(24)));
        output.push(message);
        let response = json!({
            "id": format!("resp_{}", draw.hex(24)), "knowledge_store_id": store, "session_id": session,
            "type": "response", "object": "response", "status": "completed", "output": output,
            "usage": { "input_tokens": 100, "output_tokens": 12 }, "created_at": call.now.to_string(),
        });
        if call.field("stream") == Some(&Value::Bool(true)) {
            return Ok(Answer::of(200, "text/event-stream", events(&response)));
        }
        Ok(Answer::json(200, &response))
    }

    /// What the agent says; it cites the first item that is ready.
    fn message(&self, call: &Call, store: &str, draw: &mut Draw) -> Value {
        let format = &call.body["text"]["format"];
        if format["type"] == "json_schema" {
            let text = sample(&format["schema"]).to_string();
            return part(&text, &json!([]));
        }
        let turn = call.field("session_id").map_or("", |_| " again");
        let items = self.items.of(store);
        let ready = items.iter().find(|item| stores::status(item, call.now) == "ready");
        let Some(item) = ready else {
            return part(&format!("The store has nothing about it{turn}."), &json!([]));
        };
        let text = format!("A river runs through a valley{turn} [1].");
        let at = text.find("[1]").unwrap_or(0);
        let is_video = item.text("asset_type") == "video";
        let mut citation = json!({
            "type": if is_video { "video_citation" } else { "image_citation" }, "start_index": at, "end_index": at + 3,
            "item_id": item.id, "title": item.kept_text("filename"),
            "thumbnail_url": format!("https://files.twelvelabs.example/{}/{}.jpg", item.id, draw.hex(8)),
        });
        if is_video {
            citation["start_sec"] = json!(0.0);
            citation["end_sec"] = json!(5.0);
        }
        part(&text, &json!([citation]))
    }
}

fn part(text: &str, annotations: &Value) -> Value {
    let part = json!({ "type": "output_text", "text": text, "annotations": annotations });
    json!({ "type": "message", "status": "completed", "role": "assistant", "content": [part] })
}

/// The steps of the agent before its message: a search, and what it found.
fn steps(draw: &mut Draw) -> [Value; 2] {
    let call = format!("call_{}", draw.hex(16));
    [
        json!({
            "type": "function_call", "id": format!("fc_{}", draw.hex(24)), "status": "completed", "name": "search",
            "call_id": call, "arguments": "{\"query\":\"river\"}",
        }),
        json!({
            "type": "function_call_output", "id": format!("fco_{}", draw.hex(24)), "status": "completed",
            "call_id": call, "output": "one item",
        }),
    ]
}

/// The events of a response, in one count, up to the line that ends the stream.
fn events(response: &Value) -> String {
    let mut all: Vec<Value> = Vec::new();
    let mut tell = |kind: &str, rest: Value| {
        let mut event = rest;
        event["type"] = json!(kind);
        event["sequence_number"] = json!(all.len());
        all.push(event);
    };
    let mut begun = response.clone();
    begun["status"] = json!("in_progress");
    begun["output"] = json!([]);
    tell("response.created", json!({ "response": begun }));
    tell("response.in_progress", json!({ "response": begun }));
    for (at, item) in response["output"].as_array().into_iter().flatten().enumerate() {
        let place = |rest: Value| {
            let mut event = rest;
            event["item_id"] = item["id"].clone();
            event["output_index"] = json!(at);
            event
        };
        let mut opened = item.clone();
        opened["status"] = json!("in_progress");
        tell("response.output_item.added", json!({ "output_index": at, "item": opened }));
        if let Some(arguments) = item.get("arguments") {
            let event = place(json!({ "arguments": arguments }));
            tell("response.function_call_arguments.done", event);
        }
        for (index, part) in item["content"].as_array().into_iter().flatten().enumerate() {
            let inside = |rest: Value| {
                let mut event = place(rest);
                event["content_index"] = json!(index);
                event
            };
            let text = part["text"].as_str().unwrap_or_default();
            let empty = json!({ "type": "output_text", "text": "", "annotations": [] });
            tell("response.content_part.added", inside(json!({ "part": empty })));
            let letters: Vec<char> = text.chars().collect();
            for piece in letters.chunks(16) {
                let delta: String = piece.iter().collect();
                tell("response.output_text.delta", inside(json!({ "delta": delta })));
            }
            tell("response.output_text.done", inside(json!({ "text": text })));
            tell("response.content_part.done", inside(json!({ "part": part })));
        }
        tell("response.output_item.done", json!({ "output_index": at, "item": item }));
    }
    tell("response.completed", json!({ "response": response }));
    let lines: String = all.iter().map(|event| format!("data: {event}\n\n")).collect();
    format!("{lines}data: [DONE]\n\n")
}
