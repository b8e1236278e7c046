//! Knowledge stores, their items, and named groups of items.

use serde_json::{Value, json};

use super::entities::texts;
use super::list::{self, Test};
use super::media::{self, FPS, HEIGHT, WIDTH};
use super::refusal::{Outcome, invalid, refuse, unknown, unknown_in_body};
use super::store::{Thing, stage};
use super::{Account, store_search};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// The stages of an item before the end, a second each.
const STAGES: [&str; 3] = ["queued", "pending", "processing"];

/// Where an item stands.
pub(super) fn status(item: &Thing, now: Moment) -> &'static str {
    let end = if item.kept_flag("broken") { "failed" } else { "ready" };
    stage(item.age(now), &STAGES, end)
}

fn show_item(item: &Thing, now: Moment) -> Value {
    let size = item.kept_number("size");
    let kind = item.text("asset_type");
    let mut value = item.to_json();
    value["status"] = json!(status(item, now));
    value["updated_at"] = json!(item.changed(item.created, STAGES.len(), now).to_string());
    value["system_metadata"] = json!({
        "asset_type": kind, "filename": item.kept_text("filename"), "width": WIDTH, "height": HEIGHT, "size": size,
    });
    if kind == "video" {
        value["system_metadata"]["duration"] = json!(media::duration(size));
        value["system_metadata"]["fps"] = json!(FPS);
        value["system_metadata"]["codec_name"] = json!("h264");
    }
    value
}

/// Holds the caller's own fields against their limits.
fn own_fields(call: &Call, most: usize, longest: usize) -> Result<(), Answer> {
    let Some(fields) = call.field("metadata").and_then(Value::as_object) else { return Ok(()) };
    let too_long = |text: &str| text.chars().count() > longest;
    if fields.len() > most {
        return Err(invalid(call, "metadata", &format!("it has at most {most} fields")));
    }
    match fields
        .iter()
        .find(|(name, value)| name.chars().count() > 128 || value.as_str().is_some_and(too_long))
    {
        Some((name, _)) => Err(invalid(
            call,
            &format!("metadata.{name}"),
            &format!("keys have at most 128 and texts {longest} characters"),
        )),
        None => Ok(()),
    }
}

fn named(call: &Call) -> Result<(), Answer> {
    if call.body["name"] == "" {
        return Err(invalid(call, "name", "it must not be empty"));
    }
    own_fields(call, 10, 2048)
}

impl Account {
    fn show_store(&self, store: &Thing) -> Value {
        let mut value = store.to_json();
        value["item_count"] = json!(self.items.count(&store.id));
        value
    }

    pub(super) fn stores(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let id = call.id("knowledge_store_id");
        match call.operation.verb {
            "create" => {
                named(call)?;
                let shown = json!({
                    "name": call.body["name"], "description": call.field("description"),
                    "ingestion_config": call.field("ingestion_config"), "metadata": call.field("metadata"),
                });
                let id = draw.hex(24);
                self.stores.add(id.clone(), "", shown, Value::Null, call.now);
                let made = self.stores.get(&id).map(|store| self.show_store(store));
                return Ok(Answer::json(201, &made.unwrap_or_default()));
            }
            "list" => {
                return list::page(call, self.stores.of(""), &[], |store| self.show_store(store));
            }
            _ => {}
        }
        let store = self.store_mut(call)?;
        match call.operation.verb {
            "get" => {}
            "search" => return store_search::search(self, call, draw),
            "update" => {
                named(call)?;
                store.take(&call.body, &["name", "description", "metadata"], call.now);
            }
            _ => {
                self.stores.remove(id);
                self.items.retain(|item| item.owner != id);
                self.item_groups.retain(|group| group.owner != id);
                return Ok(Answer::empty(200));
            }
        }
        let shown = self.stores.get(id).map(|store| self.show_store(store));
        Ok(Answer::json(200, &shown.unwrap_or_default()))
    }

    fn store_mut(&mut self, call: &Call) -> Result<&mut Thing, Answer> {
        let id = call.id("knowledge_store_id");
        self.stores.get_mut(id).ok_or_else(|| unknown(call, "knowledge store", id))
    }

    pub(super) fn store_items(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        self.store_mut(call)?;
        let (store, id) = (call.id("knowledge_store_id"), call.id("item_id"));
        match call.operation.verb {
            "create" => return self.create_item(call, draw),
            "list" => {
                let write = |item| show_item(item, call.now);
                let filters = [("status", Test::Same, "/status")];
                return list::page(call, self.items.of(store), &filters, write);
            }
            _ => {}
        }
        let found = self.items.get(id).filter(|item| item.owner == store);
        let item = found.ok_or_else(|| unknown(call, "item", id))?;
        if call.operation.verb == "get" {
            return Ok(Answer::json(200, &show_item(item, call.now)));
        }
        self.items.remove(id);
        for group in self.item_groups.all_mut() {
            if let Some(Value::Array(members)) = group.kept.get_mut("members") {
                members.retain(|member| member != id);
            }
        }
        Ok(Answer::empty(200))
    }

    fn create_item(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        own_fields(call, 50, 8192)?;
        let asset = call.field("asset_id").and_then(Value::as_str).unwrap_or_default();
        let asset = self.ready_asset(call, asset)?;
        let kind = media::kind(asset.text("filename"));
        if !["video", "image"].contains(&kind) {
            return Err(invalid(call, "asset_id", "it must be a video or an image"));
        }
        if call.field("asset_type").is_some_and(|wanted| wanted != kind) {
            return Err(invalid(call, "asset_type", &format!("the asset is of type {kind}")));
        }
        let shown =
            json!({ "asset_type": kind, "asset_id": asset.id, "metadata": call.field("metadata") });
        let kept = json!({
            "size": asset.kept_number("size"), "filename": asset.text("filename"),
            "broken": asset.kept_flag("broken"),
        });
        let id = format!("ksi_{}", draw.hex(24));
        let made = self.items.add(id, call.id("knowledge_store_id"), shown, kept, call.now);
        Ok(Answer::json(202, &show_item(made, call.now)))
    }

    pub(super) fn item_groups(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        self.store_mut(call)?;
        let (store, id) = (call.id("knowledge_store_id"), call.id("collection_id"));
        match call.operation.verb {
            "create" => {
                named(call)?;
                self.group_name_is_free(call)?;
                let shown = json!({
                    "knowledge_store_id": store, "name": call.body["name"], "description": call.field("description"),
                    "metadata": call.field("metadata"),
                });
                let id = format!("ksic_{}", draw.hex(24));
                let made =
                    self.item_groups.add(id, store, shown, json!({ "members": [] }), call.now);
                return Ok(Answer::json(201, &show_group(made)));
            }
            "list" => return list::page(call, self.item_groups.of(store), &[], show_group),
            "update" => {
                named(call)?;
                self.group_name_is_free(call)?;
            }
            "add_items" => {
                let known = |id: &&str| self.items.get(id).is_some_and(|item| item.owner == store);
                if let Some(id) = texts(call.field("item_ids")).into_iter().find(|id| !known(id)) {
                    return Err(unknown_in_body(call, "item", id));
                }
            }
            _ => {}
        }
        let found = self.item_groups.get_mut(id).filter(|group| group.owner == store);
        let group = found.ok_or_else(|| unknown(call, "item collection", id))?;
        let mut members: Vec<String> =
            texts(group.kept.get("members")).into_iter().map(str::to_owned).collect();
        match call.operation.verb {
            "get" => return Ok(Answer::json(200, &show_group(group))),
            "update" => {
                group.take(&call.body, &["name", "description", "metadata"], call.now);
                return Ok(Answer::json(200, &show_group(group)));
            }
            "list_items" => {
                let mut items = self.items.of(store);
                items.retain(|item| members.contains(&item.id));
                return list::page(call, items, &[], |item| show_item(item, call.now));
            }
            "delete" => {
                self.item_groups.remove(id);
                return Ok(Answer::empty(200));
            }
            _ => {}
        }
        let given = texts(call.field("item_ids"));
        members.retain(|member| !given.contains(&member.as_str()));
        let adds = call.operation.verb == "add_items";
        if adds {
            members.extend(given.into_iter().map(str::to_owned));
        }
        group.kept.insert("members".to_owned(), json!(members));
        group.updated = call.now;
        Ok(if adds { Answer::json(200, &show_group(group)) } else { Answer::empty(200) })
    }

    fn group_name_is_free(&self, call: &Call) -> Result<(), Answer> {
        let groups = self.item_groups.of(call.id("knowledge_store_id"));
        let Some(name) = call.field("name").and_then(Value::as_str) else { return Ok(()) };
        if groups
            .iter()
            .any(|group| group.id != call.id("collection_id") && group.text("name") == name)
        {
            let message = "A collection of this name exists already in the store.";
            return Err(refuse(call, 400, "name_already_exists", message));
        }
        Ok(())
    }
}

fn show_group(group: &Thing) -> Value {
    let mut value = group.to_json();
    value["member_count"] = json!(texts(group.kept.get("members")).len());
    value
}
