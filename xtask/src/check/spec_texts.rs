//! Texts of the services' documents: there is one wherever a caller looks, and it says more than the name.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::Report;
use super::subject::Subject;

/// The documents, and how many operations each service has.
pub(super) const SERVICES: [(&str, usize); 3] =
    [("api-video", 59), ("twelve-labs", 99), ("videovector", 101)];

pub(super) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Words that add nothing to a name.
const EMPTY: &str = "the a an of for to in on by with and or this that is are be its it which as from at object \
    value field id identifier unique list get create update delete all one";

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let mut texts = Texts::default();
    let mut failures = Vec::new();
    for (service, _) in SERVICES {
        let (file, document) = read(subject, service)?;
        texts.document(&document);
        failures.extend(texts.failures.drain(..).map(|fault| format!("{file}: {fault}")));
    }
    Ok(Report::new(format!("{} texts", texts.seen), failures))
}

pub(super) fn read(subject: &Subject, service: &str) -> Result<(String, Value)> {
    let file = format!("spec/{service}/openapi.yaml");
    let text = subject.text(&file)?;
    let document = serde_saphyr::from_str(&text).with_context(|| format!("{file}: no YAML"))?;
    Ok((file, document))
}

/// Each operation with its place: `GET /videos`.
pub(super) fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.push((format!("{} {path}", method.to_uppercase()), operation));
            }
        }
    }
    found
}

/// The words of a name or a text, in lower case and without a plural's `s`.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let mut spaced = String::new();
    let mut before = ' ';
    for character in text.chars() {
        if character.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_digit())
        {
            spaced.push(' ');
        }
        spaced.push(character.to_ascii_lowercase());
        before = character;
    }
    spaced
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.strip_suffix('s').unwrap_or(word).to_owned())
        .collect()
}

/// Whether a text says nothing that its name does not say.
fn repeats(text: &str, name: &str) -> bool {
    let known: BTreeSet<String> =
        EMPTY.split_whitespace().flat_map(words).chain(words(name)).collect();
    words(text).is_subset(&known)
}

#[derive(Default)]
struct Texts {
    seen: usize,
    failures: Vec<String>,
}

impl Texts {
    fn document(&mut self, document: &Value) {
        let title = document["info"]["title"].as_str().unwrap_or_default();
        self.expect("info.description", title, &document["info"]["description"]);
        for tag in document["tags"].as_array().into_iter().flatten() {
            let name = tag["name"].as_str().unwrap_or_default();
            self.expect(&format!("tag {name}"), name, &tag["description"]);
        }
        for (place, operation) in operations(document) {
            let id = operation["operationId"].as_str().unwrap_or_default();
            self.expect(&format!("{place}: summary"), id, &operation["summary"]);
            self.title(&place, operation["summary"].as_str().unwrap_or_default());
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                self.parameter(&place, parameter);
            }
        }
        let components = &document["components"];
        for (name, parameter) in entries(&components["parameters"]) {
            self.parameter(&format!("components.parameters.{name}"), parameter);
        }
        for part in ["headers", "securitySchemes"] {
            for (name, item) in entries(&components[part]) {
                self.expect(&format!("components.{part}.{name}"), name, &item["description"]);
            }
        }
        for (name, schema) in entries(&components["schemas"]) {
            if schema.get("$ref").is_none() {
                self.expect(&format!("schema {name}"), name, &schema["description"]);
            }
            self.schema(name, schema);
        }
    }

    fn parameter(&mut self, place: &str, parameter: &Value) {
        // A reference's text is where it points.
        if parameter.get("$ref").is_none() {
            let name = parameter["name"].as_str().unwrap_or_default();
            self.expect(&format!("{place}: parameter {name}"), name, &parameter["description"]);
        }
    }

    fn schema(&mut self, place: &str, schema: &Value) {
        for (name, property) in entries(&schema["properties"]) {
            let place = format!("{place}.{name}");
            if property.get("$ref").is_none() {
                self.expect(&format!("schema {place}"), name, &property["description"]);
            }
            self.schema(&place, property);
        }
        self.schema_below(&format!("{place}[]"), &schema["items"]);
        self.schema_below(&format!("{place}{{}}"), &schema["additionalProperties"]);
        for key in ["allOf", "anyOf", "oneOf"] {
            for part in schema[key].as_array().into_iter().flatten() {
                self.schema(place, part);
            }
        }
    }

    /// A summary is a heading in three languages' docs, and stands as one.
    fn title(&mut self, place: &str, summary: &str) {
        if summary.trim_end().ends_with('.') {
            self.failures.push(format!("{place}: summary ends with a full stop; leave it out"));
        }
    }

    fn schema_below(&mut self, place: &str, schema: &Value) {
        if schema.is_object() {
            self.schema(place, schema);
        }
    }

    fn expect(&mut self, place: &str, name: &str, text: &Value) {
        self.seen += 1;
        match text.as_str().map(str::trim) {
            None | Some("") => {
                self.failures.push(format!("{place}: has no text; say what a caller must know"))
            }
            Some(text) if repeats(text, name) => {
                self.failures.push(format!(
                    "{place}: `{text}` only repeats the name; say more or say it better"
                ));
            }
            Some(_) => {}
        }
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn example() -> Value {
        json!({
            "info": {"title": "x", "description": "Hosting for films"},
            "tags": [{"name": "videos", "description": "Films that were uploaded"}],
            "paths": {"/videos": {"get": {
                "operationId": "videos_list",
                "summary": "The films of the project, newest first",
                "parameters": [
                    {"name": "pageSize", "description": "Up to 100"},
                    {"$ref": "#/components/parameters/Page"},
                ],
            }}},
            "components": {
                "parameters": {"Page": {"name": "page", "description": "Counted from 1"}},
                "schemas": {"Video": {
                    "description": "A film",
                    "properties": {
                        "owner": {"$ref": "#/components/schemas/Video"},
                        "tags": {
                            "description": "Words to find it by",
                            "items": {"properties": {"name": {"description": "Up to 20 letters"}}},
                        },
                    },
                }},
            },
        })
    }

    fn found(document: &Value) -> Vec<String> {
        let mut texts = Texts::default();
        texts.document(document);
        texts.failures
    }

    #[test]
    fn a_document_with_texts_passes() {
        assert_eq!(found(&example()), [""; 0]);
    }

    #[test]
    fn every_missing_text_is_found() {
        for place in [
            "/info/description",
            "/tags/0/description",
            "/paths/~1videos/get/summary",
            "/paths/~1videos/get/parameters/0/description",
            "/components/parameters/Page/description",
            "/components/schemas/Video/description",
            "/components/schemas/Video/properties/tags/description",
            "/components/schemas/Video/properties/tags/items/properties/name/description",
        ] {
            let mut damaged = example();
            *damaged.pointer_mut(place).unwrap() = Value::Null;
            assert_eq!(found(&damaged).len(), 1, "{place}");
        }
    }

    #[test]
    fn a_summary_that_ends_with_a_full_stop_is_found() {
        let mut document = example();
        document["paths"]["/videos"]["get"]["summary"] = json!("The films of the project.");
        assert_eq!(found(&document).len(), 1);
    }

    #[test]
    fn a_text_that_only_repeats_the_name_is_found() {
        for (text, name) in [
            ("The page size", "pageSize"),
            ("List all videos", "videos_list"),
            ("The unique identifier of the video", "video_id"),
            ("Upload token", "uploadTokens"),
        ] {
            assert!(repeats(text, name), "{text}");
        }
        assert!(!repeats("Seconds until it ends", "ttl"));
        assert!(!repeats("Items per page, 1 to 100", "pageSize"));
    }
}
