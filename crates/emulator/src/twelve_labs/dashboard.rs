//! What people do in the service's dashboard, as switches: the key, and who is told of finished analyses.

use hyper::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::Thing;
use super::{Account, KeyEnd};
use crate::answer::Answer;
use crate::clock::Moment;
use crate::control;
use crate::credential::Credentials;
use crate::draw::Draw;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// After how many days it ends.
    #[serde(default)]
    days: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    url: String,
}

fn show(hook: &Thing) -> Value {
    json!({ "id": hook.id, "url": hook.text("url"), "secret": hook.kept_text("secret") })
}

fn is_address(url: &str) -> bool {
    let uri = url.parse::<Uri>().ok();
    uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
}

impl Account {
    /// Answers `/__emulator/twelve-labs/…`: `POST key` makes a new key in place of the old one, which
    /// ends after `days` if they are given; `DELETE key` leaves the account without one; `webhooks`
    /// are listed, made by their `url`, and deleted. `ready` is told of the key.
    pub(crate) fn dashboard(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        now: Moment,
        draw: &mut Draw,
        ready: &mut Credentials,
    ) -> Option<Answer> {
        Some(match (method, path) {
            ("POST", "key") => control::with(body, |NewKey { days }| {
                if days.is_some_and(|days| !(1..=365).contains(&days)) {
                    return Err("days: from 1 to 365, or null".to_owned());
                }
                self.key = format!("tlk_{}", draw.letters(36).to_uppercase());
                ready.twelve_labs_key.clone_from(&self.key);
                let end = days.map(|days| now.plus(days * 86_400));
                self.key_ends = end.map_or(KeyEnd::Never, KeyEnd::At);
                let ends = end.map(|end| end.to_string());
                Ok(Answer::json(200, &json!({ "api_key": self.key, "expires_at": ends })))
            }),
            ("DELETE", "key") => {
                self.key.clear();
                ready.twelve_labs_key.clear();
                Answer::empty(204)
            }
            ("GET", "webhooks") => {
                let all: Vec<Value> = self.webhooks.of("").into_iter().map(show).collect();
                Answer::json(200, &Value::Array(all))
            }
            ("POST", "webhooks") => control::with(body, |NewWebhook { url }| {
                if !is_address(&url) {
                    return Err(
                        "url: an http or https URL; only loopback is ever called".to_owned()
                    );
                }
                let kept = json!({ "secret": draw.letters(32) });
                let hook = self.webhooks.add(draw.hex(24), "", json!({ "url": url }), kept, now);
                Ok(Answer::json(200, &show(hook)))
            }),
            ("DELETE", path) => match self.webhooks.remove(path.strip_prefix("webhooks/")?) {
                Some(_) => Answer::empty(204),
                None => Answer::json(404, &json!({ "error": "no such webhook" })),
            },
            _ => return None,
        })
    }
}
