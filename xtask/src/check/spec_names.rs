//! Names of operations: one vocabulary of verbs over the three services, and all operations there.

use anyhow::Result;
use serde_json::Value;

use super::report::Report;
use super::spec_texts::{METHODS, SERVICES, operations, read, words};
use super::subject::Subject;

/// The first word of every verb: for whatever is stored, for its parts, for files and streams, for
/// looking, for work, for credentials. A new one is a decision, to be explained in its commit.
const VERBS: [&str; 6] = [
    "list get create update delete",
    "add remove replace define",
    "upload download pick complete",
    "search text image multimodal filter multi browse playground",
    "execute process run cancel retry batch estimate validate test report",
    "rotate revoke refresh authorize",
];

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let (mut failures, mut counts) = (Vec::new(), Vec::new());
    for (service, count) in SERVICES {
        let (file, document) = read(subject, service)?;
        let found = faults(&document, count);
        failures.extend(found.into_iter().map(|fault| format!("{file}: {fault}")));
        counts.push(operations(&document).len().to_string());
    }
    Ok(Report::new(format!("{} operations", counts.join(" + ")), failures))
}

fn faults(document: &Value, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    if document["openapi"] != "3.0.3" {
        found.push(format!("openapi is {}, not 3.0.3", document["openapi"]));
    }
    let operations = operations(document);
    if operations.len() != count {
        found
            .push(format!("{} operations, not {count}; the service has {count}", operations.len()));
    }
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let others = item.as_object().into_iter().flat_map(|item| item.keys());
        for other in others.filter(|key| !METHODS.contains(&key.as_str()) && *key != "parameters") {
            found
                .push(format!("{path}: has `{other}`, which is not one of {}", METHODS.join(", ")));
        }
    }
    for (place, operation) in operations {
        found.extend(name_faults(operation).into_iter().map(|fault| format!("{place}: {fault}")));
    }
    found
}

fn name_faults(operation: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut text = |key: &str| {
        let text = operation[key].as_str().unwrap_or_default();
        if text.is_empty() {
            found.push(format!("has no {key}; write it beside operationId"));
        }
        text
    };
    let (resource, verb) = (text("x-resource"), text("x-verb"));
    let id = text("operationId");
    text("x-official-name");
    if !found.is_empty() {
        return found;
    }
    let expected = format!("{resource}.{verb}").replace('.', "_");
    if id != expected {
        found
            .push(format!("operationId is {id}, not {expected}, which its resource and verb make"));
    }
    let first = verb.split('_').next().unwrap_or_default();
    if !VERBS.iter().flat_map(|verbs| verbs.split(' ')).any(|verb| verb == first) {
        found.push(format!(
            "`{first}` of {resource}.{verb} is not in our vocabulary; take a verb of xtask/src/check/spec_names.rs"
        ));
    }
    if let Some(noun) = repeated_noun(resource, verb) {
        found.push(format!("{resource}.{verb} says `{noun}` twice; the resource says it already"));
    }
    found
}

/// The noun of the resource that its verb says again: `token` in `upload_tokens.create_token`.
/// What comes after `by`, `for`, `with` is another thing, although it may share the name.
fn repeated_noun(resource: &str, verb: &str) -> Option<String> {
    let object: Vec<&str> =
        verb.split('_').take_while(|word| !["by", "for", "with"].contains(word)).collect();
    let object = words(&object.join(" "));
    resource.split('.').find_map(|part| {
        let noun = words(part.rsplit('_').next()?).into_iter().next()?;
        object.contains(&noun).then_some(noun)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation(resource: &str, verb: &str) -> Value {
        json!({
            "operationId": format!("{resource}_{verb}").replace('.', "_"),
            "x-resource": resource, "x-verb": verb, "x-official-name": "theirs",
        })
    }

    #[test]
    fn good_names_pass() {
        for (resource, verb) in [
            ("videos", "list"),
            ("videos", "upload_with_token"),
            ("indexes.indexed_assets", "list_by_asset"),
            ("knowledge_stores.item_collections", "list_items"),
            ("search", "multi_run"),
        ] {
            assert_eq!(name_faults(&operation(resource, verb)), [""; 0], "{resource}.{verb}");
        }
    }

    #[test]
    fn a_verb_out_of_the_vocabulary_is_found() {
        assert_eq!(name_faults(&operation("videos", "fetch")).len(), 1);
    }

    #[test]
    fn a_noun_said_twice_is_found() {
        for (resource, verb) in [
            ("upload_tokens", "create_token"),
            ("videos", "get_video"),
            ("indexes.videos", "delete_videos"),
            ("search", "search"),
        ] {
            assert_eq!(name_faults(&operation(resource, verb)).len(), 1, "{resource}.{verb}");
        }
    }

    #[test]
    fn a_missing_name_or_a_wrong_id_is_found() {
        for key in ["operationId", "x-resource", "x-verb", "x-official-name"] {
            let mut damaged = operation("videos", "list");
            damaged[key] = Value::Null;
            assert_eq!(name_faults(&damaged).len(), 1, "{key}");
        }
        let mut damaged = operation("videos", "list");
        damaged["operationId"] = json!("listVideos");
        assert_eq!(name_faults(&damaged).len(), 1);
    }

    #[test]
    fn counts_versions_and_strange_methods_are_held() {
        let document = |version: &str, method: &str| json!({"openapi": version, "paths": {"/a": {method: operation("videos", "list")}}});
        assert_eq!(faults(&document("3.0.3", "get"), 1), [""; 0]);
        assert_eq!(faults(&document("3.1.0", "get"), 1).len(), 1);
        assert_eq!(faults(&document("3.0.3", "get"), 2).len(), 1);
        assert_eq!(faults(&document("3.0.3", "trace"), 0).len(), 1);
    }
}
