//! Prompts: instructions with the schema of what they extract.

use serde_json::{Map, Value, json};

use super::Account;
use super::rules::{Answered, absent, conflict, flag, forbidden, invalid};
use super::shape;
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// The prompt that comes with the service.
pub(super) const SHARED: &str = "prompt_general";
/// What is extracted is made anew from the schema for each segment: it stays small.
const LARGEST_SCHEMA: usize = 64 << 10;
const SETTABLE: [&str; 6] =
    ["name", "description", "prompt_text", "json_schema", "video_level", "semantic_indexing"];

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Prompt {
    pub(super) id: String,
    created: Moment,
    /// As they were given.
    fields: Map<String, Value>,
}

impl Prompt {
    pub(super) fn new(id: String, created: Moment, fields: Map<String, Value>) -> Self {
        Prompt { id, created, fields }
    }

    /// The one that every account sees.
    pub(super) fn shared(created: Moment) -> Self {
        let schema = json!({ "type": "object", "required": ["summary"], "properties": {
            "summary": { "type": "string" }, "topics": { "type": "array", "items": { "type": "string" } },
        }});
        let fields = Map::from_iter([
            ("name".to_owned(), json!("General description")),
            ("description".to_owned(), json!("What is seen and heard.")),
            ("prompt_text".to_owned(), json!("Describe what is seen and heard in this segment.")),
            ("json_schema".to_owned(), schema),
        ]);
        Prompt::new(SHARED.to_owned(), created, fields)
    }

    fn is_shared(&self) -> bool {
        self.id == SHARED
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.text("name")
    }

    pub(super) fn instructions(&self) -> &str {
        self.text("prompt_text")
    }

    pub(super) fn schema(&self) -> &Value {
        self.fields.get("json_schema").unwrap_or(&Value::Null)
    }

    /// The schema of what is extracted from a whole medium.
    pub(super) fn video_schema(&self) -> Option<&Value> {
        self.fields.get("video_level")?.get("json_schema")
    }

    /// The fields that it extracts from a segment.
    pub(super) fn field_names(&self) -> Vec<&str> {
        let fields = self.schema()["properties"].as_object().into_iter().flatten();
        fields.map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn to_json(&self) -> Value {
        let owner = if self.is_shared() { "videovector" } else { super::USER };
        let known = json!({
            "prompt_id": self.id, "user_id": owner, "description": "", "is_active": true,
            "created_at": self.created.to_string(),
        });
        let mut prompt = shape::of("Prompt", known);
        let mut fields = self.fields.clone();
        // What the caller gave of these, with the rest of their fields.
        for (name, schema) in [
            ("video_level", "PromptVideoLevelConfig"),
            ("semantic_indexing", "PromptSemanticIndexingConfig"),
        ] {
            if let Some(given) = fields.get_mut(name).filter(|given| !given.is_null()) {
                *given = shape::of(schema, given.take());
            }
        }
        shape::lay_over(&mut prompt, Value::Object(fields));
        prompt
    }
}

/// The schema of an output: an object, and itself in order.
fn checked_schema(call: &Call, schema: Option<&Value>, name: &str) -> Result<(), Answer> {
    let Some(schema) = schema else { return Ok(()) };
    if schema.to_string().len() > LARGEST_SCHEMA {
        return Err(invalid(name, "The JSON Schema has at most 64 KiB."));
    }
    if schema["type"] != "object" {
        return Err(invalid(name, "The root of the JSON Schema has the type object."));
    }
    match jsonschema::validator_for(schema) {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = format!("{}: not a JSON Schema: {error}", call.operation.id);
            Err(invalid(name, &message))
        }
    }
}

impl Account {
    pub(super) fn create_prompt(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        Ok(self.add_prompt(given(call)?, call.now, draw).to_json())
    }

    pub(super) fn add_prompt(
        &mut self,
        fields: Map<String, Value>,
        now: Moment,
        draw: &mut Draw,
    ) -> Prompt {
        let prompt = Prompt::new(format!("prompt_{}", draw.hex(24)), now, fields);
        self.prompts.add(&prompt.id, prompt.clone());
        prompt
    }

    pub(super) fn prompt(&self, id: &str) -> Result<&Prompt, Answer> {
        self.prompts.get(id).ok_or_else(|| absent("prompt"))
    }

    pub(super) fn get_prompt(&self, call: &Call) -> Answered {
        self.prompt(call.id("prompt_id")).map(Prompt::to_json)
    }

    pub(super) fn list_prompts(&self, call: &Call) -> Answered {
        let defaults = flag(call, "include_defaults", true);
        let seen = self.prompts.iter().filter(|prompt| defaults || !prompt.is_shared());
        let prompts: Vec<Value> = seen.map(Prompt::to_json).collect();
        let count = prompts.len();
        Ok(json!({ "prompts": prompts, "total_count": count, "active_count": count }))
    }

    pub(super) fn update_prompt(&mut self, call: &Call) -> Answered {
        let new = given(call)?;
        let id = call.id("prompt_id");
        let prompt = self.prompts.get_mut(id).ok_or_else(|| absent("prompt"))?;
        if prompt.is_shared() {
            return Err(forbidden("A shared prompt cannot be changed."));
        }
        prompt.fields.extend(new);
        if call.field("clear_video_level") == Some(&Value::Bool(true)) {
            prompt.fields.remove("video_level");
        }
        Ok(prompt.to_json())
    }

    pub(super) fn delete_prompt(&mut self, call: &Call) -> Answered {
        let id = call.id("prompt_id");
        if self.prompt(id)?.is_shared() {
            return Err(forbidden("A shared prompt cannot be deleted."));
        }
        if self.is_in_use(id) && !flag(call, "force", false) {
            return Err(conflict("The prompt is in use; force=true deletes it all the same."));
        }
        self.prompts.take(id);
        Ok(json!({ "message": "Prompt deleted" }))
    }

    fn is_in_use(&self, id: &str) -> bool {
        self.runs.iter().any(|run| run.prompt.id == id)
    }

    pub(super) fn prompt_usage(&self, call: &Call) -> Answered {
        let prompt = self.prompt(call.id("prompt_id"))?;
        Ok(json!({
            "prompt_id": prompt.id, "name": prompt.name(), "is_active": true,
            "is_in_use": self.is_in_use(&prompt.id), "created_at": prompt.created.to_string(),
            "schema_properties_count": prompt.field_names().len(),
        }))
    }

    /// Data that do not fit are a normal answer.
    pub(super) fn test_schema(call: &Call) -> Answered {
        let schema = call.field("json_schema").unwrap_or(&Value::Null);
        let sample = call.field("sample_data").unwrap_or(&Value::Null);
        let error = match jsonschema::validator_for(schema) {
            Err(error) => Some(format!("the schema is not in order: {error}")),
            Ok(check) => check
                .iter_errors(sample)
                .next()
                .map(|error| format!("{error} at {}", error.instance_path)),
        };
        let valid = error.is_none();
        let message = if valid { "The sample fits." } else { "The sample does not fit." };
        Ok(json!({
            "valid": valid, "validated_data": valid.then_some(sample), "error": error, "message": message,
        }))
    }
}

fn given(call: &Call) -> Result<Map<String, Value>, Answer> {
    checked_schema(call, call.field("json_schema"), "json_schema")?;
    let of_video = call.field("video_level").and_then(|level| level.get("json_schema"));
    checked_schema(call, of_video, "video_level.json_schema")?;
    let mut fields = call.object();
    fields.retain(|name, value| SETTABLE.contains(&name.as_str()) && !value.is_null());
    Ok(fields)
}
