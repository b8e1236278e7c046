//! Search in an index: every medium that is ready matches, the oldest best, and the pages stay as they were.

use serde_json::{Value, json};

use super::Account;
use super::media::{self, HEIGHT, WIDTH};
use super::refusal::{Outcome, invalid, not_provided, refuse, unknown_in_body};
use super::store::Thing;
use super::store_search::clips;
use super::{indexed, indexes};
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;

/// Seconds for which the tokens of a page work.
const TOKEN_LIFE: u64 = 3600;

fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

impl Account {
    pub(super) fn search(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        if call.operation.verb == "get_page" {
            return self.search_page(call);
        }
        let form = &call.form;
        let media = form.field("query_media_url").is_some() || !form.files.is_empty();
        if form.field("query_text").is_none_or(str::is_empty) && !media {
            return Err(not_provided(call, "query_text"));
        }
        if media && form.field("query_media_type").is_none() {
            return Err(not_provided(call, "query_media_type"));
        }
        let index = form.field("index_id").unwrap_or_default();
        let known = self.indexes.get(index).ok_or_else(|| unknown_in_body(call, "index", index))?;
        for option in form.fields.get("search_options").into_iter().flatten() {
            // Speech is searched in what was read from the sound.
            let needed = if option == "transcription" { "audio" } else { option };
            if !indexes::can_search(known, needed) {
                let message = format!("The index has no Marengo model with the option {needed}.");
                return Err(refuse(call, 400, "search_option_not_supported", &message));
            }
        }
        let size = form.field("page_limit").and_then(|text| text.parse().ok()).unwrap_or(10);
        if !(1..=50).contains(&size) {
            return Err(invalid(call, "page_limit", "it must be from 1 to 50"));
        }
        let filter = match form.field("filter") {
            None => Value::Null,
            Some(text) => serde_json::from_str(text)
                .ok()
                .filter(Value::is_object)
                .ok_or_else(|| invalid(call, "filter", "it must be a JSON object as text"))?,
        };
        let found = self.found(call, index, &filter);
        let inside = self.indexed.of(index);
        let seconds: f64 =
            inside.iter().map(|thing| media::duration(thing.kept_number("size"))).sum();
        let pool = json!({ "total_count": inside.len(), "total_duration": seconds + 0.0, "index_id": index });
        let tokens: Vec<String> =
            (0..found.len().div_ceil(size).max(1)).map(|_| draw.hex(32)).collect();
        let clips: usize =
            found.iter().map(|hit| hit["clips"].as_array().map_or(1, Vec::len)).sum();
        for (at, token) in tokens.iter().enumerate() {
            let data: Vec<&Value> = found.iter().skip(at * size).take(size).collect();
            let mut info = json!({
                "limit_per_page": size, "page_expires_at": call.now.plus(TOKEN_LIFE).to_string(),
                "total_results": found.len(), "total_inner_matches": clips,
            });
            if let Some(next) = tokens.get(at + 1) {
                info["next_page_token"] = json!(next);
            }
            if let Some(before) = at.checked_sub(1).and_then(|before| tokens.get(before)) {
                info["prev_page_token"] = json!(before);
            }
            let page = json!({ "data": data, "page_info": info, "search_pool": pool });
            self.search_pages.add(token.clone(), index, page, Value::Null, call.now);
        }
        // Ended pages are not kept for ever.
        let now = call.now;
        self.search_pages.retain(|page| page.age(now).as_secs() < TOKEN_LIFE);
        let first = tokens.first().and_then(|token| self.search_pages.get(token));
        let body = first.map(|page| Value::Object(page.shown.clone())).unwrap_or_default();
        Ok(Answer::json(200, &body))
    }

    fn search_page(&self, call: &Call) -> Outcome {
        let page = self.search_pages.get(call.id("page-token"));
        match page.filter(|page| page.age(call.now).as_secs() < TOKEN_LIFE) {
            Some(page) => Ok(Answer::json(200, &Value::Object(page.shown.clone()))),
            None => {
                let message = "The page token is not known or has ended; search again.";
                Err(refuse(call, 400, "page_token_expired", message))
            }
        }
    }

    fn found(&self, call: &Call, index: &str, filter: &Value) -> Vec<Value> {
        let by_video = call.form.field("group_by") == Some("video");
        let mut hits = Vec::new();
        let mut rank = 0;
        for thing in self.indexed.of(index) {
            if indexed::status(thing, call.now) != "ready" || !meets(thing, filter) {
                continue;
            }
            let mut all: Vec<Value> = clips(thing.kept_number("size"))
                .into_iter()
                .map(|(start, end)| {
                    rank += 1;
                    clip(thing, call, start, end, rank)
                })
                .collect();
            if by_video {
                hits.push(json!({ "id": thing.id, "clips": all }));
            } else {
                hits.append(&mut all);
            }
        }
        hits
    }
}

fn clip(thing: &Thing, call: &Call, start: f64, end: f64, rank: usize) -> Value {
    let mut clip = json!({
        "start": start, "end": end, "rank": rank, "video_id": thing.id, "transcription": "A river runs.",
        "thumbnail_url": format!("https://files.twelvelabs.example/{}/{start}.jpg", thing.id),
    });
    if is_true(call.form.field("include_user_metadata")) {
        clip["user_metadata"] =
            thing.shown.get("user_metadata").cloned().unwrap_or_else(|| json!({}));
    }
    clip
}

/// Whether a medium meets all conditions of a filter.
fn meets(thing: &Thing, filter: &Value) -> bool {
    let size = thing.kept_number("size");
    filter.as_object().into_iter().flatten().all(|(name, wanted)| {
        let value = match name.as_str() {
            "id" => json!(thing.id),
            "duration" => json!(media::duration(size)),
            "width" => json!(WIDTH),
            "height" => json!(HEIGHT),
            "size" => json!(size),
            "filename" => json!(thing.kept_text("filename")),
            own => thing.shown.get("user_metadata").map(|all| all[own].clone()).unwrap_or_default(),
        };
        compares(&value, wanted)
    })
}

fn compares(value: &Value, wanted: &Value) -> bool {
    match (value.as_f64(), wanted) {
        (Some(value), Value::Object(range)) => range.iter().all(|(name, bound)| {
            let bound = bound.as_f64().unwrap_or(f64::NAN);
            match name.as_str() {
                "gte" => value >= bound,
                "lte" => value <= bound,
                "gt" => value > bound,
                "lt" => value < bound,
                _ => false,
            }
        }),
        (_, Value::Array(any)) => any.iter().any(|one| compares(value, one)),
        (Some(value), wanted) => wanted.as_f64() == Some(value),
        (None, wanted) => value == wanted,
    }
}
