//! Twelve Labs over HTTP: what analysis refuses, tasks and batches by the clock, and the nested errors.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Got, Lab};

/// Flat or nested, the code of a refusal.
fn code(got: &Got) -> (u16, String) {
    let body = got.json();
    let code = body["code"].as_str().or_else(|| body["error"]["code"].as_str());
    (got.status, code.unwrap_or_default().to_owned())
}

async fn asset(lab: &Lab, name: &str) -> String {
    let url = format!("https://example.com/{name}");
    let form = [("method", "url"), ("url", url.as_str())];
    let made = lab.labs("POST", "/assets").form(&form, &[]).send().await.json();
    lab.emulator.advance(Duration::from_secs(1));
    made["_id"].as_str().unwrap().to_owned()
}

async fn question(lab: &Lab) -> Value {
    let asset = asset(lab, "a.mp4").await;
    json!({ "video": { "type": "asset_id", "asset_id": asset }, "prompt": "What is it?", "stream": false })
}

async fn post(lab: &Lab, path: &str, body: &Value) -> Got {
    lab.labs("POST", path).json(body.clone()).send().await
}

/// A question with other fields; null takes one away.
fn with(question: &Value, fields: Value) -> Value {
    let mut question = question.as_object().unwrap().clone();
    question.extend(fields.as_object().unwrap().clone());
    question.retain(|_, value| !value.is_null());
    Value::Object(question)
}

#[tokio::test]
async fn a_question_is_held_against_the_rules() {
    let lab = Lab::new().await;
    let good = question(&lab).await;
    assert_eq!(post(&lab, "/analyze", &good).await.status, 200);
    let segments = json!({ "type": "segment_definitions", "segment_definitions": [{ "id": "s", "description": "d" }] });
    for (fields, expected, names) in [
        (json!({ "video": null }), "parameter_not_provided", "video"),
        (json!({ "video_id": "x" }), "parameter_invalid", "video"),
        (json!({ "video": { "type": "file" } }), "parameter_invalid", "video.type"),
        (json!({ "video": { "type": "url" } }), "parameter_invalid", "video.url"),
        (
            json!({ "video": { "type": "url", "url": "file:///a" } }),
            "parameter_invalid",
            "video.url",
        ),
        (json!({ "prompt": null }), "parameter_not_provided", "prompt"),
        (json!({ "prompt_v2": { "input_text": "a" } }), "parameter_invalid", "prompt_v2"),
        (json!({ "temperature": 1.5 }), "parameter_invalid", "temperature"),
        (json!({ "model_name": "pegasus0" }), "parameter_invalid", "model_name"),
        (json!({ "start_time": 3, "end_time": 3.5 }), "parameter_invalid", "end_time"),
        (
            json!({ "response_format": { "type": "json_schema" } }),
            "parameter_invalid",
            "response_format",
        ),
        (
            json!({ "video": null, "image": [{ "name": "a", "url": "https://example.com/a.png" }] }),
            "parameter_invalid",
            "model_name",
        ),
    ] {
        let got = post(&lab, "/analyze", &with(&good, fields.clone())).await;
        assert_eq!(code(&got), (400, expected.to_owned()), "{fields}");
        assert!(
            got.json()["message"].as_str().unwrap().contains(names),
            "{fields}: {}",
            got.json()
        );
    }
    let missing = with(&good, json!({ "video": { "type": "asset_id", "asset_id": "0" } }));
    assert_eq!(code(&post(&lab, "/analyze", &missing).await).0, 404);
    let task =
        with(&good, json!({ "analysis_mode": "time_based_metadata", "response_format": segments }));
    let nested = post(&lab, "/analyze/tasks", &task).await;
    assert_eq!(code(&nested), (400, "parameter_invalid".to_owned()), "no prompt with segments");
    assert!(nested.json()["error"]["message"].is_string(), "the newer calls nest their errors");
    let label = with(&good, json!({ "custom_id": "a b" }));
    assert_eq!(code(&post(&lab, "/analyze/tasks", &label).await).0, 400);
}

#[tokio::test]
async fn segments_are_json_by_definition() {
    let lab = Lab::new().await;
    let field =
        json!({ "name": "mood", "type": "string", "description": "d", "enum": ["calm", "wild"] });
    let format = json!({
        "type": "segment_definitions", "segment_time_format": "hh:mm:ss",
        "segment_definitions": [{ "id": "scene", "description": "d", "fields": [field] }],
    });
    let mut asked = with(
        &question(&lab).await,
        json!({ "analysis_mode": "time_based_metadata", "response_format": format }),
    );
    asked.as_object_mut().unwrap().remove("prompt");
    let made = post(&lab, "/analyze/tasks", &asked).await.json();
    let path = format!("/analyze/tasks/{}", made["task_id"].as_str().unwrap());
    lab.emulator.advance(Duration::from_secs(3));
    let task = lab.labs("GET", &path).send().await.json();
    let data: Value = serde_json::from_str(task["result"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(
        data,
        json!({ "scene": [{ "start_time": "00:00:00", "end_time": "00:00:05", "metadata": { "mood": "calm" } }] })
    );
}

#[tokio::test]
async fn a_task_goes_by_the_clock_and_is_canceled_only_at_work() {
    let lab = Lab::new().await;
    let asked = question(&lab).await;
    let id = async || {
        let made = post(&lab, "/analyze/tasks", &asked).await;
        assert_eq!(made.status, 202);
        made.json()["task_id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (id().await, id().await);
    let path = format!("/analyze/tasks/{first}");
    for status in ["queued", "pending", "processing"] {
        let task = lab.labs("GET", &path).send().await.json();
        assert_eq!((&task["status"], task.get("completed_at")), (&json!(status), None));
        assert_eq!(
            code(&lab.labs("DELETE", &path).send().await),
            (409, "task_not_terminal".to_owned())
        );
        lab.emulator.advance(Duration::from_secs(1));
    }
    let done = lab.labs("GET", &path).send().await.json();
    assert_eq!((&done["status"], done["completed_at"].is_string()), (&json!("ready"), true));
    let late = lab.labs("POST", &format!("/analyze/tasks/{second}/cancel")).send().await;
    assert_eq!(code(&late), (409, "task_already_terminal".to_owned()));
    let third = format!("/analyze/tasks/{}/cancel", id().await);
    for _ in 0..2 {
        let canceled = lab.labs("POST", &third).send().await;
        assert_eq!((canceled.status, &canceled.json()["status"]), (200, &json!("canceled")));
    }
}

fn batch(asset: &str, labels: &[&str]) -> Value {
    let item = |label: &&str| {
        json!({
            "video": { "type": "asset_id", "asset_id": asset }, "custom_id": label, "prompt": { "input_text": "?" },
        })
    };
    let items: Vec<Value> = labels.iter().map(item).collect();
    json!({ "model_name": "pegasus1.5", "analysis_mode": "general", "requests": items })
}

#[tokio::test]
async fn five_batches_work_at_a_time_and_each_for_a_day() {
    let lab = Lab::new().await;
    let endless = asset(&lab, "endless.mp4").await;
    let mut last = String::new();
    for _ in 0..5 {
        let made = post(&lab, "/analyze/batches", &batch(&endless, &["a", "b"])).await;
        assert_eq!(made.status, 201, "{}", made.json());
        last = made.json()["batch_id"].as_str().unwrap().to_owned();
    }
    let sixth = post(&lab, "/analyze/batches", &batch(&endless, &["a"])).await;
    assert_eq!(code(&sixth), (429, "too_many_requests".to_owned()));
    let path = format!("/analyze/batches/{last}");
    assert_eq!(
        code(&lab.labs("DELETE", &path).send().await),
        (409, "batch_not_terminal".to_owned())
    );
    lab.emulator.advance(Duration::from_secs(86_400));
    let ended = lab.labs("GET", &path).send().await.json();
    assert_eq!((&ended["status"], &ended["canceled_items"]), (&json!("expired"), &json!(2)));
    let again = lab.labs("POST", &format!("{path}/cancel")).send().await;
    assert_eq!(code(&again), (409, "batch_already_terminal".to_owned()));
    assert_eq!(post(&lab, "/analyze/batches", &batch(&endless, &["a"])).await.status, 201);
    lab.emulator.advance(Duration::from_secs(29 * 86_400));
    assert_eq!(code(&lab.labs("GET", &path).send().await).0, 404, "kept for 30 days");
}

#[tokio::test]
async fn labels_of_a_batch_differ_and_failures_have_their_line() {
    let lab = Lab::new().await;
    let good = asset(&lab, "a.mp4").await;
    for labels in [["a", "a"], ["a", "b c"]] {
        let got = post(&lab, "/analyze/batches", &batch(&good, &labels)).await;
        assert_eq!(code(&got), (400, "parameter_invalid".to_owned()));
        assert!(got.json()["error"]["message"].as_str().unwrap().contains("requests[1].custom_id"));
    }
    let none = post(&lab, "/analyze/batches", &batch(&good, &[])).await;
    assert_eq!(code(&none), (400, "parameter_invalid".to_owned()));
    let made = post(&lab, "/analyze/batches", &batch(&good, &["one", "two"])).await.json();
    let path = format!("/analyze/batches/{}/results", made["batch_id"].as_str().unwrap());
    let lines = async || {
        let got = lab.labs("GET", &path).send().await;
        assert_eq!(got.header("content-type"), "application/jsonl");
        let text = String::from_utf8(got.body.to_vec()).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let early = lines().await;
    assert_eq!(
        (early.len(), &early[0]["status"], early[0].get("data")),
        (2, &json!("queued"), None)
    );
    lab.emulator.advance(Duration::from_secs(3));
    let late = lines().await;
    assert_eq!(
        (&late[1]["custom_id"], &late[1]["data"]["finish_reason"]),
        (&json!("two"), &json!("stop"))
    );
}
