//! Twelve Labs v1.3: a key in a header, and indexes.

use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, flat, not_found};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::Given;
use crate::draw::Draw;
use crate::page;
use crate::schemas::check;

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Account {
    key: String,
    indexes: Vec<Index>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Index {
    id: String,
    fields: Map<String, Value>,
    created: Moment,
    updated: Moment,
}

impl Index {
    fn to_json(&self) -> Value {
        let mut index = json!({
            "_id": self.id, "created_at": self.created.to_string(), "updated_at": self.updated.to_string(),
            "video_count": 0, "total_duration": 0,
        });
        for (name, value) in &self.fields {
            index[name] = value.clone();
        }
        index
    }

    fn name(&self) -> &str {
        self.fields.get("index_name").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Account {
    pub(crate) fn new(key: &str) -> Self {
        Account { key: key.to_owned(), indexes: Vec::new() }
    }

    /// The answer, or `None` where the schema has the last word.
    pub(crate) fn answer(&mut self, call: &Call, given: &Given, draw: &mut Draw) -> Option<Answer> {
        match &given.api_key {
            Some(key) if *key == self.key => {}
            Some(_) => {
                return Some(flat(
                    401,
                    "api_key_invalid",
                    "The API key is invalid or has expired. Generate a new one in the dashboard.",
                ));
            }
            None => return Some(flat(401, "unauthorized", "The x-api-key header is missing.")),
        }
        // An index has its own order: a field of the old API is told before a missing one.
        let refused = check::missing(call).filter(|_| call.operation.id != "indexes.create");
        if refused.is_some() {
            return refused;
        }
        Some(match call.operation.id {
            "indexes.create" => self.create(call, draw),
            "indexes.list" => self.list(call),
            "indexes.get" => self.with(call, |index| Answer::json(200, &index.to_json())),
            "indexes.update" => self.with(call, |index| {
                if let Some(refused) = check::wrong_field(call) {
                    return refused;
                }
                if let Some(name) = call.field("index_name") {
                    index.fields.insert("index_name".to_owned(), name.clone());
                    index.updated = call.now;
                }
                Answer::empty(200)
            }),
            "indexes.delete" => {
                match self.indexes.iter().position(|index| index.id == call.id("index-id")) {
                    Some(at) => {
                        self.indexes.remove(at);
                        Answer::empty(200)
                    }
                    None => not_found(Service::TwelveLabs, "index"),
                }
            }
            _ => return None,
        })
    }

    fn with(&mut self, call: &Call, then: impl FnOnce(&mut Index) -> Answer) -> Answer {
        match self.indexes.iter_mut().find(|index| index.id == call.id("index-id")) {
            Some(index) => then(index),
            None => not_found(Service::TwelveLabs, "index"),
        }
    }

    fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let fields = call.object();
        let known = ["index_name", "models", "addons"];
        if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return flat(
                400,
                "parameter_unknown",
                &format!("The parameter {name} is not known to v1.3; models replaces it."),
            );
        }
        for name in ["index_name", "models"] {
            if call.field(name).is_none() {
                return flat(
                    400,
                    "parameter_not_provided",
                    &format!("The {name} parameter is required but was not provided."),
                );
            }
        }
        if let Some(refused) = check::wrong_field(call) {
            return refused;
        }
        if self
            .indexes
            .iter()
            .any(|index| Some(index.name()) == call.field("index_name").and_then(Value::as_str))
        {
            return flat(400, "index_name_already_exists", "An index of this name exists already.");
        }
        let index = Index { id: draw.hex(24), fields, created: call.now, updated: call.now };
        let answer = Answer::json(201, &json!({ "_id": index.id }));
        self.indexes.push(index);
        answer
    }

    fn list(&self, call: &Call) -> Answer {
        let wanted = match page::wanted(call, "page", "page_limit", 10, 50) {
            Ok(wanted) => wanted,
            Err(refused) => return refused,
        };
        let named =
            |index: &&Index| call.query("index_name").is_none_or(|name| name == index.name());
        let mut found: Vec<&Index> = self.indexes.iter().filter(named).collect();
        if call.query("sort_option") != Some("asc") {
            found.reverse();
        }
        let (found, pages, total) = wanted.cut(found);
        let data: Vec<Value> = found.into_iter().map(Index::to_json).collect();
        let page_info = json!({ "limit_per_page": wanted.size, "page": wanted.page, "total_page": pages, "total_results": total });
        Answer::json(200, &json!({ "data": data, "page_info": page_info }))
    }
}
