//! `Idempotency-Key` as VideoVector has it: the same key and request give the same answer again, and
//! nothing is done twice.

use std::collections::{BTreeMap, VecDeque};

use framekey_catalog::{Operation, Retry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answer, nested};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::Given;
use crate::journal::sha256_hex;

/// Seconds that an answer is kept; no source says how long the service does.
const LIFE: u64 = 86_400;
/// Answers that are kept; the oldest go first.
const MOST: usize = 20_000;

/// The answers of keyed calls that were carried out.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    kept: BTreeMap<String, Kept>,
    order: VecDeque<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    request: String,
    status: u16,
    body: String,
    until: Moment,
}

/// A call with a key: whose key it is, and what it asks for.
pub(crate) struct Keyed {
    key: String,
    request: String,
}

impl Keyed {
    /// `None` for a call without a key, or of an operation that takes none.
    pub(crate) fn of(operation: &Operation, call: &Call, given: &Given) -> Option<Self> {
        let key = call.idempotency_key.as_ref().filter(|_| operation.retry == Retry::Keyed)?;
        let asked = format!(
            "{} {:?} {:?} {} {:?}",
            operation.id, call.path, call.query, call.body, call.form
        );
        // Another caller's answer is none of one's business.
        let caller = given.presented().fingerprint;
        Some(Keyed { key: format!("{caller} {key}"), request: sha256_hex(asked.as_bytes()) })
    }
}

impl Ledger {
    /// The answer that a call was given before, or the refusal of another call with the same key.
    pub(crate) fn known(&self, keyed: &Keyed, now: Moment) -> Option<Answer> {
        let kept = self.kept.get(&keyed.key).filter(|kept| now < kept.until)?;
        if kept.request == keyed.request {
            return Some(Answer::of(kept.status, "application/json", kept.body.clone()));
        }
        let message = "This Idempotency-Key was used with another request.";
        Some(nested(422, "idempotency_key_reused", message, &Value::Null))
    }

    /// Keeps a success. A refused call may be put right and sent again with the same key.
    pub(crate) fn keep(&mut self, keyed: Keyed, answer: &Answer, now: Moment) {
        let Ok(body) = std::str::from_utf8(&answer.body) else { return };
        if !(200..300).contains(&answer.status) || answer.errand.is_some() {
            return;
        }
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
        let kept = Kept {
            request: keyed.request,
            status: answer.status,
            body: body.to_owned(),
            until: now.plus(LIFE),
        };
        if self.kept.insert(keyed.key.clone(), kept).is_none() {
            self.order.push_back(keyed.key);
        }
    }

    /// How many answers are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}
