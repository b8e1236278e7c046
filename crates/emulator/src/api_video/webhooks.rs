//! Webhooks: kept, and their calls written and signed.

use framekey_catalog::Service;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::valid::Fault;
use super::{kept, list};
use crate::answer::{Answer, not_found};
use crate::call::Call;
use crate::clock::Moment;
use crate::courier::Letter;
use crate::draw::Draw;
use crate::journal::hex;
use crate::shelf::Shelf;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Webhooks {
    kept: Shelf<Webhook>,
    /// Numbers the letters.
    sent: u64,
}

#[derive(Serialize, Deserialize)]
struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    secret: String,
    created: Moment,
}

impl Webhook {
    fn write(&self) -> Value {
        json!({
            "webhookId": self.id, "createdAt": self.created.to_string(), "events": self.events,
            "url": self.url,
        })
    }

    fn write_with_secret(&self) -> Value {
        let mut body = self.write();
        body["signatureSecret"] = json!(self.secret);
        body
    }

    /// Hex digits: no source says whether it is hex or base64.
    fn signature(&self, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        hex(hmac::sign(&key, body.as_bytes()).as_ref())
    }
}

impl Webhooks {
    pub(super) fn answer(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        let id = call.id("webhookId");
        Some(match call.operation.id {
            "webhooks.create" => self.create(call, draw),
            "webhooks.list" => {
                let wanted = call.query("events");
                let fits = |hook: &&Webhook| {
                    wanted.is_none_or(|event| hook.events.iter().any(|known| known == event))
                };
                list::page(call, self.kept.iter().filter(fits).collect(), Webhook::write)
            }
            "webhooks.get" => match self.kept.get(id) {
                Some(hook) => Answer::json(200, &hook.write_with_secret()),
                None => not_found(Service::ApiVideo, "webhook"),
            },
            "webhooks.delete" => kept::delete(&mut self.kept, "webhook", id),
            _ => return None,
        })
    }

    fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let url = call.field("url").and_then(Value::as_str).unwrap_or_default();
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            return Fault::attribute("url", "This attribute should be an http or https URL.")
                .into();
        }
        let events = call.field("events").and_then(Value::as_array);
        let events: Vec<String> =
            events.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        if events.is_empty() {
            return Fault::attribute("events", "This attribute should name an event.").into();
        }
        let hook = Webhook {
            id: format!("webhook_{}", draw.letters(22)),
            url: url.to_owned(),
            events,
            secret: draw.letters(40),
            created: call.now,
        };
        let answer = Answer::json(201, &hook.write_with_secret());
        self.kept.add(&hook.id.clone(), hook);
        answer
    }

    /// The calls that an event causes.
    pub(super) fn letters(&mut self, event: &str, at: Moment, about: &Value) -> Vec<Letter> {
        let mut body = json!({ "type": event, "emittedAt": at.to_string() });
        for (name, value) in about.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let body = body.to_string();
        let hooks = self.kept.iter().filter(|hook| hook.events.iter().any(|known| known == event));
        let mut sent = self.sent;
        let letters = hooks.map(|hook| {
            sent += 1;
            Letter::new(&sent.to_string(), &hook.url, body.clone(), at)
                .header("x-api-video-webhookid", &hook.id)
                .header("x-api-video-signature", hook.signature(&body))
        });
        let letters = letters.collect();
        self.sent = sent;
        letters
    }
}
