//! Webhooks: who is told that an analysis has ended, and how that is signed.

use ring::hmac;
use serde_json::{Value, json};

use super::Account;
use super::analyze_tasks::{error, is_final, status};
use super::store::Thing;
use crate::clock::Moment;
use crate::courier::{Letter, Sends};
use crate::journal::hex;

/// The event of a task that has ended.
fn event(task: &Thing, status: &str, now: Moment) -> Value {
    let mut data = json!({
        "id": task.id, "status": status, "custom_id": task.shown.get("custom_id"),
        "created_at": task.created.to_string(), "video_source": task.shown.get("video_source"),
    });
    if let Some(error) = error(task, status) {
        data["error"] = error;
    }
    json!({
        "id": format!("evt_{}", task.id), "type": format!("analyze.task.{status}"), "created_at": now.to_string(),
        "data": data,
    })
}

/// The signature of a body sent at a moment.
fn signature(secret: &str, seconds: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", hex(tag.as_ref()))
}

impl Sends for Account {
    fn letters(&mut self, now: Moment) -> Vec<Letter> {
        let mut letters = Vec::new();
        let (analyses, webhooks) = (&self.analyses, &self.webhooks);
        self.untold.retain(|id| {
            let Some(task) = analyses.get(id) else { return false };
            let status = status(task, now);
            if !is_final(status) {
                return true;
            }
            let body = event(task, status, now).to_string();
            for hook in webhooks.of("") {
                let signed = signature(hook.kept_text("secret"), now.seconds(), &body);
                // The task and the webhook, since both are told of each try.
                let id = format!("{id} {}", hook.id);
                let letter = Letter::new(&id, hook.text("url"), body.clone(), now);
                letters.push(letter.header("tl-signature", signed));
            }
            false
        });
        letters
    }

    fn is_waiting(&self) -> bool {
        !self.untold.is_empty() && self.webhooks.all().next().is_some()
    }

    fn tried(&mut self, letter: &Letter, status: Option<u16>, _now: Moment) {
        let Some((task, hook)) = letter.id.split_once(' ') else { return };
        let Some(task) = self.analyses.get_mut(task) else { return };
        let delivered = status.is_some_and(|status| (200..300).contains(&status));
        let told = task.kept.entry("told").or_insert_with(|| json!({}));
        let attempts = told[hook]["attempts"].as_u64().unwrap_or_default() + 1;
        let mut info = json!({ "url": letter.url, "delivered": delivered, "attempts": attempts });
        if !delivered {
            info["last_error"] = json!(match status {
                Some(status) => format!("The answer was {status}."),
                None => "There was no answer.".to_owned(),
            });
        }
        told[hook] = info;
    }
}
