//! Twelve Labs v1.3: a key in a header, and everything that an account keeps.

mod analyze;
mod analyze_tasks;
mod assets;
mod batches;
mod connections;
mod dashboard;
mod embed;
mod embed_tasks;
mod entities;
mod example;
mod imports;
mod indexed;
mod indexes;
mod list;
mod media;
mod question;
mod refusal;
mod responses;
mod search;
mod store;
mod store_search;
mod stores;
mod tasks;
mod uploads;
mod valid;
mod webhooks;

use crate::answer::{Answer, flat};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::Given;
use crate::draw::Draw;
use crate::files::{self, FileCall};
use crate::switches::TwelveLabsSwitches;
use refusal::Outcome;
use serde_json::json;
use store::Collection;

/// An account of the service.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Account {
    /// Empty for an account without a key.
    key: String,
    key_ends: KeyEnd,
    /// Who is told of finished analyses.
    webhooks: Collection,
    assets: Collection,
    uploads: Collection,
    connections: Collection,
    /// Consents that were asked for, by their state.
    consents: Collection,
    redirect_uris: Collection,
    /// Imports: the owner is the connection.
    imports: Collection,
    indexes: Collection,
    /// Assets in indexes: the owner is the index.
    indexed: Collection,
    tasks: Collection,
    entity_collections: Collection,
    /// Entities: the owner is the collection.
    entities: Collection,
    stores: Collection,
    /// Items of knowledge stores: the owner is the store.
    items: Collection,
    /// Named groups of items: the owner is the store.
    item_groups: Collection,
    /// Page tokens of searches in knowledge stores: the owner is the store.
    store_tokens: Collection,
    /// Pages of searches by their token: the owner is the index.
    search_pages: Collection,
    /// Embedding tasks: the owner is the version of the call.
    embed_tasks: Collection,
    /// Analysis tasks: the owner is the batch, if there is one.
    analyses: Collection,
    batches: Collection,
    /// Conversations: the owner is the knowledge store.
    sessions: Collection,
    /// Analysis tasks whose end no webhook was told.
    untold: Vec<String>,
}

/// When a key ends.
#[derive(Default, serde::Serialize, serde::Deserialize)]
enum KeyEnd {
    #[default]
    Never,
    At(Moment),
    /// As the switch has it, for the ready key, which was there from then on.
    Switch(Moment),
}

impl KeyEnd {
    fn moment(&self, switches: &TwelveLabsSwitches) -> Option<Moment> {
        match self {
            KeyEnd::Never => None,
            KeyEnd::At(end) => Some(*end),
            KeyEnd::Switch(made) => switches.key_days.map(|days| made.plus(days * 86_400)),
        }
    }
}

impl Account {
    pub(crate) fn new(key: &str, now: Moment) -> Self {
        Account { key: key.to_owned(), key_ends: KeyEnd::Switch(now), ..Account::default() }
    }

    /// The answer, or `None` where the schema has the last word.
    pub(crate) fn answer(&mut self, call: &Call, given: &Given, draw: &mut Draw) -> Option<Answer> {
        if let Err(refused) = self.admit(call, given) {
            return Some(refused);
        }
        // An index has its own order: a field of the old API is told before a missing one.
        let checked = indexes::old_fields(call).and_then(|()| valid::check(call));
        checked.and_then(|()| self.carry_out(call, draw)).unwrap_or_else(Some)
    }

    /// A key that is wrong and one that has ended are told alike.
    fn admit(&self, call: &Call, given: &Given) -> Result<(), Answer> {
        let switches = &call.switches.twelve_labs;
        let has_ended = self.key_ends.moment(switches).is_some_and(|end| call.now >= end);
        let is_over = self.key.is_empty() || has_ended;
        match &given.api_key {
            Some(key) if *key == self.key && !is_over => Ok(()),
            Some(_) if switches.old_refusals => Err(Answer::json(
                401,
                &json!({
                    "code": 401, "error": "token is not valid", "message": "Please provide a valid token",
                }),
            )),
            Some(_) => Err(flat(
                401,
                "api_key_invalid",
                "The API key is invalid or has expired. Generate a new one in the dashboard.",
            )),
            None => Err(flat(401, "unauthorized", "The x-api-key header is missing.")),
        }
    }

    /// A request to an address of the second origin that the service minted.
    pub(crate) fn file(&mut self, call: &FileCall, draw: &mut Draw) -> Answer {
        let path: Vec<&str> = call.path.split('/').collect();
        match (call.method.as_str(), path.as_slice()) {
            ("PUT", ["uploads", upload, chunk]) => self.receive_chunk(call, upload, chunk),
            ("GET", ["consent"]) => self.consent(call, draw),
            _ => files::missing(),
        }
    }

    fn carry_out(&mut self, call: &Call, draw: &mut Draw) -> Result<Option<Answer>, Answer> {
        let outcome: Outcome = match call.operation.resource {
            "assets" => self.assets(call, draw),
            "indexes" => self.indexes(call, draw),
            "indexes.indexed_assets" => self.indexed_assets(call, draw),
            "indexes.videos" => self.videos(call),
            "tasks" => self.tasks(call, draw),
            "entity_collections" => self.entity_collections(call, draw),
            "entity_collections.entities" => self.entities(call, draw),
            "knowledge_stores" => self.stores(call, draw),
            "knowledge_stores.items" => self.store_items(call, draw),
            "knowledge_stores.item_collections" => self.item_groups(call, draw),
            "assets.multipart_uploads" => self.uploads(call, draw),
            "connections" => self.connections(call, draw),
            "connections.imports" => self.imports(call, draw),
            "connections.redirect_uris" => self.redirect_uris(call, draw),
            "search" => self.search(call, draw),
            "embed" => self.embed(call),
            "embed.tasks" => self.embed_tasks(call, draw),
            "embed_v2" => self.embed_v2(call),
            "embed_v2.tasks" => self.embed_v2_tasks(call, draw),
            "analyze" => self.analyze(call, draw),
            "analyze.tasks" => self.analyze_tasks(call, draw),
            "analyze.batches" => self.batches(call, draw),
            "responses" => self.responses(call, draw),
            _ => return Ok(None),
        };
        outcome.map(Some)
    }
}
