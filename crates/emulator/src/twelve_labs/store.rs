//! What an account keeps: things by id, each with what the service shows of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Moment;

/// Anything that was created.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Thing {
    pub(super) id: String,
    /// The id of what it belongs to; empty for nothing.
    pub(super) owner: String,
    /// What the service shows of it, but for what the clock changes.
    pub(super) shown: Map<String, Value>,
    /// What the rules need to know and the service does not show.
    pub(super) kept: Map<String, Value>,
    pub(super) created: Moment,
    pub(super) updated: Moment,
    number: u64,
}

impl Thing {
    /// How long ago it was created.
    pub(super) fn age(&self, now: Moment) -> Duration {
        now.0.saturating_sub(self.created.0)
    }

    /// When it last changed: by a call, or by the clock, which takes it on once a second for so many
    /// stages from a moment on.
    pub(super) fn changed(&self, start: Moment, stages: usize, now: Moment) -> Moment {
        let passed = now.0.saturating_sub(start.0).as_secs();
        self.updated.max(start.plus(passed.min(stages as u64)))
    }

    /// Its place in the order in which things were created.
    pub(super) fn order(&self) -> u64 {
        self.number
    }

    /// What is shown, with `_id` and both times.
    pub(super) fn to_json(&self) -> Value {
        let mut value = Value::Object(self.shown.clone());
        value["_id"] = json!(self.id);
        value["created_at"] = json!(self.created.to_string());
        value["updated_at"] = json!(self.updated.to_string());
        value
    }

    /// What is shown, with those of `_id` and both times that are not left out.
    pub(super) fn to_json_without(&self, names: &[&str]) -> Value {
        let mut value = self.to_json();
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|name, _| !names.contains(&name.as_str()));
        }
        value
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.shown.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn kept_text(&self, name: &str) -> &str {
        self.kept.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn kept_number(&self, name: &str) -> u64 {
        self.kept.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn kept_flag(&self, name: &str) -> bool {
        self.kept.get(name) == Some(&Value::Bool(true))
    }

    /// A moment that is kept; the creation where there is none.
    pub(super) fn kept_moment(&self, name: &str) -> Moment {
        let kept = self.kept.get(name).cloned();
        kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or(self.created)
    }

    /// Takes the fields of the body that are in `names`; notes the change.
    pub(super) fn take(&mut self, body: &Value, names: &[&str], now: Moment) {
        for name in names {
            if let Some(value) = body.get(*name).filter(|value| !value.is_null()) {
                self.shown.insert((*name).to_owned(), value.clone());
                self.updated = now;
            }
        }
    }
}

/// An object of the entries whose value is not null.
pub(super) fn object(value: Value) -> Map<String, Value> {
    let Value::Object(mut object) = value else { return Map::new() };
    object.retain(|_, value| !value.is_null());
    object
}

/// Things of one kind.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Collection {
    things: BTreeMap<String, Thing>,
    made: u64,
}

impl Collection {
    /// Adds a thing; null fields are left out.
    pub(super) fn add(
        &mut self,
        id: String,
        owner: &str,
        shown: Value,
        kept: Value,
        now: Moment,
    ) -> &mut Thing {
        self.made += 1;
        let thing = Thing {
            id: id.clone(),
            owner: owner.to_owned(),
            shown: object(shown),
            kept: object(kept),
            created: now,
            updated: now,
            number: self.made,
        };
        self.things.entry(id).or_insert(thing)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Thing> {
        self.things.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Thing> {
        self.things.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Thing> {
        self.things.remove(id)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Thing) -> bool) {
        self.things.retain(|_, thing| keep(thing));
    }

    /// All things, in no particular order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Thing> {
        self.things.values()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Thing> {
        self.things.values_mut()
    }

    /// The things of an owner, in the order in which they were created.
    pub(super) fn of(&self, owner: &str) -> Vec<&Thing> {
        let mut things: Vec<&Thing> = self.all().filter(|thing| thing.owner == owner).collect();
        things.sort_by_key(|thing| thing.number);
        things
    }

    /// How many things an owner has.
    pub(super) fn count(&self, owner: &str) -> usize {
        self.all().filter(|thing| thing.owner == owner).count()
    }
}

/// The stage that something of this age is in: each stage takes a second, the last one stays.
pub(super) fn stage<'a>(age: Duration, stages: &[&'a str], end: &'a str) -> &'a str {
    usize::try_from(age.as_secs()).ok().and_then(|at| stages.get(at)).copied().unwrap_or(end)
}
