//! Search in a knowledge store: every item that is ready is found, page by page.

use serde_json::{Value, json};

use super::media::{self, HEIGHT, WIDTH};
use super::refusal::{Outcome, invalid, refuse};
use super::store::Thing;
use super::{Account, stores};
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;

/// Seconds for which a page token works.
const TOKEN_LIFE: u64 = 3600;

/// A clip of five seconds; a video has one for each five seconds, and ten at most.
pub(super) fn clips(size: u64) -> Vec<(f64, f64)> {
    let seconds = media::duration(size).min(50.0);
    let count = (0..10u32).map(f64::from).map(|at| at * 5.0).take_while(|start| *start < seconds);
    count.map(|start| (start, (start + 5.0).min(seconds))).collect()
}

/// Whether an item meets a filter of the form `{eq}` or `{in}`.
fn meets(filter: &Value, value: &str) -> bool {
    let among = |all: &Vec<Value>| all.iter().any(|one| one == value);
    filter.get("eq").is_none_or(|eq| eq == value)
        && filter.get("in").and_then(Value::as_array).is_none_or(among)
}

pub(super) fn search(account: &mut Account, call: &Call, draw: &mut Draw) -> Outcome {
    if call.body["query"]["text"].as_str().is_none_or(|text| text.trim().is_empty()) {
        return Err(invalid(call, "query.text", "it must not be empty"));
    }
    let size = call.field("page_size").and_then(Value::as_u64).unwrap_or(10);
    if !(1..=50).contains(&size) {
        return Err(invalid(call, "page_size", "it must be from 1 to 50"));
    }
    let filter = call.field("filter").cloned().unwrap_or_default();
    if call.body["search_options"]["video"].is_object() && !meets(&filter["asset_type"], "video") {
        let should = "the filter leaves no videos, and only they have options";
        return Err(invalid(call, "search_options.video", should));
    }
    let store = call.id("knowledge_store_id");
    let start = match call.field("page_token").and_then(Value::as_str) {
        None => 0,
        Some(token) => from_token(account, call, token)?,
    };
    let modalities = match &call.body["search_options"]["video"]["modalities"] {
        Value::Null => json!(["visual"]),
        given => given.clone(),
    };
    let mut hits: Vec<Value> = Vec::new();
    for item in account.items.of(store) {
        let kind = item.text("asset_type");
        let is_found = stores::status(item, call.now) == "ready"
            && meets(&filter["asset_type"], kind)
            && meets(&filter["item_id"], &item.id);
        if is_found {
            hits.extend(hits_of(item, call, &modalities));
        }
    }
    let total = hits.len();
    let size = usize::try_from(size).unwrap_or(10);
    let mut body = json!({ "effective_search_options": { "video": { "modalities": modalities } } });
    body["data"] = hits
        .into_iter()
        .enumerate()
        .skip(start)
        .take(size)
        .map(|(at, mut hit)| {
            hit["rank"] = json!(at + 1);
            hit
        })
        .collect();
    if start + size < total {
        let token = format!("kst_{}", draw.hex(32));
        let kept = json!({ "start": start + size });
        account.store_tokens.add(token.clone(), store, Value::Null, kept, call.now);
        body["next_page_token"] = json!(token);
    }
    Ok(Answer::json(200, &body))
}

/// Where the page of a token starts; an ended one is told from one that never was.
fn from_token(account: &Account, call: &Call, token: &str) -> Result<usize, Answer> {
    let known = account.store_tokens.get(token);
    let known = known
        .filter(|known| known.owner == call.id("knowledge_store_id"))
        .ok_or_else(|| invalid(call, "page_token", "it is not a token of this search"))?;
    if known.age(call.now).as_secs() >= TOKEN_LIFE {
        let message = "The page token has ended; search again.";
        return Err(refuse(call, 410, "page_token_expired", message));
    }
    Ok(usize::try_from(known.kept_number("start")).unwrap_or(0))
}

fn hits_of(item: &Thing, call: &Call, modalities: &Value) -> Vec<Value> {
    let (kind, size) = (item.text("asset_type"), item.kept_number("size"));
    let mut hit = json!({ "asset_type": kind, "item_id": item.id });
    if call.field("include_metadata") == Some(&Value::Bool(true)) {
        let mut system = json!({ "width": WIDTH, "height": HEIGHT, "size": size });
        if kind == "video" {
            system["duration"] = json!(media::duration(size));
        }
        let user = item.shown.get("metadata").cloned().unwrap_or_else(|| json!({}));
        hit["metadata"] = json!({ "system": system, "user": user });
    }
    if kind != "video" {
        return vec![hit];
    }
    let matches: Vec<Value> = clips(size)
        .into_iter()
        .map(|(start, end)| json!({ "start_sec": start, "end_sec": end, "modalities": modalities }))
        .collect();
    let with = |matches: Value| {
        let mut hit = hit.clone();
        hit["matches"] = matches;
        hit
    };
    if call.body["group_by"] == "item" {
        return vec![with(Value::Array(matches))];
    }
    matches.into_iter().map(|one| with(json!([one]))).collect()
}
