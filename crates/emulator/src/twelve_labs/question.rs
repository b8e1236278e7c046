//! What analysis is asked, checked, and what it says.

use serde_json::{Value, json};

use super::Account;
use super::refusal::{invalid, not_provided, unknown_in_body};
use crate::answer::Answer;
use crate::call::Call;

/// What every analysis says of a video.
const TEXT: &str = "A river runs through a valley while the sun rises over the hills.";

/// A finished text.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) reason: &'static str,
    pub(super) tokens: usize,
}

impl Said {
    pub(super) fn usage(&self) -> Value {
        json!({ "input_tokens": 100, "output_tokens": self.tokens })
    }
}

/// The answer to a question: its words are its tokens, and no more than the limit are said.
pub(super) fn say(question: &Value) -> Said {
    let format = &question["response_format"];
    let text = match format["type"].as_str() {
        Some("json_schema") => sample(&format["json_schema"]).to_string(),
        Some("segment_definitions") => segments(format).to_string(),
        _ => TEXT.to_owned(),
    };
    let words: Vec<&str> = text.split(' ').collect();
    let most = question["max_tokens"].as_u64().and_then(|most| usize::try_from(most).ok());
    match most.filter(|most| *most < words.len()) {
        Some(most) => Said {
            text: words.into_iter().take(most).collect::<Vec<_>>().join(" "),
            reason: "length",
            tokens: most,
        },
        None => Said { tokens: words.len(), reason: "stop", text },
    }
}

/// A value that a JSON Schema allows.
pub(super) fn sample(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(first) = schema["anyOf"].get(0) {
        return sample(first);
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, inner)| (name.clone(), sample(inner))).collect()
        }
        Some("array") => json!([sample(&schema["items"])]),
        Some("integer") => json!(1),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        _ => json!("river"),
    }
}

/// One segment of five seconds for each definition.
fn segments(format: &Value) -> Value {
    let time = |seconds: u32| match format["segment_time_format"].as_str() {
        Some("hh:mm:ss") => json!(format!("00:00:{seconds:02}")),
        Some("hh:mm:ss.fff") => json!(format!("00:00:{seconds:02}.000")),
        _ => json!(f64::from(seconds)),
    };
    let definitions = format["segment_definitions"].as_array().into_iter().flatten();
    definitions
        .map(|definition| {
            let fields = definition["fields"].as_array().into_iter().flatten();
            let metadata: serde_json::Map<String, Value> = fields
                .map(|field| {
                    let name = field["name"].as_str().unwrap_or_default().to_owned();
                    let value = if field["type"] == "timestamp" { time(1) } else { sample(field) };
                    (name, value)
                })
                .collect();
            let id = definition["id"].as_str().unwrap_or_default().to_owned();
            let one = json!({ "start_time": time(0), "end_time": time(5), "metadata": metadata });
            (id, json!([one]))
        })
        .collect()
}

/// Letters, digits, hyphens and underscores: 1 to 64 of them.
pub(super) fn is_label(text: &str) -> bool {
    let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    (1..=64).contains(&text.len()) && text.chars().all(good)
}

impl Account {
    /// Holds a question against the rules that sync and background analysis share.
    pub(super) fn check_question(&self, call: &Call, question: &Value) -> Result<(), Answer> {
        let has = |name: &str| question.get(name).is_some_and(|value| !value.is_null());
        let media = ["video", "video_id", "image"].into_iter().filter(|name| has(name)).count();
        match media {
            0 => return Err(not_provided(call, "video")),
            1 => {}
            _ => return Err(invalid(call, "video", "give one of video, video_id and image")),
        }
        if has("image") {
            let count = question["image"].as_array().map_or(0, Vec::len);
            if !(1..=20).contains(&count) {
                return Err(invalid(call, "image", "it has 1 to 20 images"));
            }
            if question["model_name"] != "pegasus1.6" {
                return Err(invalid(call, "model_name", "images need pegasus1.6"));
            }
            for (at, image) in question["image"].as_array().into_iter().flatten().enumerate() {
                self.source(call, image, &format!("image[{at}]"))?;
            }
        }
        if let Some(id) = question["video"]["asset_id"].as_str() {
            self.ready_asset(call, id)?;
        }
        if let Some(id) = question["video_id"].as_str() {
            self.indexed.get(id).ok_or_else(|| unknown_in_body(call, "video", id))?;
        }
        if question["video"]["url"].as_str().is_some_and(|url| !url.starts_with("http")) {
            return Err(invalid(call, "video.url", "it must be a public HTTP or HTTPS address"));
        }
        self.check_prompt(call, question)?;
        let second = |name: &str| question[name].as_f64();
        if let Some(end) = second("end_time")
            && end < second("start_time").unwrap_or(0.0) + 1.0
        {
            return Err(invalid(call, "end_time", "the window lasts at least one second"));
        }
        if let (Some(least), Some(most)) =
            (second("min_segment_duration"), second("max_segment_duration"))
            && most < least
        {
            let should = "it must not be below min_segment_duration";
            return Err(invalid(call, "max_segment_duration", should));
        }
        Ok(())
    }

    fn check_prompt(&self, call: &Call, question: &Value) -> Result<(), Answer> {
        let has = |name: &str| question.get(name).is_some_and(|value| !value.is_null());
        if has("prompt") && has("prompt_v2") {
            return Err(invalid(call, "prompt_v2", "it does not go together with prompt"));
        }
        let by_segments = question["analysis_mode"] == "time_based_metadata";
        let defines = question["response_format"]["type"] == "segment_definitions";
        if by_segments != defines {
            let should = "segment_definitions and time_based_metadata need each other";
            return Err(invalid(call, "response_format", should));
        }
        if by_segments && (has("prompt") || has("prompt_v2")) {
            return Err(invalid(call, "prompt", "time_based_metadata takes no prompt"));
        }
        if !by_segments && !has("prompt") && !has("prompt_v2") {
            return Err(not_provided(call, "prompt"));
        }
        let format = &question["response_format"];
        if format.is_object() && format[format["type"].as_str().unwrap_or_default()].is_null() {
            return Err(invalid(
                call,
                "response_format",
                "the part that its type names is missing",
            ));
        }
        Ok(())
    }
}
