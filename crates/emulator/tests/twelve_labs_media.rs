//! Twelve Labs over HTTP: assets, what is in an index, tasks, and who may delete what.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Got, Lab};

fn code(got: &Got) -> (u16, String) {
    (got.status, got.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn id(got: &Got) -> String {
    got.json()["_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{}: {}", got.status, got.json()))
        .to_owned()
}

async fn asset(lab: &Lab, name: &str) -> String {
    let url = format!("https://example.com/{name}");
    let made =
        lab.labs("POST", "/assets").form(&[("method", "url"), ("url", &url)], &[]).send().await;
    id(&made)
}

async fn index(lab: &Lab, model: &str) -> String {
    let models = json!([{ "model_name": model, "model_options": ["visual"] }]);
    id(&lab
        .labs("POST", "/indexes")
        .json(json!({ "index_name": model, "models": models }))
        .send()
        .await)
}

async fn get(lab: &Lab, path: &str) -> Value {
    lab.labs("GET", path).send().await.json()
}

#[tokio::test]
async fn an_asset_is_checked_for_a_second_and_then_ready_or_failed() {
    let lab = Lab::new().await;
    let (good, bad) = (asset(&lab, "a.mp4").await, asset(&lab, "broken.mp4").await);
    let index = index(&lab, "marengo3.0").await;
    let path = format!("/indexes/{index}/indexed-assets");
    let add = |asset: &str| lab.labs("POST", &path).json(json!({ "asset_id": asset })).send();
    assert_eq!(code(&add(&good).await), (400, "asset_not_ready".to_owned()));
    assert_eq!(get(&lab, &format!("/assets/{good}")).await.get("size"), None);
    lab.emulator.advance(Duration::from_secs(1));
    assert_eq!(get(&lab, &format!("/assets/{good}")).await["status"], "ready");
    let failed = get(&lab, &format!("/assets/{bad}")).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["error"]["message"].is_string());
    assert_eq!(add(&good).await.status, 202);
    assert_eq!(code(&add(&bad).await), (400, "asset_not_ready".to_owned()));
    assert_eq!(code(&add("0").await), (404, "resource_not_exist".to_owned()));
}

#[tokio::test]
async fn an_asset_in_use_is_deleted_only_by_force() {
    let lab = Lab::new().await;
    let (asset, index) = (asset(&lab, "a.mp4").await, index(&lab, "marengo3.0").await);
    lab.emulator.advance(Duration::from_secs(1));
    let path = format!("/indexes/{index}/indexed-assets");
    let inside = id(&lab.labs("POST", &path).json(json!({ "asset_id": asset })).send().await);
    let gone = format!("/assets/{asset}");
    assert_eq!(code(&lab.labs("DELETE", &gone).send().await), (409, "asset_in_use".to_owned()));
    assert_eq!(lab.labs("DELETE", &format!("{gone}?force=true")).send().await.status, 200);
    assert_eq!(lab.labs("GET", &gone).send().await.status, 404);
    assert_eq!(lab.labs("GET", &format!("{path}/{inside}")).send().await.status, 404);
}

#[tokio::test]
async fn indexing_goes_by_the_clock_and_lists_filter() {
    let lab = Lab::new().await;
    let (asset, index) = (asset(&lab, "a.mp4").await, index(&lab, "marengo3.0").await);
    lab.emulator.advance(Duration::from_secs(1));
    let path = format!("/indexes/{index}/indexed-assets");
    let own = json!({ "asset_id": asset, "user_metadata": { "scene": "river" } });
    let inside = id(&lab.labs("POST", &path).json(own).send().await);
    for status in ["pending", "queued", "indexing", "ready"] {
        assert_eq!(get(&lab, &format!("{path}/{inside}")).await["status"], status);
        let found = get(&lab, &format!("{path}?status={status}")).await;
        assert_eq!(found["page_info"]["total_results"], 1, "{status}");
        lab.emulator.advance(Duration::from_secs(1));
    }
    let count = async |query: &str| {
        let list = lab.labs("GET", &format!("{path}?{query}")).send().await;
        assert_eq!(list.status, 200, "{query}: {}", list.json());
        list.json()["page_info"]["total_results"].as_u64().unwrap()
    };
    assert_eq!(count("duration[gte]=10&duration[lte]=10").await, 1);
    assert_eq!(count("duration[gte]=11").await, 0);
    assert_eq!(count("user_metadata[scene]=river").await, 1);
    assert_eq!(count("user_metadata[scene]=sea").await, 0);
    assert_eq!(count("created_at=2020-01-01T00:00:00Z").await, 1);
    assert_eq!(count("created_at=2999-01-01T00:00:00Z").await, 0);
    for bad in [
        "status=done",
        "width[gte]=wide",
        "width[over]=1",
        "sort_by=size",
        "sort_option=up",
        "created_at=yesterday",
    ] {
        let got = lab.labs("GET", &format!("{path}?{bad}")).send().await;
        assert_eq!(code(&got), (400, "parameter_invalid".to_owned()), "{bad}");
    }
    assert_eq!(get(&lab, &format!("/indexes/{index}")).await["video_count"], 1);
}

#[tokio::test]
async fn a_task_is_deleted_after_its_video() {
    let lab = Lab::new().await;
    let index = index(&lab, "marengo3.0").await;
    let made = lab
        .labs("POST", "/tasks")
        .form(&[("index_id", &index)], &[("video_file", b"bytes")])
        .send()
        .await;
    let (task, video) = (id(&made), made.json()["video_id"].as_str().unwrap().to_owned());
    let path = format!("/tasks/{task}");
    assert_eq!(lab.labs("DELETE", &path).send().await.status, 400, "still at work");
    lab.emulator.advance(Duration::from_secs(4));
    assert_eq!(get(&lab, &path).await["status"], "ready");
    assert_eq!(lab.labs("DELETE", &path).send().await.status, 400, "its video is there");
    let video = format!("/indexes/{index}/videos/{video}");
    assert_eq!(lab.labs("DELETE", &video).send().await.status, 200);
    assert_eq!(lab.labs("DELETE", &path).send().await.status, 200);
    assert_eq!(code(&lab.labs("GET", &path).send().await).0, 404);
}

#[tokio::test]
async fn an_index_with_pegasus_alone_takes_no_videos() {
    let lab = Lab::new().await;
    let index = index(&lab, "pegasus1.2").await;
    let form = [("index_id", index.as_str()), ("video_url", "https://example.com/a.mp4")];
    let got = lab.labs("POST", "/tasks").form(&form, &[]).send().await;
    assert_eq!(code(&got), (400, "index_not_supported".to_owned()));
}

#[tokio::test]
async fn own_fields_are_plain_and_empty_ones_ignored() {
    let lab = Lab::new().await;
    let path = format!("/assets/{}", asset(&lab, "a.mp4").await);
    let own = format!("{path}/user-metadata");
    let set = |method, fields: Value| {
        lab.labs(method, &own).json(json!({ "user_metadata": fields })).send()
    };
    assert_eq!(set("PUT", json!({ "a": 1, "b": "", "c": ["x"], "d": null })).await.status, 200);
    assert_eq!(get(&lab, &path).await["user_metadata"], json!({ "a": 1, "c": ["x"] }));
    assert_eq!(set("PATCH", json!({ "a": null, "c": [], "e": true })).await.status, 200);
    assert_eq!(get(&lab, &path).await["user_metadata"], json!({ "c": ["x"], "e": true }));
    let nested = set("PATCH", json!({ "a": { "b": 1 } })).await;
    assert_eq!(code(&nested), (400, "parameter_invalid".to_owned()));
    assert!(nested.json()["message"].as_str().unwrap().contains("user_metadata.a"));
}

#[tokio::test]
async fn the_times_of_a_thing_go_with_its_status() {
    let lab = Lab::frozen().await;
    let (index, start) = (index(&lab, "marengo3.0").await, lab.emulator.now());
    let form = [("index_id", index.as_str()), ("video_url", "https://example.com/a.mp4")];
    let made = lab.labs("POST", "/tasks").form(&form, &[]).send().await.json();
    let task = format!("/tasks/{}", made["_id"].as_str().unwrap());
    let video = format!("/indexes/{index}/indexed-assets/{}", made["video_id"].as_str().unwrap());
    for (seconds, task_status, at, video_at) in [
        (0, "validating", 0, 0),
        (1, "pending", 1, 1),
        (3, "indexing", 3, 3),
        (4, "ready", 4, 3),
        (9, "ready", 4, 3),
    ] {
        let now = start.plus(seconds);
        lab.control("POST", "clock").json(json!({ "now": now })).send().await;
        let (task, video) = (get(&lab, &task).await, get(&lab, &video).await);
        assert_eq!(task["status"], task_status);
        for (thing, at) in [(&task, at), (&video, video_at)] {
            let at = json!(start.plus(at).to_string());
            assert_eq!((&thing["updated_at"], &thing["hls"]["updated_at"]), (&at, &at), "{thing}");
        }
        if let Some(indexed_at) = video.get("indexed_at") {
            assert_eq!(indexed_at, &video["updated_at"]);
        }
    }
    let later = form[0].1;
    lab.labs("PATCH", &video).json(json!({ "user_metadata": { "a": later } })).send().await;
    let changed = get(&lab, &video).await;
    assert_eq!(changed["updated_at"], start.plus(9).to_string());
    let listed =
        get(&lab, &format!("/tasks?sort_by=updated_at&updated_at={}", start.plus(4))).await;
    assert_eq!(listed["page_info"]["total_results"], 1);
}
