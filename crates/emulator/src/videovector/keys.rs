//! API keys: made, rotated, revoked and deleted by a user; shown whole only once.

use std::time::Duration;

use framekey_catalog::{Scope, Service};
use serde_json::{Value, json};

use crate::answer::{Answer, nested, not_found};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// A day in seconds.
const DAY: u64 = 86_400;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Keys(Vec<Key>);

#[derive(serde::Serialize, serde::Deserialize)]
struct Key {
    id: String,
    secret: String,
    name: String,
    scopes: Vec<String>,
    created: Moment,
    used: Option<Moment>,
    revoked: Option<Moment>,
    end: Option<Moment>,
}

impl Key {
    fn to_json(&self, now: Moment) -> Value {
        let time = |moment: Option<Moment>| moment.map(|moment| moment.to_string());
        json!({
            "key_id": self.id, "key_prefix": self.secret.get(..12), "name": self.name, "scopes": self.scopes,
            "created_at": self.created.to_string(), "last_used_at": time(self.used), "revoked_at": time(self.revoked),
            "expires_at": time(self.end), "is_active": self.why_dead(now).is_none(),
        })
    }

    fn with_secret(&self, now: Moment) -> Value {
        let mut key = self.to_json(now);
        key["key"] = json!(self.secret);
        key
    }

    fn why_dead(&self, now: Moment) -> Option<&'static str> {
        if self.revoked.is_some() {
            return Some("The API key was revoked.");
        }
        self.end.filter(|end| now >= *end).map(|_| "The API key has expired.")
    }
}

fn wrong(message: &str, parameter: &str) -> Answer {
    nested(422, "validation_error", message, &json!({ "parameter": parameter }))
}

impl Keys {
    pub(super) fn with_first(secret: &str, now: Moment) -> Self {
        let scopes = ["search", "read", "write", "admin"].map(str::to_owned).to_vec();
        let first = Key {
            id: "key_first".to_owned(),
            secret: secret.to_owned(),
            name: "Ready key of the emulator".to_owned(),
            scopes,
            created: now,
            used: None,
            revoked: None,
            end: None,
        };
        Keys(vec![first])
    }

    /// The place of a good key; notes its use.
    pub(super) fn find(&mut self, secret: &str, call: &Call) -> Result<usize, &'static str> {
        let now = call.now;
        let at = self
            .0
            .iter()
            .position(|key| key.secret == secret)
            .ok_or("The API key is not known.")?;
        let key = self.0.get_mut(at).ok_or("The API key is not known.")?;
        if let Some(why) = key.why_dead(now) {
            return Err(why);
        }
        // The first key is as old as the service.
        let delay = Duration::from_secs_f64(call.switches.videovector.key_delay);
        if key.id != "key_first" && now.0 < key.created.0 + delay {
            return Err("The API key is not known.");
        }
        key.used = Some(now);
        Ok(at)
    }

    /// The scopes of a key.
    pub(super) fn scopes(&self, at: usize) -> &[String] {
        self.0.get(at).map_or(&[], |key| &key.scopes)
    }

    /// Whether a key has a scope, or one that holds it.
    pub(super) fn holds(&self, at: usize, needed: Scope) -> bool {
        let rank = |name: &str| {
            [Scope::Search, Scope::Read, Scope::Write, Scope::Admin]
                .into_iter()
                .find(|scope| scope.as_str() == name)
        };
        self.0.get(at).is_some_and(|key| {
            key.scopes.iter().filter_map(|name| rank(name)).any(|scope| scope >= needed)
        })
    }

    pub(super) fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let name = call.field("name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() || name.chars().count() > 100 {
            return wrong("name has 1 to 100 characters.", "name");
        }
        let scopes: Vec<String> = match call.field("scopes").map(Value::as_array) {
            None => vec!["read".to_owned()],
            Some(given) => {
                given.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
            }
        };
        if scopes.is_empty()
            || scopes
                .iter()
                .any(|scope| !["search", "read", "write", "admin"].contains(&scope.as_str()))
        {
            return wrong("scopes has one or more of search, read, write, admin.", "scopes");
        }
        let end = match call.field("expires_in_days") {
            None => None,
            Some(days) => match days.as_u64().filter(|days| (1..=365).contains(days)) {
                Some(days) => Some(call.now.plus(days * DAY)),
                None => {
                    return wrong(
                        "expires_in_days is a whole number from 1 to 365.",
                        "expires_in_days",
                    );
                }
            },
        };
        let name = name.to_owned();
        let key = self.add(name, scopes, end, call.now, draw);
        Answer::json(200, &key)
    }

    fn add(
        &mut self,
        name: String,
        scopes: Vec<String>,
        end: Option<Moment>,
        now: Moment,
        draw: &mut Draw,
    ) -> Value {
        let key = Key {
            id: format!("key_{}", draw.uuid()),
            secret: format!("sk_live_{}", draw.hex(48)),
            name,
            scopes,
            created: now,
            used: None,
            revoked: None,
            end,
        };
        let shown = key.with_secret(now);
        self.0.push(key);
        shown
    }

    /// The secret of an active key that reads; one is made where there is none.
    pub(super) fn one_that_reads(&mut self, now: Moment, draw: &mut Draw) -> Value {
        let good = |at: &usize| {
            self.holds(*at, Scope::Read)
                && self.0.get(*at).is_some_and(|key| key.why_dead(now).is_none())
        };
        match (0..self.0.len()).find(good).and_then(|at| self.0.get(at)) {
            Some(key) => json!(key.secret),
            None => {
                self.add("MCP".to_owned(), vec!["read".to_owned()], None, now, draw)["key"].take()
            }
        }
    }

    pub(super) fn list(&self, call: &Call) -> Answer {
        let all: Vec<Value> = self.0.iter().map(|key| key.to_json(call.now)).collect();
        Answer::json(200, &Value::Array(all))
    }

    fn place(&self, call: &Call) -> Option<usize> {
        self.0.iter().position(|key| key.id == call.id("key_id"))
    }

    pub(super) fn get(&self, call: &Call) -> Answer {
        match self.place(call).and_then(|at| self.0.get(at)) {
            Some(key) => Answer::json(200, &key.to_json(call.now)),
            None => not_found(Service::VideoVector, "API key"),
        }
    }

    /// A new key is made and the old one revoked in the same call: there is no overlap.
    pub(super) fn rotate(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let Some(old) = self.place(call).and_then(|at| self.0.get_mut(at)) else {
            return not_found(Service::VideoVector, "API key");
        };
        if old.why_dead(call.now).is_some() {
            return nested(409, "conflict", "Only an active key can be rotated.", &Value::Null);
        }
        old.revoked = Some(call.now);
        let (name, scopes, end) = (old.name.clone(), old.scopes.clone(), old.end);
        let new = self.add(name, scopes, end, call.now, draw);
        Answer::json(200, &json!({ "old_key_id": call.id("key_id"), "new_key": new }))
    }

    pub(super) fn revoke(&mut self, call: &Call) -> Answer {
        match self.place(call).and_then(|at| self.0.get_mut(at)) {
            Some(key) => {
                key.revoked.get_or_insert(call.now);
                Answer::json(200, &key.to_json(call.now))
            }
            None => not_found(Service::VideoVector, "API key"),
        }
    }

    pub(super) fn delete(&mut self, call: &Call) -> Answer {
        match self.place(call) {
            Some(at) => {
                self.0.remove(at);
                Answer::json(200, &json!({ "message": "API key deleted" }))
            }
            None => not_found(Service::VideoVector, "API key"),
        }
    }
}
