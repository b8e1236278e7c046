//! Indexes: made with models that stay, renamed, deleted with all that is in them.

use serde_json::{Value, json};

use super::Account;
use super::list::{self, Test};
use super::media;
use super::refusal::{Outcome, invalid, refuse, unknown};
use super::store::Thing;
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;

/// Models that an index can have.
const MODELS: [&str; 5] = ["marengo3.0", "marengo3.5", "pegasus1.2", "pegasus1.5", "pegasus1.6"];

/// A field that v1.3 does not know is told before one that is missing: old clients send both.
pub(super) fn old_fields(call: &Call) -> Result<(), Answer> {
    let known = ["index_name", "models", "addons"];
    let old = call.body.as_object().into_iter().flatten().map(|(name, _)| name);
    match old.into_iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) if call.operation.id == "indexes.create" => {
            let message = format!("The parameter {name} is not known to v1.3; models replaces it.");
            Err(refuse(call, 400, "parameter_unknown", &message))
        }
        _ => Ok(()),
    }
}

fn models(index: &Thing) -> impl Iterator<Item = &Value> {
    index.shown.get("models").and_then(Value::as_array).into_iter().flatten()
}

/// Whether an index has the family and all of the options that the query names.
fn fits_models(call: &Call, index: &Thing) -> bool {
    let of_family = |family: &str| {
        models(index)
            .any(|model| model["model_name"].as_str().is_some_and(|name| name.starts_with(family)))
    };
    let has_option = |option: &str| {
        models(index).any(|model| {
            model["model_options"].as_array().is_some_and(|all| all.iter().any(|one| one == option))
        })
    };
    call.query("model_family").is_none_or(of_family)
        && call.query("model_options").is_none_or(|list| list.split(',').all(has_option))
}

/// Indexes that have only Pegasus 1.2 take no new videos.
pub(super) fn takes_videos(call: &Call, index: &Thing) -> Result<(), Answer> {
    if models(index).all(|model| model["model_name"] == "pegasus1.2") {
        let message = "An index that has only pegasus1.2 takes no new videos.";
        return Err(refuse(call, 400, "index_not_supported", message));
    }
    Ok(())
}

impl Account {
    pub(super) fn indexes(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let id = call.id("index-id");
        match call.operation.verb {
            "create" => return self.create_index(call, draw),
            "list" => {
                let filters = [
                    ("index_name", Test::Same, "/index_name"),
                    ("created_at", Test::From, "/created_at"),
                    ("updated_at", Test::From, "/updated_at"),
                ];
                let mut indexes = self.indexes.of("");
                indexes.retain(|index| fits_models(call, index));
                return list::page(call, indexes, &filters, |index| self.show_index(index));
            }
            _ => {}
        }
        let index = self.indexes.get(id).ok_or_else(|| unknown(call, "index", id))?;
        match call.operation.verb {
            "get" => Ok(Answer::json(200, &self.show_index(index))),
            "update" => {
                self.name_is_free(call, id)?;
                if let Some(index) = self.indexes.get_mut(id) {
                    index.take(&call.body, &["index_name"], call.now);
                }
                Ok(Answer::empty(200))
            }
            _ => {
                self.indexes.remove(id);
                self.indexed.retain(|inside| inside.owner != id);
                Ok(Answer::empty(200))
            }
        }
    }

    fn show_index(&self, index: &Thing) -> Value {
        let inside = self.indexed.of(&index.id);
        let seconds: f64 =
            inside.iter().map(|inside| media::duration(inside.kept_number("size"))).sum();
        let mut value = index.to_json();
        value["video_count"] = json!(inside.len());
        // A sum of nothing is minus nothing.
        value["total_duration"] = json!(seconds + 0.0);
        value
    }

    fn name_is_free(&self, call: &Call, id: &str) -> Result<(), Answer> {
        let name = call.field("index_name").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            return Err(invalid(call, "index_name", "it must not be empty"));
        }
        let taken =
            self.indexes.all().any(|index| index.id != id && index.text("index_name") == name);
        if taken {
            let message = "An index of this name exists already.";
            return Err(refuse(call, 400, "index_name_already_exists", message));
        }
        Ok(())
    }

    fn create_index(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        self.name_is_free(call, "")?;
        let models = call.field("models").and_then(Value::as_array).cloned().unwrap_or_default();
        if models.is_empty() {
            return Err(invalid(call, "models", "it must have at least one model"));
        }
        for (at, model) in models.iter().enumerate() {
            let name = model["model_name"].as_str().unwrap_or_default();
            let path = format!("models[{at}].model_name");
            if !MODELS.contains(&name) {
                return Err(invalid(
                    call,
                    &path,
                    &format!("it must be one of {}", MODELS.join(", ")),
                ));
            }
            if models.iter().take(at).any(|earlier| earlier["model_name"] == name) {
                return Err(invalid(call, &path, "each model can be there only once"));
            }
            let options = model["model_options"].as_array().into_iter().flatten();
            let mut options = options.filter_map(Value::as_str).peekable();
            let none = options.peek().is_none();
            if none || options.any(|option| !["visual", "audio"].contains(&option)) {
                let path = format!("models[{at}].model_options");
                return Err(invalid(call, &path, "it must have visual, audio or both"));
            }
        }
        let addons = call.field("addons").cloned();
        let marengo = models.iter().any(|model| {
            model["model_name"].as_str().is_some_and(|name| name.starts_with("marengo"))
        });
        if addons.as_ref().is_some_and(|addons| addons != &json!([])) && !marengo {
            return Err(invalid(call, "addons", "it needs a Marengo model"));
        }
        let shown = json!({
            "index_name": call.body["index_name"], "models": models, "addons": addons,
        });
        let id = draw.hex(24);
        self.indexes.add(id.clone(), "", shown, Value::Null, call.now);
        Ok(Answer::json(201, &json!({ "_id": id })))
    }
}

/// Whether an index has a Marengo model that has read this from its media.
pub(super) fn can_search(index: &Thing, option: &str) -> bool {
    models(index).any(|model| {
        let name = model["model_name"].as_str().unwrap_or_default();
        let options = model["model_options"].as_array();
        name.starts_with("marengo")
            && options.is_some_and(|all| all.iter().any(|one| one == option))
    })
}
