//! Analysis in one call: a stream of lines unless the call says otherwise.

use serde_json::{Value, json};

use super::Account;
use super::question::say;
use super::refusal::Outcome;
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;

impl Account {
    pub(super) fn analyze(&self, call: &Call, draw: &mut Draw) -> Outcome {
        self.check_question(call, &call.body)?;
        let said = say(&call.body);
        let id = draw.uuid();
        if call.field("stream") == Some(&Value::Bool(false)) {
            let body = json!({
                "id": id, "data": said.text, "finish_reason": said.reason, "usage": said.usage(),
            });
            return Ok(Answer::json(200, &body));
        }
        let start = json!({ "event_type": "stream_start", "metadata": { "generation_id": id } });
        let end = json!({
            "event_type": "stream_end", "finish_reason": said.reason,
            "metadata": { "generation_id": id, "usage": said.usage() },
        });
        // Pieces break anywhere, also inside a word.
        let letters: Vec<char> = said.text.chars().collect();
        let pieces = letters.chunks(16).map(|piece| {
            json!({ "event_type": "text_generation", "text": piece.iter().collect::<String>() })
        });
        let mut events = vec![start];
        events.extend(pieces);
        events.push(end);
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        Ok(Answer::of(200, "application/x-ndjson", lines))
    }
}
