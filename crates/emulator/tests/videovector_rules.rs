//! VideoVector over HTTP: what every operation refuses alike, usage, limits, and the MCP pages.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;
#[path = "support/vector.rs"]
mod vector;

use framekey_catalog::Service::VideoVector;
use framekey_catalog::{Place, Scope};
use serde_json::{Value, json};
use vector::{Vector, text};

const DAY: u64 = 86_400_000;

#[tokio::test]
async fn a_wrong_query_is_refused_in_the_frameworks_own_shape() {
    let vv = Vector::new().await;
    for (path, name, kind) in [
        ("/exports?limit=0", "limit", "greater_than_equal"),
        ("/exports?limit=101", "limit", "less_than_equal"),
        ("/exports?limit=ten", "limit", "int_parsing"),
        ("/indexes?include_defaults=maybe", "include_defaults", "bool_parsing"),
        ("/import-jobs?status=done", "status", "enum"),
        ("/usage/breakdown?start_date=soon", "start_date", "datetime_parsing"),
        ("/workflow/search/page", "cursor", "missing"),
    ] {
        let got = vv.send("GET", path, Value::Null).await;
        let detail = &got.json()["detail"][0];
        assert_eq!(
            (got.status, &detail["loc"], &detail["type"]),
            (422, &json!(["query", name]), &json!(kind)),
            "{path}"
        );
    }
    let list = vv.send("POST", "/indexes", json!([1])).await;
    assert_eq!((list.status, &list.json()["detail"][0]["loc"]), (422, &json!(["body"])));
}

#[tokio::test]
async fn every_operation_on_something_that_is_not_there_answers_404() {
    let vv = Vector::new().await;
    let mut checked = 0;
    for operation in framekey_catalog::operations(VideoVector) {
        let ids = operation.params.iter().filter(|param| param.place == Place::Path);
        if ids.count() == 0 {
            continue;
        }
        let asked = json!({ "service": "videovector", "operation": operation.id });
        let mut example = vv.lab.control("POST", "example").json(asked).send().await.json();
        let mut path = operation.path.to_owned();
        for param in operation.params.iter().filter(|param| param.required) {
            match param.place {
                Place::Path => path = path.replace(&format!("{{{}}}", param.wire), "nothing_here"),
                _ => path = format!("{path}?{}={}", param.wire, text(&example, param.name)),
            }
            example.as_object_mut().unwrap().remove(param.name);
        }
        let body = if operation.method.as_str() == "GET" { Value::Null } else { example };
        assert_eq!(
            vv.refused(404, operation.method.as_str(), &path, body).await,
            "not_found",
            "{}",
            operation.id
        );
        checked += 1;
    }
    assert_eq!(checked, 53);
}

#[tokio::test]
async fn a_scope_is_asked_of_every_operation_that_has_one() {
    let vv = Vector::new().await;
    let body = json!({ "name": "search", "scopes": ["search"] });
    let key = text(&vv.post("/api-keys", body).await, "key");
    for operation in framekey_catalog::operations(VideoVector) {
        let path = operation.path.replace(['{', '}'], "x");
        let got = vv.lab.with_key(&key, operation.method.as_str(), &path).send().await;
        let refused = operation.scope.is_some_and(|scope| scope > Scope::Search)
            || operation.id.starts_with("api_keys.")
            || operation.id == "mcp.get_config";
        assert_eq!(got.status == 403, refused, "{}: {}", operation.id, got.status);
    }
}

#[tokio::test]
async fn usage_is_counted_by_month() {
    let vv = Vector::new().await;
    let index = vv.index("Used").await;
    vv.medium("dogs-30s.mp4", &index).await;
    let run = vv.run(&index).await;
    vv.post(&format!("/indexes/{index}/search"), json!({ "query": "dogs" })).await;
    let now = vv.get("/usage").await;
    let metrics = &now["metrics"];
    assert_eq!(
        (&metrics["processing_seconds"], &metrics["searches"], &metrics["segments_created"]),
        (&json!(30.0), &json!(1.0), &json!(3.0))
    );
    assert_eq!(now["totals"]["total_videos_processed"], 1);
    assert!(now["model_usage"]["gemini-2.5-flash"]["tokens"].as_f64() > Some(0.0));
    let details = vv.get("/usage/details?metric_type=processing_seconds").await;
    assert_eq!(
        (&details[0]["unit"], &details[0]["metadata"]["run_id"]),
        (&json!("seconds"), &json!(run))
    );
    assert_eq!(vv.get("/usage/history").await["periods"], json!([]));
    vv.wait(40 * DAY);
    let past = &vv.get("/usage/history").await["periods"][0];
    assert_eq!((&past["period_start"], &past["metrics"]), (&now["period_start"], metrics));
    assert_eq!(vv.get("/usage").await["metrics"]["searches"], 0.0);
    assert_eq!(vv.get("/usage/history?end_date=2020-01-01T00:00:00Z").await["periods"], json!([]));
}

#[tokio::test]
async fn the_mcp_pages_have_a_key_and_run_tools_as_the_caller() {
    let vv = Vector::new().await;
    let config = vv.get("/mcp/config?platform=cursor").await;
    let key = text(&config["config"]["mcpServers"]["videovector"]["env"], "VIDEOVECTOR_API_KEY");
    assert_eq!(key, vv.lab.emulator.credentials().videovector_key);
    vv.post("/api-keys/key_first/revoke", Value::Null).await;
    let made = vv.get("/mcp/config").await.to_string();
    assert!(!made.contains(&key) && made.contains("sk_live_"), "a new one is made");
    assert_eq!(
        vv.refused(422, "GET", "/mcp/config?platform=lynx", Value::Null).await,
        "validation_error"
    );
    let tools = vv.get("/mcp/tools").await;
    assert_eq!(tools["total_count"], vv.get("/mcp/status").await["tools_count"]);
    let call = |arguments: Value| json!({ "tool_name": "indexes_create", "arguments": arguments });
    let ran = vv.post("/mcp/playground", call(json!({ "name": "By a tool" }))).await;
    assert_eq!((&ran["success"], &ran["result"]["name"]), (&json!(true), &json!("By a tool")));
    assert_eq!(vv.post("/mcp/playground", call(json!({}))).await["success"], false);
    let reader = text(&vv.post("/api-keys", json!({ "name": "r" })).await, "key");
    let ask =
        vv.lab.with_key(&reader, "POST", "/mcp/playground").json(call(json!({ "name": "No" })));
    let refused = ask.send().await.json();
    assert_eq!(
        (&refused["success"], &refused["error"]["error"]["code"]),
        (&json!(false), &json!("insufficient_permissions"))
    );
    assert_eq!(
        vv.refused(404, "POST", "/mcp/playground", json!({ "tool_name": "api_keys_create" })).await,
        "not_found"
    );
}

#[tokio::test]
async fn a_saved_state_goes_on_where_it_was() {
    let vv = Vector::new().await;
    let index = vv.index("Saved").await;
    vv.medium("dogs-30s.mp4", &index).await;
    let body =
        json!({ "prompt_id": "prompt_general", "target": { "type": "index", "index_id": index } });
    let run = text(&vv.post("/prompt-runs/execute", body).await, "run_id");
    vv.wait(60);
    let state = vv.lab.control("GET", "state").send().await.body;
    vv.wait(1000);
    assert_eq!(vv.get(&format!("/prompt-runs/{run}")).await["status"], "completed");
    let loaded = vv.lab.control("PUT", "state").raw("application/json", state).send().await;
    assert_eq!(loaded.status, 204, "{}", loaded.json());
    assert_eq!(vv.get(&format!("/prompt-runs/{run}")).await["status"], "processing");
    vv.wait(1000);
    assert_eq!(vv.get(&format!("/prompt-runs/{run}")).await["status"], "completed");
}
