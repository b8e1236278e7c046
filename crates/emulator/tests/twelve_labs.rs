//! Twelve Labs over HTTP: one key, and an index that has moved to v1.3.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use framekey_catalog::Service::TwelveLabs;
use serde_json::{Value, json};
use support::{Got, Lab};

fn index(name: &str) -> Value {
    json!({ "index_name": name, "models": [{ "model_name": "marengo3.0", "model_options": ["visual", "audio"] }] })
}

fn refusal(got: &Got) -> (u16, String) {
    let json = got.json();
    assert!(json["message"].is_string(), "{json}");
    (got.status, json["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_a_flat_401() {
    let lab = Lab::new().await;
    let list = || lab.to(TwelveLabs, "GET", "/indexes");
    assert_eq!(refusal(&list().key("tlk_WRONG").send().await), (401, "api_key_invalid".to_owned()));
    assert_eq!(refusal(&list().send().await).0, 401);
    let key = &lab.emulator.credentials().twelve_labs_key;
    assert_eq!(refusal(&list().bearer(key).send().await).0, 401, "a key is no bearer token");
}

#[tokio::test]
async fn the_old_shape_of_an_index_is_refused_and_the_new_one_taken() {
    let lab = Lab::new().await;
    let make = |body: Value| lab.labs("POST", "/indexes").json(body).send();
    let old = json!({ "engine_id": "marengo2", "index_options": ["visual"], "index_name": "old" });
    assert_eq!(refusal(&make(old).await), (400, "parameter_unknown".to_owned()));
    for missing in ["index_name", "models"] {
        let mut body = index("new");
        body.as_object_mut().unwrap().remove(missing);
        let got = make(body).await;
        assert_eq!(refusal(&got), (400, "parameter_not_provided".to_owned()));
        assert!(got.json()["message"].as_str().unwrap().contains(missing));
    }
    for models in [
        json!("marengo3.0"),
        json!([{ "model_name": "marengo3.0" }]),
        json!([{ "model_name": 3, "model_options": [] }]),
    ] {
        let got = make(json!({ "index_name": "new", "models": models })).await;
        assert_eq!(refusal(&got), (400, "parameter_invalid".to_owned()));
    }
    let made = make(index("new")).await;
    let id = made.json()["_id"].as_str().unwrap().to_owned();
    assert_eq!((made.status, id.len()), (201, 24));
    assert!(id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(refusal(&make(index("new")).await).0, 400, "the name is taken");
}

#[tokio::test]
async fn indexes_are_listed_in_pages_renamed_and_deleted() {
    let lab = Lab::new().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let made =
            lab.labs("POST", "/indexes").json(index(&format!("index {number}"))).send().await;
        ids.push(made.json()["_id"].as_str().unwrap().to_owned());
    }
    let list = |query: &str| {
        let ask = lab.labs("GET", &format!("/indexes?{query}"));
        async move { ask.send().await }
    };
    let page = list("page=2&page_limit=2&sort_option=asc").await.json();
    assert_eq!(
        page["page_info"],
        json!({ "page": 2, "limit_per_page": 2, "total_page": 2, "total_results": 3 })
    );
    assert_eq!(page["data"][0]["index_name"], "index 2");
    assert_eq!(list("index_name=index+1").await.json()["page_info"]["total_results"], 1);
    for bad in ["page=0", "page_limit=51", "page_limit=many"] {
        assert_eq!(refusal(&list(bad).await), (400, "parameter_invalid".to_owned()), "{bad}");
    }
    let path = format!("/indexes/{}", ids[0]);
    let renamed = lab.labs("PUT", &path).json(json!({ "index_name": "renamed" })).send().await;
    assert_eq!((renamed.status, renamed.body.len()), (200, 0));
    let got = lab.labs("GET", &path).send().await.json();
    assert_eq!(
        (&got["index_name"], &got["models"][0]["model_name"]),
        (&json!("renamed"), &json!("marengo3.0"))
    );
    assert_eq!(
        refusal(&lab.labs("PUT", &path).json(json!({})).send().await).1,
        "parameter_not_provided"
    );
    assert_eq!(
        refusal(&lab.labs("PUT", &path).json(json!({ "index_name": 1 })).send().await).1,
        "parameter_invalid"
    );
    assert_eq!(lab.labs("DELETE", &path).send().await.status, 200);
    for method in ["GET", "DELETE"] {
        assert_eq!(
            refusal(&lab.labs(method, &path).send().await),
            (404, "resource_not_exist".to_owned())
        );
    }
}

#[tokio::test]
async fn analyze_streams_unless_told_not_to() {
    let lab = Lab::new().await;
    let asked = json!({ "service": "twelve-labs", "operation": "analyze.create" });
    let question = lab.control("POST", "example").json(asked).send().await.json();
    let analyze = |stream: Value| {
        let mut body = question.clone();
        if !stream.is_null() {
            body["stream"] = stream;
        }
        lab.labs("POST", "/analyze").json(body).send()
    };
    for streamed in [analyze(Value::Null).await, analyze(json!(true)).await] {
        assert_eq!(streamed.header("content-type"), "application/x-ndjson");
        let text = String::from_utf8(streamed.body.to_vec()).unwrap();
        let kinds: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["event_type"].clone())
            .collect();
        assert_eq!((&kinds[0], &kinds[1]), (&json!("stream_start"), &json!("text_generation")));
        assert_eq!(kinds.last(), Some(&json!("stream_end")));
    }
    assert_eq!(analyze(json!(false)).await.header("content-type"), "application/json");
}
