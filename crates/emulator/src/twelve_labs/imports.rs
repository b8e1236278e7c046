//! Files copied from a connected storage account into assets.

use serde_json::{Value, json};

use super::Account;
use super::assets::{self, NewFile};
use super::list;
use super::media::FETCHED;
use super::refusal::{Outcome, invalid, unknown};
use super::store::Thing;
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;

fn show(import: &Thing) -> Value {
    let mut value = Value::Object(import.shown.clone());
    value["_id"] = json!(import.id);
    value["connection_id"] = json!(import.owner);
    value["created_at"] = json!(import.created.to_string());
    value
}

impl Account {
    pub(super) fn imports(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let connection = call.id("connection_id");
        self.connection(call)?;
        match call.operation.verb {
            "list" => list::page(call, self.imports.of(connection), &[], show),
            "create" => self.create_import(call, draw),
            _ => {
                let id = call.id("import_id");
                let found = self.imports.get(id).filter(|import| import.owner == connection);
                let import = found.ok_or_else(|| unknown(call, "import", id))?;
                let mut value = show(import);
                value["items"] = self.show_items(import, call);
                Ok(Answer::json(200, &value))
            }
        }
    }

    /// The files of an import, without those whose assets are gone, as they stand now.
    fn show_items(&self, import: &Thing, call: &Call) -> Value {
        let items = import.kept.get("items").and_then(Value::as_array).into_iter().flatten();
        items
            .filter_map(|item| {
                let mut item = item.clone();
                if let Some(id) = item["asset_id"].as_str() {
                    item["status"] = json!(assets::status(self.assets.get(id)?, call.now));
                }
                Some(item)
            })
            .collect()
    }

    fn create_import(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        self.use_connection(call)?;
        let wanted: Vec<&str> = call
            .field("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|item| item["source_id"].as_str())
            .collect();
        if wanted.is_empty() {
            return Err(invalid(call, "items", "it must have at least one file"));
        }
        if (1..wanted.len()).any(|at| wanted.iter().take(at).any(|other| *other == wanted[at])) {
            return Err(invalid(call, "items", "each file can be there only once"));
        }
        let items: Vec<Value> =
            wanted.into_iter().map(|source| self.import_file(call, source, draw)).collect();
        let has_failures = items.iter().any(|item| item["action"] == "rejected");
        let connection = self.connection(call)?;
        let shown = json!({
            "provider": connection.shown.get("provider"), "custom_id": connection.shown.get("custom_id"),
            "item_count": items.len(),
        });
        let owner = call.id("connection_id");
        let kept = json!({ "items": items });
        let made = self.imports.add(draw.hex(24), owner, shown, kept, call.now).clone();
        let body = json!({
            "_id": made.id, "has_failures": has_failures, "items": self.show_items(&made, call),
        });
        Ok(Answer::json(202, &body))
    }

    /// A file whose id has `missing` in it is not there; one with `broken` comes and cannot be used.
    fn import_file(&mut self, call: &Call, source: &str, draw: &mut Draw) -> Value {
        if source.is_empty() || source.contains("missing") {
            let error = json!({
                "code": "source_not_found", "message": "The file is not in the connected storage.",
            });
            return json!({ "source_id": source, "action": "rejected", "error": error });
        }
        let earlier = self.assets.all().find(|asset| {
            asset.shown.get("source").is_some_and(|from| from["details"]["source_id"] == source)
        });
        let earlier = earlier.map(|asset| (asset.id.clone(), assets::status(asset, call.now)));
        let action = match &earlier {
            Some((_, "failed")) => "retried",
            Some((id, _)) => {
                return json!({ "source_id": source, "asset_id": id, "action": "skipped" });
            }
            None => "created",
        };
        let name = format!("{source}.mp4");
        let id = match earlier {
            Some((id, _)) => {
                self.assets.remove(&id);
                id
            }
            None => draw.hex(24),
        };
        let details = json!({
            "provider": "google_drive", "source_id": source, "original_filename": name,
            "source_link": format!("https://drive.google.com/file/d/{source}/view"),
        });
        let new = NewFile {
            id: id.clone(),
            method: "connector",
            filename: &name,
            size: FETCHED,
            hls: false,
            thumbnail: false,
            user_metadata: None,
            source: Some(json!({ "type": "connector", "details": details })),
        };
        self.add_asset(new, call.now);
        json!({ "source_id": source, "asset_id": id, "action": action })
    }
}
