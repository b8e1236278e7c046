//! What people do in the service's dashboard, as switches: the key, and who is told of finished analyses.

use serde_json::{Value, json};

use super::store::Thing;
use super::{Account, KeyEnd};
use crate::answer::Answer;
use crate::clock::Moment;
use crate::draw::Draw;

fn wrong(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message }))
}

impl Account {
    /// A new key of the service's form.
    pub(super) fn draw_key(draw: &mut Draw) -> String {
        format!("tlk_{}", draw.letters(36).to_uppercase())
    }

    /// Answers `/__emulator/twelve-labs/…`: `POST key` makes a new key in place of the old one, which
    /// ends after `days` if they are given; `DELETE key` leaves the account without one; `webhooks`
    /// are listed, made by their `url`, and deleted.
    pub(crate) fn dashboard(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        now: Moment,
        draw: &mut Draw,
    ) -> Answer {
        let show = |hook: &Thing| json!({ "id": hook.id, "url": hook.text("url"), "secret": hook.kept_text("secret") });
        match (method, path) {
            ("POST", "key") => {
                self.key = Self::draw_key(draw);
                let end = body["days"].as_u64().map(|days| now.plus(days.saturating_mul(86_400)));
                self.key_ends = end.map_or(KeyEnd::Never, KeyEnd::At);
                let ends = end.map(|end| end.to_string());
                Answer::json(200, &json!({ "api_key": self.key, "expires_at": ends }))
            }
            ("DELETE", "key") => {
                self.key = String::new();
                Answer::empty(204)
            }
            ("GET", "webhooks") => {
                let all: Vec<Value> = self.webhooks.of("").into_iter().map(show).collect();
                Answer::json(200, &Value::Array(all))
            }
            ("POST", "webhooks") => {
                let Some(url) = body["url"].as_str() else {
                    return wrong(
                        400,
                        "`url` is where the webhook is told; only loopback is ever called",
                    );
                };
                let kept = json!({ "secret": draw.letters(32) });
                let shown = json!({ "url": url });
                Answer::json(200, &show(self.webhooks.add(draw.hex(24), "", shown, kept, now)))
            }
            ("DELETE", path) if path.starts_with("webhooks/") => {
                match self.webhooks.remove(path.trim_start_matches("webhooks/")) {
                    Some(_) => Answer::empty(204),
                    None => wrong(404, "no such webhook"),
                }
            }
            _ => wrong(404, "no such switch of twelve-labs: key, webhooks"),
        }
    }
}
