//! The demo, step by step, and that it notices what differs.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::Service;
use framekey_cli::demo::{Options, Report, run};
use framekey_emulator::Fault;
use serde_json::{Value, json};

async fn play(faults: Vec<Fault>) -> Report {
    run(Options { json: true, ..Options::default() }, faults).await.unwrap()
}

/// Story by story: step, operations, credentials, requests.
const STEPS: [(&str, &str, &str, usize); 51] = [
    (
        "list videos: the key is exchanged first",
        "access_tokens.create videos.list",
        "none bearer",
        2,
    ),
    ("list again: the token is used again", "videos.list", "bearer", 1),
    ("create a video", "videos.create", "bearer", 1),
    ("upload the file in parts", "videos.upload", "bearer", 3),
    ("wait until it can be played", "videos.get_status", "bearer", 0),
    ("delete the video: it is gone", "videos.delete videos.get", "bearer", 2),
    (
        "3700 s later: one new exchange, no error",
        "access_tokens.create videos.list",
        "none bearer",
        2,
    ),
    ("the alternative: the key itself, as HTTP basic", "videos.list", "basic", 1),
    (
        "the option: renew by refresh token (first token)",
        "access_tokens.create videos.list",
        "none bearer",
        2,
    ),
    (
        "3700 s later: renewed by the refresh token",
        "access_tokens.refresh videos.list",
        "none bearer",
        2,
    ),
    ("the sandbox, with its own key", "access_tokens.create videos.list", "none bearer", 2),
    ("the sandbox key in production is refused", "access_tokens.create", "none", 1),
    (
        "make an upload token that lives 600 s",
        "access_tokens.create upload_tokens.create",
        "none bearer",
        2,
    ),
    (
        "upload with the token and no other credential",
        "videos.upload_with_token",
        "upload_token",
        3,
    ),
    ("the token opens nothing else: refused before it is sent", "", "", 0),
    ("make a second token that does not end", "upload_tokens.create", "bearer", 1),
    ("list tokens, sorted, one a page", "upload_tokens.list", "bearer", 1),
    ("get the first one", "upload_tokens.get", "bearer", 1),
    ("delete the second one: it is gone", "upload_tokens.delete upload_tokens.get", "bearer", 2),
    ("it uploads nothing any more", "videos.upload_with_token", "upload_token", 1),
    ("give the video a title and metadata", "videos.update", "bearer", 1),
    ("create another with a longer title", "videos.create", "bearer", 1),
    ("find the first by its exact title", "videos.list", "bearer", 1),
    ("delete it: it is gone", "videos.delete videos.get", "bearer", 2),
    ("delete the other: it is gone", "videos.delete videos.get", "bearer", 2),
    (
        "601 s later the upload is refused, and says why",
        "videos.upload_with_token",
        "upload_token",
        1,
    ),
    ("the token itself is gone by then", "upload_tokens.get", "bearer", 1),
    ("create an index in the v1.3 shape", "indexes.create", "api_key", 1),
    ("list indexes", "indexes.list", "api_key", 1),
    ("delete the index: it is gone", "indexes.delete indexes.get", "api_key", 2),
    ("the old shape (engine_id) is refused", "indexes.create", "api_key", 1),
    ("a wrong key: the 401 with its message and what to do", "indexes.list", "api_key", 1),
    ("two months later the key has ended: the 401 says what to do", "indexes.list", "api_key", 1),
    ("with an API key: making a key is refused before it is sent", "", "", 0),
    ("list prompt runs with the key", "prompt_runs.list", "api_key", 1),
    ("with the JWT: make a key with scopes and an end", "api_keys.create", "bearer", 1),
    ("use it: list prompt runs", "prompt_runs.list", "api_key", 1),
    ("it has no write scope: a write meets 403", "indexes.create", "api_key", 1),
    ("rotate it", "api_keys.rotate", "bearer", 1),
    ("the old key is refused at once", "prompt_runs.list", "api_key", 1),
    ("the new one works", "prompt_runs.list", "api_key", 1),
    ("revoke it: it stays listed, inactive", "api_keys.revoke api_keys.get", "bearer", 2),
    ("delete it: it is gone", "api_keys.delete api_keys.get", "bearer", 2),
    ("delete the old one: it is gone", "api_keys.delete api_keys.get", "bearer", 2),
    ("make a key that ends in a week", "api_keys.create", "bearer", 1),
    ("it works", "prompt_runs.list", "api_key", 1),
    ("a week later it is refused", "prompt_runs.list", "api_key", 1),
    ("delete the key of a week: it is gone", "api_keys.delete api_keys.get", "bearer", 2),
    (
        "with the JWT: a configuration for AI clients, with a key that reads",
        "mcp.get_config",
        "bearer",
        1,
    ),
    ("its key lists prompt runs", "prompt_runs.list", "api_key", 1),
    ("with an API key it is refused before it is sent", "", "", 0),
];

fn words(list: &Value) -> String {
    let items: Vec<&str> = list.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    items.join(" ")
}

#[tokio::test]
async fn the_json_output_is_right_step_by_step() {
    let report = play(Vec::new()).await.to_json();
    let steps = report["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(names, STEPS.map(|(name, ..)| name));
    for (step, (name, operations, credentials, requests)) in steps.iter().zip(STEPS) {
        assert_eq!(words(&step["operations"]), operations, "{name}");
        assert_eq!(words(&step["credentials"]), credentials, "{name}");
        // How often a status is asked depends on the machine.
        if requests > 0 {
            assert_eq!(step["requests"], json!(requests), "{name}");
        }
        assert_eq!(
            (&step["ok"], &step["differs"], &step["skipped"]),
            (&json!(true), &Value::Null, &Value::Null),
            "{name}: {step}"
        );
    }
    let totals = &report["totals"];
    assert_eq!(
        (&totals["steps"], &totals["ok"], &totals["failed"]),
        (&json!(STEPS.len()), &json!(STEPS.len()), &json!(0))
    );
    let late = steps
        .iter()
        .find(|step| step["step"] == "601 s later the upload is refused, and says why")
        .unwrap();
    let refused = late["result"].as_str().unwrap();
    assert!(refused.contains("unknown or has expired"), "{refused}");
}

#[tokio::test]
async fn a_planted_fault_is_seen() {
    let broken =
        Fault::always(Service::ApiVideo, "videos.delete", 500, json!({ "title": "broken" }));
    let report = play(vec![broken]).await;
    let differing: Vec<&str> =
        report.rows.iter().filter(|row| row.differs.is_some()).map(|row| row.step).collect();
    let deletes =
        ["delete the video: it is gone", "delete it: it is gone", "delete the other: it is gone"];
    assert_eq!(differing, deletes, "{}", report.to_table());
    let once = Fault {
        calls: vec![3],
        ..Fault::always(Service::ApiVideo, "access_tokens.create", 503, json!({}))
    };
    assert!(play(vec![once]).await.failed() > 0);
    let reused = Fault::always(
        Service::VideoVector,
        "api_keys.rotate",
        200,
        json!({ "new_key": { "key": "sk_x" } }),
    );
    let report = play(vec![reused]).await;
    assert!(
        report
            .rows
            .iter()
            .any(|row| row.step == "the old key is refused at once" && row.differs.is_some())
    );
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_credential() {
    let report = play(Vec::new()).await;
    let shown = format!("{}\n{}", report.to_table(), report.to_json());
    for shape in ["sk_live_", "tlk_", "eyJ", "Bearer ", "Basic "] {
        assert!(!shown.contains(shape), "{shape} in the report");
    }
}
