//! Webhooks, and their deliveries: signed, tried three times, held back while a webhook is paused.

use ring::hmac;
use serde_json::{Map, Value, json};

use super::rules::{Answered, absent, conflict, count, invalid};
use super::{Account, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::courier::{Letter, Sends};
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
/// The event of `webhooks.test`.
const TEST: &str = "webhook.test";
/// The courier tries so often.
const TRIES: u64 = 3;
/// A webhook whose last so many deliveries all failed is disabled.
const MOST_FAILURES: u64 = 10;
/// Older deliveries are forgotten.
const MOST_DELIVERIES: usize = 10_000;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Webhook {
    id: String,
    secret: String,
    /// `name`, `url`, `events`, `index_ids`, `metadata`, as they were given.
    fields: Map<String, Value>,
    status: String,
    failures: u64,
    /// Since the last success.
    failures_in_a_row: u64,
    last_failure: Option<Moment>,
    last_success: Option<Moment>,
    created: Moment,
    updated: Option<Moment>,
}

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Delivery {
    id: String,
    webhook: String,
    event: String,
    payload: Value,
    status: String,
    attempts: u64,
    /// Tries of this round: a retry by hand begins another one.
    tries: u64,
    response: Option<u16>,
    created: Moment,
    tried: Option<Moment>,
    ended: Option<Moment>,
}

impl Webhook {
    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn wants(&self, event: &str, index: Option<&str>) -> bool {
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

    /// The call of a delivery. The body is the payload in its canonical form: sorted keys, no spaces.
    fn letter(&self, delivery: &Delivery, now: Moment) -> Letter {
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

impl Delivery {
    fn to_json(&self) -> Value {
        let moment = |at: Option<Moment>| at.map(|at| at.to_string());
        let error = match (self.response, self.attempts) {
            (_, 0) => None,
            (None, _) => Some(
                "No answer: the emulator delivers to http addresses on loopback only.".to_owned(),
            ),
            (Some(200..300), _) => None,
            (Some(status), _) => Some(format!("The receiver answered {status}.")),
        };
        let pause = if self.tries == 1 { 1 } else { 5 };
        let next = self.tried.filter(|_| self.status == "retrying").map(|at| at.plus(pause));
        shape::of(
            "WebhookDelivery",
            json!({
                "delivery_id": self.id, "webhook_id": self.webhook, "event_type": self.event, "status": self.status,
                "attempts": self.attempts, "last_attempt_at": moment(self.tried), "next_retry_at": moment(next),
                "response_status_code": self.response, "error_message": error, "created_at": self.created.to_string(),
                "completed_at": moment(self.ended), "payload": self.payload,
            }),
        )
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

    fn webhook(&mut self, call: &Call) -> Result<&mut Webhook, Answer> {
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
        let of_it = self.deliveries.iter().filter(|delivery| delivery.webhook == id);
        let of_it: Vec<String> = of_it.map(|delivery| delivery.id.clone()).collect();
        for delivery in &of_it {
            self.deliveries.take(delivery);
        }
        self.to_send.retain(|delivery| !of_it.contains(delivery));
        Ok(json!({ "message": "Webhook deleted" }))
    }

    pub(super) fn rotate_secret(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let new = secret(draw);
        let webhook = self.webhook(call)?;
        webhook.secret.clone_from(&new);
        webhook.updated = Some(call.now);
        Ok(json!({ "webhook_id": webhook.id, "new_secret": new }))
    }

    /// Plans a delivery to every webhook that wants the event.
    pub(super) fn tell(
        &mut self,
        event: &str,
        index: Option<&str>,
        data: Value,
        at: Moment,
        draw: &mut Draw,
    ) {
        let wanting = self.webhooks.iter().filter(|webhook| webhook.wants(event, index));
        let wanting: Vec<String> = wanting.map(|webhook| webhook.id.clone()).collect();
        for webhook in wanting {
            self.plan_delivery(&webhook, event, data.clone(), at, draw);
        }
    }

    fn plan_delivery(
        &mut self,
        webhook: &str,
        event: &str,
        data: Value,
        at: Moment,
        draw: &mut Draw,
    ) -> Option<String> {
        let webhook = self.webhooks.get(webhook)?;
        let payload = json!({
            "event_id": format!("evt_{}", draw.hex(24)), "event_type": event, "created_at": at.to_string(),
            "webhook_id": webhook.id, "data": data, "metadata": webhook.fields.get("metadata"),
        });
        let id = format!("dlv_{}", draw.hex(24));
        let delivery = Delivery {
            id: id.clone(),
            webhook: webhook.id.clone(),
            event: event.to_owned(),
            payload,
            status: "pending".to_owned(),
            attempts: 0,
            tries: 0,
            response: None,
            created: at,
            tried: None,
            ended: None,
        };
        self.deliveries.add(&id, delivery);
        self.to_send.push(id.clone());
        let oldest =
            self.deliveries.iter().next().filter(|_| self.deliveries.len() > MOST_DELIVERIES);
        if let Some(oldest) = oldest.map(|delivery| delivery.id.clone()) {
            self.deliveries.take(&oldest);
        }
        Some(id)
    }

    pub(super) fn list_deliveries(&mut self, call: &Call) -> Answered {
        let id = self.webhook(call)?.id.clone();
        let state = call.query("status");
        let seen = self.deliveries.iter().rev().filter(|delivery| {
            delivery.webhook == id
                && state.is_none_or(|state| state.eq_ignore_ascii_case(&delivery.status))
        });
        Ok(seen.take(count(call, "limit", 50)).map(Delivery::to_json).collect())
    }

    pub(super) fn get_delivery(&self, call: &Call) -> Answered {
        let delivery = self.deliveries.get(call.id("delivery_id"));
        delivery.map(Delivery::to_json).ok_or_else(|| absent("delivery"))
    }

    pub(super) fn retry_delivery(&mut self, call: &Call) -> Answered {
        let delivery =
            self.deliveries.get_mut(call.id("delivery_id")).ok_or_else(|| absent("delivery"))?;
        if delivery.status != "failed" {
            return Err(conflict("Only a delivery that failed is sent again."));
        }
        delivery.status = "pending".to_owned();
        delivery.tries = 0;
        delivery.ended = None;
        self.to_send.push(delivery.id.clone());
        Ok(delivery.to_json())
    }

    /// The test event's letter, which is carried while the caller waits.
    pub(super) fn test_webhook(&mut self, call: &Call, draw: &mut Draw) -> Result<Letter, Answer> {
        let id = self.webhook(call)?.id.clone();
        let data = json!({ "message": "A test event." });
        let delivery =
            self.plan_delivery(&id, TEST, data, call.now, draw).ok_or_else(|| absent("webhook"))?;
        self.to_send.retain(|waiting| *waiting != delivery);
        let (webhook, delivery) = (self.webhooks.get(&id), self.deliveries.get(&delivery));
        let letter =
            webhook.zip(delivery).map(|(webhook, delivery)| webhook.letter(delivery, call.now));
        letter.ok_or_else(|| absent("webhook"))
    }

    /// What `webhooks.test` answers when its letter is back.
    pub(crate) fn tested(&mut self, letter: &Letter, status: Option<u16>, now: Moment) -> Answer {
        // It is tried once only.
        if let Some(delivery) = self.deliveries.get_mut(&letter.id) {
            delivery.tries = TRIES - 1;
        }
        self.tried(letter, status, now);
        let delivery = self.deliveries.get(&letter.id).map(Delivery::to_json).unwrap_or_default();
        let success = status.is_some_and(|status| (200..300).contains(&status));
        let body = json!({ "success": success, "status_code": status, "error": delivery["error_message"] });
        Answer::json(200, &body)
    }
}

impl Sends for Account {
    fn letters(&mut self, now: Moment) -> Vec<Letter> {
        self.catch_up(now);
        let mut letters = Vec::new();
        let (webhooks, deliveries) = (&self.webhooks, &mut self.deliveries);
        self.to_send.retain(|id| {
            let Some(delivery) = deliveries.get_mut(id) else { return false };
            let Some(webhook) = webhooks.get(&delivery.webhook) else { return false };
            if webhook.status == "paused" {
                return true;
            }
            delivery.status = "processing".to_owned();
            letters.push(webhook.letter(delivery, now));
            false
        });
        letters
    }

    fn is_waiting(&self) -> bool {
        self.webhooks.iter().next().is_some() && !self.agenda.is_empty()
    }

    fn tried(&mut self, letter: &Letter, status: Option<u16>, now: Moment) {
        let Some(delivery) = self.deliveries.get_mut(&letter.id) else { return };
        delivery.attempts += 1;
        delivery.tries += 1;
        delivery.tried = Some(now);
        delivery.response = status;
        let well = status.is_some_and(|status| (200..300).contains(&status));
        let over = well || delivery.tries >= TRIES;
        let state = if well {
            "delivered"
        } else if over {
            "failed"
        } else {
            "retrying"
        };
        delivery.status = state.to_owned();
        delivery.ended = over.then_some(now);
        let Some(webhook) = self.webhooks.get_mut(&delivery.webhook).filter(|_| over) else {
            return;
        };
        if well {
            webhook.last_success = Some(now);
            webhook.failures_in_a_row = 0;
            return;
        }
        webhook.last_failure = Some(now);
        webhook.failures += 1;
        webhook.failures_in_a_row += 1;
        if webhook.failures_in_a_row >= MOST_FAILURES {
            webhook.status = "disabled".to_owned();
        }
    }
}
