//! Objects for an example call of any operation: what it needs is made, as if an hour ago.

use std::time::Duration;

use framekey_catalog::{Operation, Place};
use serde_json::{Map, Value, json};

use super::Account;
use super::assets::NewFile;
use crate::clock::Moment;
use crate::draw::Draw;

/// Arguments by their names in our calls.
type Arguments = Map<String, Value>;

struct Maker<'a> {
    account: &'a mut Account,
    draw: &'a mut Draw,
    /// When things are made: all is ready by now.
    then: Moment,
    now: Moment,
}

impl Account {
    /// Arguments with which an operation succeeds; the objects that they name are made for them.
    pub(crate) fn example(&mut self, operation: &Operation, now: Moment, draw: &mut Draw) -> Value {
        let then = Moment(now.0.saturating_sub(Duration::from_secs(3600)));
        let mut maker = Maker { account: self, draw, then, now };
        let mut arguments = maker.body(operation);
        let mut owner = String::new();
        for param in operation.params.iter().filter(|param| param.place == Place::Path) {
            let id = arguments.get(param.name).and_then(Value::as_str).map(str::to_owned);
            owner = id.unwrap_or_else(|| maker.path(operation, param.name, &owner));
            arguments.insert(param.name.to_owned(), json!(owner));
        }
        maker.members(operation, &mut arguments);
        Value::Object(arguments)
    }
}

impl Maker<'_> {
    fn asset(&mut self, filename: &str) -> String {
        let id = self.draw.hex(24);
        let new = NewFile {
            id: id.clone(),
            method: "url",
            filename,
            size: 1_000_000,
            hls: true,
            thumbnail: true,
            user_metadata: Some(json!({ "kind": "example" })),
            source: None,
        };
        self.account.add_asset(new, self.then);
        id
    }

    fn index(&mut self) -> String {
        let id = self.draw.hex(24);
        let models = json!([{ "model_name": "marengo3.0", "model_options": ["visual", "audio"] }]);
        let shown = json!({ "index_name": format!("example {id}"), "models": models });
        self.account.indexes.add(id.clone(), "", shown, Value::Null, self.then);
        id
    }

    fn indexed(&mut self, index: &str) -> String {
        let asset = self.asset("example.mp4");
        let Some(asset) = self.account.assets.get(&asset).cloned() else { return String::new() };
        self.account.index_asset(index, &asset, true, None, self.then, self.draw).id.clone()
    }

    fn task(&mut self) -> String {
        let index = self.index();
        let shown = json!({ "index_id": index, "video_id": self.draw.hex(24) });
        let kept = json!({ "size": 1_000_000, "filename": "example.mp4" });
        let id = self.draw.hex(24);
        self.account.tasks.add(id, "", shown, kept, self.then).id.clone()
    }

    fn embed_task(&mut self, version: &str) -> String {
        let url = "https://example.com/example.mp4";
        let metadata = json!({ "metadata": { "input_url": url } });
        let shown = json!({ "model_name": "marengo3.0", "video_embedding": metadata });
        let input = json!({ "media_source": { "url": url } });
        let kept = json!({
            "scopes": ["clip"], "clip": 6.0, "kind": "video", "input": input, "source": url, "size": 512,
        });
        self.account.embed_tasks.add(self.draw.hex(24), version, shown, kept, self.then).id.clone()
    }

    fn question(&mut self) -> Value {
        let asset = self.asset("example.mp4");
        json!({ "prompt": "What is it?", "video": { "type": "asset_id", "asset_id": asset } })
    }

    fn batch(&mut self, made: Moment) -> String {
        let question = self.question();
        let shown = json!({
            "analysis_mode": "general", "model_name": "pegasus1.5", "total_items": 1,
        });
        let id = self.draw.hex(24);
        self.account.batches.add(id.clone(), "", shown, Value::Null, made);
        self.account.add_analysis(&question, &id, made, self.draw);
        id
    }

    fn connection(&mut self) -> String {
        let shown = json!({
            "provider": "google_drive", "scopes": [],
            "account": { "external_id": "1", "display_name": "user@example.com" },
        });
        let id = self.draw.hex(24);
        self.account.connections.add(id, "", shown, Value::Null, self.then).id.clone()
    }

    fn store(&mut self) -> String {
        let shown = json!({ "name": "example" });
        let id = self.draw.hex(24);
        self.account.stores.add(id, "", shown, Value::Null, self.then).id.clone()
    }

    fn item(&mut self, store: &str) -> String {
        let asset = self.asset("example.mp4");
        let shown = json!({ "asset_type": "video", "asset_id": asset });
        let kept = json!({ "size": 1_000_000, "filename": "example.mp4" });
        let id = format!("ksi_{}", self.draw.hex(24));
        self.account.items.add(id, store, shown, kept, self.then).id.clone()
    }

    fn entity(&mut self, collection: &str) -> String {
        let assets = json!([self.asset("one.png"), self.asset("two.png")]);
        let shown = json!({ "name": "example", "asset_ids": assets });
        let id = self.draw.hex(24);
        self.account.entities.add(id, collection, shown, Value::Null, self.then).id.clone()
    }

    /// An object that a parameter of the path names; `owner` is the one before it.
    fn path(&mut self, operation: &Operation, name: &str, owner: &str) -> String {
        match (operation.resource, name) {
            (_, "index_id") => self.index(),
            (_, "asset_id") => self.asset("example.mp4"),
            (_, "indexed_asset_id" | "video_id") => self.indexed(owner),
            (_, "connection_id") => self.connection(),
            (_, "entity_id") => self.entity(owner),
            (_, "knowledge_store_id") => self.store(),
            (_, "item_id") => self.item(owner),
            (_, "batch_id") => {
                let made = if operation.verb == "cancel" { self.now } else { self.then };
                self.batch(made)
            }
            ("tasks", _) => self.task(),
            ("embed.tasks", _) => self.embed_task("1"),
            ("embed_v2.tasks", _) => self.embed_task("2"),
            ("analyze.tasks", _) => {
                let question = self.question();
                let made = if operation.verb == "cancel" { self.now } else { self.then };
                self.account.add_analysis(&question, "", made, self.draw)
            }
            _ => self.simple(name, owner),
        }
    }

    /// Objects that need no others.
    fn simple(&mut self, name: &str, owner: &str) -> String {
        let id = self.draw.hex(24);
        let account = &mut *self.account;
        let (collection, shown, kept) = match name {
            "entity_collection_id" => {
                (&mut account.entity_collections, json!({ "name": "example" }), Value::Null)
            }
            "redirect_uri_id" => {
                let uri = format!("https://{id}.example.com/back");
                (&mut account.redirect_uris, json!({ "redirect_uri": uri }), Value::Null)
            }
            "import_id" => {
                let shown = json!({ "provider": "google_drive", "item_count": 0 });
                (&mut account.imports, shown, json!({ "items": [] }))
            }
            "collection_id" => {
                let shown = json!({ "name": format!("example {id}"), "knowledge_store_id": owner });
                (&mut account.item_groups, shown, json!({ "members": [] }))
            }
            "page_token" => {
                let info = json!({ "limit_per_page": 10, "total_results": 0 });
                let shown =
                    json!({ "data": [], "page_info": info, "search_pool": { "total_count": 0 } });
                (&mut account.search_pages, shown, Value::Null)
            }
            _ => {
                let sent = json!({ "1": { "etag": "e" } });
                let kept = json!({
                    "filename": "example.mp4", "total_size": 1, "asset": format!("a{id}"), "sent": sent,
                });
                (&mut account.uploads, Value::Null, kept)
            }
        };
        // A page of a search ends after an hour.
        let made = if name == "page_token" { self.now } else { self.then };
        collection.add(id, owner, shown, kept, made).id.clone()
    }

    /// Fields of the body that an operation needs.
    fn body(&mut self, operation: &Operation) -> Arguments {
        let url = "https://example.com/example.mp4";
        let name = format!("example {}", self.draw.hex(12));
        let fields = match operation.id {
            "assets.create" => json!({ "method": "url", "url": url }),
            "analyze.create" | "analyze.tasks.create" => self.question(),
            "analyze.batches.create" => {
                let video = self.question()["video"].clone();
                let prompt = json!({ "input_text": "What is it?" });
                // Five may be active at a time.
                self.account.batches.retain(|_| false);
                json!({ "requests": [{ "video": video, "prompt": prompt }] })
            }
            "assets.multipart_uploads.report_chunks" => json!({
                "completed_chunks": [{ "chunk_index": 1, "proof": "e", "proof_type": "etag", "chunk_size": 1 }],
            }),
            "connections.redirect_uris.create" => {
                json!({ "redirect_uri": format!("https://{}.example.com/", self.draw.hex(12)) })
            }
            "connections.authorize" => {
                self.account.redirect_uris.retain(|_| false);
                json!({ "redirect_uri": "https://app.example.com/back" })
            }
            "connections.imports.create" => {
                json!({ "items": [{ "source_id": self.draw.hex(12) }] })
            }
            "embed.create" => json!({ "model_name": "marengo3.0", "text": "a river" }),
            "embed.tasks.create" => json!({ "model_name": "marengo3.0", "video_url": url }),
            "embed_v2.create" => {
                json!({ "input_type": "text", "text": { "input_text": "a river" } })
            }
            "embed_v2.tasks.create" => {
                json!({ "input_type": "audio", "audio": { "media_source": { "url": url } } })
            }
            "entity_collections.entities.create" => json!({ "asset_ids": [self.asset("one.png")] }),
            "entity_collections.entities.batch_create" => {
                json!({ "entities": [{ "name": "example", "asset_ids": [self.asset("one.png")] }] })
            }
            "entity_collections.entities.add_assets" => {
                json!({ "asset_ids": [self.asset("three.png")] })
            }
            "indexes.create" => json!({
                "index_name": name, "models": [{ "model_name": "marengo3.0", "model_options": ["visual"] }],
            }),
            "indexes.update" => json!({ "index_name": name }),
            "indexes.indexed_assets.create" | "knowledge_stores.items.create" => {
                json!({ "asset_id": self.asset("example.mp4") })
            }
            "tasks.create" => json!({ "index_id": self.index(), "video_url": url }),
            "search.create" => json!({
                "index_id": self.index(), "query_text": "a river", "search_options": ["visual"],
            }),
            "responses.create" => json!({
                "knowledge_store_id": self.store(),
                "input": [{ "type": "message", "role": "user", "content": "What is it?" }],
            }),
            "knowledge_stores.item_collections.create" => json!({ "name": name }),
            _ => json!({}),
        };
        fields.as_object().cloned().unwrap_or_default()
    }

    /// What the body names of the objects of the path.
    fn members(&mut self, operation: &Operation, arguments: &mut Arguments) {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        match operation.id {
            "knowledge_stores.item_collections.add_items"
            | "knowledge_stores.item_collections.remove_items" => {
                let store = text("knowledge_store_id").to_owned();
                let item = self.item(&store);
                arguments.insert("item_ids".to_owned(), json!([item]));
            }
            "entity_collections.entities.remove_assets" => {
                let entity = self.account.entities.get(text("entity_id"));
                let first = entity.map(|entity| entity.shown["asset_ids"][0].clone());
                arguments.insert("asset_ids".to_owned(), json!([first]));
            }
            _ => {}
        }
    }
}
