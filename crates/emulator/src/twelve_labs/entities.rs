//! Collections of entities, and the entities: each is shown by at least one image.

use serde_json::{Value, json};

use super::Account;
use super::list::{self, Test};
use super::media;
use super::refusal::{Outcome, invalid, unknown};
use super::store::{Thing, stage};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

fn show(entity: &Thing, now: Moment) -> Value {
    let mut value = entity.to_json();
    value["entity_collection_id"] = json!(entity.owner);
    let images_at = entity.kept_moment("images_at");
    let settled = now.0.saturating_sub(images_at.0);
    value["status"] = json!(stage(settled, &["processing"], "ready"));
    value["updated_at"] = json!(entity.changed(images_at, 1, now).to_string());
    value
}

/// Texts of a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

impl Account {
    pub(super) fn entity_collections(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let id = call.id("entity_collection_id");
        match call.operation.verb {
            "create" => {
                named(call)?;
                let body =
                    json!({ "name": call.body["name"], "description": call.field("description") });
                let made =
                    self.entity_collections.add(draw.hex(24), "", body, Value::Null, call.now);
                return Ok(Answer::json(201, &made.to_json()));
            }
            "list" => {
                let all = self.entity_collections.of("");
                return list::page(call, all, &[("name", Test::Same, "/name")], Thing::to_json);
            }
            _ => {}
        }
        let found = self.entity_collections.get_mut(id);
        let collection = found.ok_or_else(|| unknown(call, "entity collection", id))?;
        match call.operation.verb {
            "get" => Ok(Answer::json(200, &collection.to_json())),
            "update" => {
                collection.take(&call.body, &["name", "description"], call.now);
                Ok(Answer::json(200, &collection.to_json()))
            }
            _ => {
                self.entity_collections.remove(id);
                self.entities.retain(|entity| entity.owner != id);
                Ok(Answer::empty(200))
            }
        }
    }

    pub(super) fn entities(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        if call.operation.verb == "list_by_asset" {
            let asset = call.id("asset_id");
            self.assets.get(asset).ok_or_else(|| unknown(call, "asset", asset))?;
            let shows = |entity: &&Thing| texts(entity.shown.get("asset_ids")).contains(&asset);
            let found = self.entities.all().filter(shows).collect();
            return list::page(call, found, &[], |entity| show(entity, call.now));
        }
        let owner = call.id("entity_collection_id");
        self.entity_collections
            .get(owner)
            .ok_or_else(|| unknown(call, "entity collection", owner))?;
        match call.operation.verb {
            "create" => {
                let made = self.create_entity(call, "", &call.body, draw)?;
                return Ok(Answer::json(201, &made));
            }
            "batch_create" => return Ok(self.batch_create(call, draw)),
            "list" => {
                let filters = [("name", Test::Same, "/name"), ("status", Test::Same, "/status")];
                let write = |entity| show(entity, call.now);
                return list::page(call, self.entities.of(owner), &filters, write);
            }
            _ => {}
        }
        self.one_entity(call)
    }

    fn one_entity(&mut self, call: &Call) -> Outcome {
        let (owner, id) = (call.id("entity_collection_id"), call.id("entity_id"));
        if ["add_assets", "remove_assets"].contains(&call.operation.verb) {
            self.are_images(call, "asset_ids", &call.body)?;
        }
        let found = self.entities.get_mut(id).filter(|entity| entity.owner == owner);
        let entity = found.ok_or_else(|| unknown(call, "entity", id))?;
        let given = texts(call.field("asset_ids"));
        match call.operation.verb {
            "get" => {}
            "update" => {
                entity.take(&call.body, &["name", "description", "metadata"], call.now);
            }
            "add_assets" | "remove_assets" => {
                let mut assets: Vec<String> =
                    texts(entity.shown.get("asset_ids")).into_iter().map(str::to_owned).collect();
                assets.retain(|asset| !given.contains(&asset.as_str()));
                if call.operation.verb == "add_assets" {
                    assets.extend(given.into_iter().map(str::to_owned));
                }
                if assets.is_empty() {
                    return Err(invalid(call, "asset_ids", "an entity keeps at least one image"));
                }
                entity.shown.insert("asset_ids".to_owned(), json!(assets));
                entity.kept.insert("images_at".to_owned(), json!(call.now));
                entity.updated = call.now;
            }
            _ => {
                self.entities.remove(id);
                return Ok(Answer::empty(200));
            }
        }
        Ok(Answer::json(200, &show(entity, call.now)))
    }

    /// The ids name images that are ready.
    fn are_images(&self, call: &Call, name: &str, body: &Value) -> Result<(), Answer> {
        let ids = texts(body.get("asset_ids"));
        if ids.is_empty() {
            return Err(invalid(call, name, "it must have at least one asset"));
        }
        for id in ids {
            let asset = self.ready_asset(call, id)?;
            if media::kind(asset.text("filename")) != "image" {
                return Err(invalid(call, name, "only images show an entity"));
            }
        }
        Ok(())
    }

    fn create_entity(
        &mut self,
        call: &Call,
        at: &str,
        body: &Value,
        draw: &mut Draw,
    ) -> Result<Value, Answer> {
        let owner = call.id("entity_collection_id");
        if body["name"].as_str().is_none_or(str::is_empty) {
            return Err(invalid(call, &format!("{at}name"), "it must not be empty"));
        }
        self.are_images(call, &format!("{at}asset_ids"), body)?;
        let shown = json!({
            "name": body["name"], "description": body["description"], "metadata": body["metadata"],
            "asset_ids": body["asset_ids"],
        });
        let made = self.entities.add(
            draw.hex(24),
            owner,
            shown,
            json!({ "images_at": call.now }),
            call.now,
        );
        Ok(show(made, call.now))
    }

    /// An entity that cannot be made does not keep the others from being made.
    fn batch_create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let (mut made, mut errors) = (Vec::new(), Vec::new());
        let wanted = call.field("entities").and_then(Value::as_array).into_iter().flatten();
        for (at, body) in wanted.enumerate() {
            match self.create_entity(call, &format!("entities[{at}]."), body, draw) {
                Ok(entity) => made.push(json!({
                    "_id": entity["_id"], "name": entity["name"], "status": entity["status"],
                })),
                Err(refused) => {
                    let why: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
                    errors.push(json!({
                        "entity_index": at, "entity_name": body["name"], "error_reason": why["message"],
                    }));
                }
            }
        }
        let body = json!({
            "success_count": made.len(), "failed_count": errors.len(), "entities": made, "errors": errors,
        });
        Answer::json(201, &body)
    }
}

fn named(call: &Call) -> Result<(), Answer> {
    match call.field("name").and_then(Value::as_str) {
        Some("") | None => Err(invalid(call, "name", "it must not be empty")),
        Some(_) => Ok(()),
    }
}
