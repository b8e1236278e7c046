//! Webhooks: who is told of what, and how it is signed.

use ring::hmac;
use serde_json::{Map, Value, json};

use super::deliveries::Delivery;
use super::rules::{Answered, absent, invalid};
use super::{Account, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::courier::Letter;
use crate::draw::Draw;
use crate::journal::hex;

/// What a webhook can ask for.
const EVENTS: [&str; 17] = [
    "media.created",
    "media.processing.started",
    "media.processing.completed",
    "media.processing.failed",
    "prompt_run.started",
    "prompt_run.completed",
    "prompt_run.failed",
    "prompt_run.cancelled",
    "prompt_run.partial_completed",
    "prompt_run.progress",
    "export.ready",
    "export.failed",
    "import_job.started",
    "import_job.completed",
    "import_job.failed",
    "import_job.partial_completed",
    "import_job.progress",
];
/// A webhook whose last so many deliveries all failed is disabled.
const MOST_FAILURES: u64 = 10;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Webhook {
    pub(super) id: String,
    secret: String,
    /// `name`, `url`, `events`, `index_ids`, `metadata`, as they were given.
    pub(super) fields: Map<String, Value>,
    pub(super) status: String,
    failures: u64,
    /// Since the last success.
    failures_in_a_row: u64,
    last_failure: Option<Moment>,
    last_success: Option<Moment>,
    created: Moment,
    updated: Option<Moment>,
}

impl Webhook {
    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn wants(&self, event: &str, index: Option<&str>) -> bool {
        let list = |name: &str| self.fields.get(name).and_then(Value::as_array);
        let asked = list("events").is_some_and(|events| events.iter().any(|one| one == event));
        // Without a list of indexes all count, the playground too.
        let indexes = list("index_ids")
            .is_none_or(|ids| index.is_some_and(|id| ids.iter().any(|one| one == id)));
        asked && indexes && self.status != "disabled"
    }

    fn to_json(&self) -> Value {
        let moment = |at: Option<Moment>| at.map(|at| at.to_string());
        let mut body = shape::of(
            "Webhook",
            json!({
                "webhook_id": self.id, "status": self.status, "failure_count": self.failures,
                "last_failure_at": moment(self.last_failure), "last_success_at": moment(self.last_success),
                "created_at": self.created.to_string(), "updated_at": moment(self.updated),
            }),
        );
        shape::lay_over(&mut body, Value::Object(self.fields.clone()));
        body
    }

    /// Notes how a delivery ended.
    pub(super) fn learn(&mut self, well: bool, now: Moment) {
        if well {
            self.last_success = Some(now);
            self.failures_in_a_row = 0;
            return;
        }
        self.last_failure = Some(now);
        self.failures += 1;
        self.failures_in_a_row += 1;
        if self.failures_in_a_row >= MOST_FAILURES {
            self.status = "disabled".to_owned();
        }
    }

    /// The call of a delivery. The body is the payload in its canonical form: sorted keys, no spaces.
    pub(super) fn letter(&self, delivery: &Delivery, now: Moment) -> Letter {
        let body = delivery.payload.to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = hex(hmac::sign(&key, body.as_bytes()).as_ref());
        Letter::new(&delivery.id, self.text("url"), body, now)
            .header("x-webhook-signature", format!("sha256={signature}"))
            .header("x-webhook-id", self.id.clone())
            .header("x-delivery-id", delivery.id.clone())
            .header("x-event-type", delivery.event.clone())
    }
}

/// Only https in production; loopback is where tests listen.
fn checked(call: &Call) -> Result<Map<String, Value>, Answer> {
    let mut fields = call.object();
    fields.retain(|name, value| {
        ["name", "url", "events", "index_ids", "metadata"].contains(&name.as_str())
            && !value.is_null()
    });
    if let Some(url) = call.field("url").and_then(Value::as_str) {
        let uri: Option<hyper::Uri> = url.parse().ok();
        let host = uri.as_ref().and_then(hyper::Uri::host).unwrap_or_default();
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let scheme = uri.as_ref().and_then(hyper::Uri::scheme_str);
        if host.is_empty() || !(scheme == Some("https") || (scheme == Some("http") && here)) {
            return Err(invalid("url", "url is an https address, or http on loopback."));
        }
    }
    let events = call.field("events").and_then(Value::as_array).into_iter().flatten();
    let unknown = events.filter_map(Value::as_str).find(|event| !EVENTS.contains(event));
    match unknown {
        Some(event) => {
            Err(invalid("events", &format!("{event} is not an event; see GET /webhooks/events.")))
        }
        None => Ok(fields),
    }
}

fn secret(draw: &mut Draw) -> String {
    format!("whsec_{}", draw.hex(48))
}

impl Account {
    pub(super) fn create_webhook(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let fields = checked(call)?;
        for id in fields.get("index_ids").and_then(Value::as_array).into_iter().flatten() {
            self.index(id.as_str().unwrap_or_default())?;
        }
        let webhook = Webhook {
            id: format!("wh_{}", draw.hex(24)),
            secret: secret(draw),
            fields,
            status: "active".to_owned(),
            failures: 0,
            failures_in_a_row: 0,
            last_failure: None,
            last_success: None,
            created: call.now,
            updated: None,
        };
        let mut body = webhook.to_json();
        body["secret"] = json!(webhook.secret);
        self.webhooks.add(&webhook.id.clone(), webhook);
        Ok(body)
    }

    pub(super) fn webhook(&mut self, call: &Call) -> Result<&mut Webhook, Answer> {
        self.webhooks.get_mut(call.id("webhook_id")).ok_or_else(|| absent("webhook"))
    }

    pub(super) fn list_webhooks(&self) -> Answered {
        Ok(self.webhooks.iter().map(Webhook::to_json).collect())
    }

    pub(super) fn list_events() -> Answered {
        Ok(json!(EVENTS))
    }

    pub(super) fn get_webhook(&mut self, call: &Call) -> Answered {
        self.webhook(call).map(|webhook| webhook.to_json())
    }

    pub(super) fn update_webhook(&mut self, call: &Call) -> Answered {
        let new = checked(call)?;
        let status = call.field("status").and_then(Value::as_str).map(str::to_owned);
        let webhook = self.webhook(call)?;
        webhook.fields.extend(new);
        if let Some(status) = status {
            webhook.status = status;
            webhook.failures_in_a_row = 0;
        }
        webhook.updated = Some(call.now);
        Ok(webhook.to_json())
    }

    pub(super) fn delete_webhook(&mut self, call: &Call) -> Answered {
        let id = call.id("webhook_id");
        self.webhooks.take(id).ok_or_else(|| absent("webhook"))?;
        self.forget_deliveries(id);
        Ok(json!({ "message": "Webhook deleted" }))
    }

    pub(super) fn rotate_secret(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let new = secret(draw);
        let webhook = self.webhook(call)?;
        webhook.secret.clone_from(&new);
        webhook.updated = Some(call.now);
        Ok(json!({ "webhook_id": webhook.id, "new_secret": new }))
    }
}
