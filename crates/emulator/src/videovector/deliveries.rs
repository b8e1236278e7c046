//! Deliveries of webhooks: planned, tried three times, held back while a webhook is paused.

use serde_json::{Value, json};

use super::rules::{Answered, absent, conflict, count};
use super::{Account, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::courier::{Letter, Sends};
use crate::draw::Draw;

/// The event of `webhooks.test`.
const TEST: &str = "webhook.test";
/// The courier tries so often.
const TRIES: u64 = 3;
/// Older deliveries are forgotten.
const MOST_DELIVERIES: usize = 10_000;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Delivery {
    pub(super) id: String,
    webhook: String,
    pub(super) event: String,
    pub(super) payload: Value,
    status: String,
    attempts: u64,
    /// Tries of this round: a retry by hand begins another one.
    tries: u64,
    response: Option<u16>,
    created: Moment,
    tried: Option<Moment>,
    ended: Option<Moment>,
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

impl Account {
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

    pub(super) fn forget_deliveries(&mut self, webhook: &str) {
        let of_it = self.deliveries.iter().filter(|delivery| delivery.webhook == webhook);
        let of_it: Vec<String> = of_it.map(|delivery| delivery.id.clone()).collect();
        for delivery in &of_it {
            self.deliveries.take(delivery);
        }
        self.to_send.retain(|delivery| !of_it.contains(delivery));
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
        webhook.learn(well, now);
    }
}
