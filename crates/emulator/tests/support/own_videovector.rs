//! Objects of VideoVector for a call of each of its operations.

use std::collections::BTreeMap;
use std::time::Duration;

use framekey_catalog::Operation;
use serde_json::{Value, json};

use crate::support::{Got, Lab};

/// A port where nobody listens: deliveries to it fail.
const NOBODY: &str = "http://127.0.0.1:9/hook";

fn text(got: &Got, pointer: &str) -> String {
    let json = got.json();
    let value = json.pointer(pointer).and_then(Value::as_str);
    value.unwrap_or_else(|| panic!("no {pointer} in {json}")).to_owned()
}

async fn post(lab: &Lab, path: &str, body: Value) -> Got {
    let got = lab.user("POST", path).json(body).send().await;
    assert_eq!(got.status, 200, "{path}: {}", got.json());
    got
}

async fn get(lab: &Lab, path: &str) -> Got {
    let got = lab.user("GET", path).send().await;
    assert_eq!(got.status, 200, "{path}: {}", got.json());
    got
}

/// Starts the import of a file.
async fn upload(lab: &Lab, file: &str, index: &str) -> String {
    let ask = lab.user("POST", "/videos/upload");
    let texts = [("title", "Dogs at play"), ("index_id", index)];
    let got = ask.form_of(&texts, &[("file", file, b"bytes")]).send().await;
    text(&got, "/job_id")
}

/// A prompt that extracts from segments and from whole media.
pub(crate) fn prompt() -> Value {
    let schema = json!({ "type": "object", "properties": {
        "mood": { "type": "string", "enum": ["calm", "loud"] }, "count": { "type": "integer" },
        "tags": { "type": "array", "items": { "type": "string" } },
    }});
    json!({
        "name": "What is it", "description": "", "prompt_text": "Say what is to be seen.", "json_schema": schema,
        "video_level": { "instructions_text": "Sum it up.", "json_schema": schema },
    })
}

/// Objects by the name of the path or query parameter that takes their id.
pub(crate) async fn own(lab: &Lab, operation: &Operation) -> Vec<(&'static str, String)> {
    let mut own = BTreeMap::new();
    let key = post(lab, "/api-keys", json!({ "name": "own" })).await;
    own.insert("key_id", text(&key, "/key_id"));
    if operation.id.starts_with("api_keys.") || operation.id.starts_with("usage.") {
        return own.into_iter().collect();
    }
    let index = text(&post(lab, "/indexes", json!({ "name": "own" })).await, "/index_id");
    let prompt_id = text(&post(lab, "/prompts", prompt()).await, "/prompt_id");
    let connector = json!({
        "name": "own", "bucket": "own", "region": "us-east-1", "aws_access_key_id": "a",
        "aws_secret_access_key": "b", "scopes": ["import", "export"],
    });
    let connector = text(&post(lab, "/connectors/s3", connector).await, "/connector_id");
    let job = upload(lab, "dogs-30s-flaky.mp4", &index).await;
    let unreadable = upload(lab, "dogs-unreadable.mp4", &index).await;
    lab.emulator.advance(Duration::from_secs(1));
    let outputs = get(lab, &format!("/import-jobs/{job}/outputs")).await;
    let video = text(&outputs, "/items/0/video_id");
    let execute =
        json!({ "prompt_id": prompt_id, "target": { "type": "index", "index_id": index } });
    let run = text(&post(lab, "/prompt-runs/execute", execute.clone()).await, "/run_id");
    lab.emulator.advance(Duration::from_secs(1));
    let failed = get(lab, &format!("/prompt-runs/{run}/failed-segments")).await;
    let segment = text(&failed, "/videos/0/segments/0/segment_id");
    let export =
        text(&post(lab, &format!("/exports/index/{index}"), json!({})).await, "/export_id");
    lab.emulator.advance(Duration::from_secs(1));
    let hook = json!({ "name": "own", "url": NOBODY, "events": ["media.created"] });
    let hook = text(&post(lab, "/webhooks", hook).await, "/webhook_id");
    lab.user("POST", &format!("/webhooks/{hook}/test")).send().await;
    let deliveries = get(lab, &format!("/webhooks/{hook}/deliveries")).await;
    own.insert("delivery_id", text(&deliveries, "/0/delivery_id"));
    let search = json!({ "query": "dogs", "index_id": index, "limit": 1 });
    let search = post(lab, "/workflow/search", search).await;
    own.insert("cursor", text(&search, "/pagination/next_cursor"));
    match operation.id {
        "indexes.get_deletion" => {
            drop(lab.user("DELETE", &format!("/indexes/{index}")).send().await)
        }
        "videos.get_deletion" => drop(lab.user("DELETE", &format!("/videos/{video}")).send().await),
        "prompt_runs.get_segment_retry" => {
            let path = format!("/prompt-runs/{run}/videos/{video}/segments/{segment}/retry");
            own.insert("retry_id", text(&lab.user("POST", &path).send().await, "/retry_id"));
        }
        _ => {}
    }
    let job = match operation.id {
        "import_jobs.cancel" => upload(lab, "more.mp4", &index).await,
        "import_jobs.retry" => unreadable,
        _ => job,
    };
    let open = if operation.id == "prompt_runs.cancel" {
        text(&post(lab, "/prompt-runs/execute", execute).await, "/run_id")
    } else {
        run
    };
    // A prompt that no run has used.
    let prompt_id = match operation.id {
        "prompts.delete" => text(&post(lab, "/prompts", prompt()).await, "/prompt_id"),
        _ => prompt_id,
    };
    own.extend([
        ("index_id", index),
        ("prompt_id", prompt_id),
        ("connector_id", connector),
        ("job_id", job),
        ("video_id", video),
        ("run_id", open),
        ("segment_id", segment),
        ("export_id", export),
        ("webhook_id", hook),
    ]);
    own.into_iter().collect()
}

/// The body of an operation, by the least that its document takes.
pub(crate) fn body(operation: &Operation, own: &[(&'static str, String)], least: Value) -> Value {
    let id = |name: &str| own.iter().find(|(known, _)| *known == name).map(|(_, id)| json!(id));
    let mut body = least;
    for name in ["index_id", "prompt_id", "connector_id"] {
        if let (Some(slot), Some(id)) = (body.get_mut(name), id(name)) {
            *slot = id;
        }
    }
    let more = match operation.id {
        "prompts.create" | "prompts.update" => prompt(),
        "prompt_runs.execute" | "prompt_runs.estimate" => {
            json!({ "target": { "type": "index", "index_id": id("index_id") } })
        }
        "videos.create" => json!({ "video_uri": "gs://bucket/dogs.mp4" }),
        "videos.create_signed_url" => json!({ "gcs_uri": "gs://bucket/dogs.mp4" }),
        "videos.batch_list_segments" => json!({ "video_ids": [id("video_id")] }),
        "videos.batch_get" | "videos.batch_get_status" => json!({ "video_ids": [id("video_id")] }),
        "search.image" => json!({ "image_data": "AAAA" }),
        "search.multimodal" => json!({ "text_query": "dogs" }),
        "search.multi_run" => json!({ "index_id": id("index_id") }),
        "search.filter" | "search.filter_playground" => {
            json!({ "conditions": [{ "field": "mood", "type": "string", "operator": "equals", "value": "calm" }] })
        }
        "webhooks.create" => {
            json!({ "url": "https://hooks.example/x", "events": ["media.created"] })
        }
        "workflow.process" => json!({ "prompt_id": id("prompt_id"), "index_id": id("index_id") }),
        "workflow.search" => json!({ "query": "dogs", "index_id": id("index_id") }),
        "mcp.run_playground" => json!({ "tool_name": "indexes_list", "arguments": {} }),
        _ => json!({}),
    };
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}
