//! VideoVector over HTTP: prompts, runs by the clock, results, retries, exports.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;
#[path = "support/vector.rs"]
mod vector;

use framekey_catalog::Service::VideoVector;
use serde_json::{Value, json};
use vector::{Vector, ids, text};

fn over(index: &str, prompt: &str) -> Value {
    json!({ "prompt_id": prompt, "target": { "type": "index", "index_id": index } })
}

#[tokio::test]
async fn a_prompt_keeps_what_it_is_given() {
    let vv = Vector::new().await;
    let id = vv.prompt().await;
    let path = format!("/prompts/{id}");
    let kept = vv.get(&path).await;
    assert_eq!((&kept["name"], &kept["video_level"]), (&json!("Moods"), &Value::Null));
    assert_eq!(kept["semantic_indexing"]["disabled_segment_fields"], json!([]));
    let level = json!({ "instructions_text": "All of it.", "json_schema": { "type": "object" } });
    let changed = vv.good("PUT", &path, json!({ "video_level": level })).await;
    assert_eq!(
        (&changed["name"], &changed["video_level"]["instructions_text"]),
        (&json!("Moods"), &json!("All of it."))
    );
    assert!(
        vv.good("PUT", &path, json!({ "clear_video_level": true })).await["video_level"].is_null()
    );
    for wrong in [
        json!({ "json_schema": { "type": "array" } }),
        json!({ "json_schema": { "type": "object", "properties": { "a": { "type": "no such type" } } } }),
        json!({ "json_schema": { "type": "object", "title": "x".repeat(65_536) } }),
        json!({ "name": "ab" }),
        json!({ "prompt_text": "x".repeat(5001) }),
    ] {
        assert_eq!(vv.refused(422, "PUT", &path, wrong).await, "validation_error");
    }
    assert_eq!(
        vv.refused(403, "PUT", "/prompts/prompt_general", json!({ "name": "mine" })).await,
        "insufficient_permissions"
    );
    let list = vv.get("/prompts?include_defaults=false").await;
    assert_eq!((ids(&list["prompts"], "prompt_id"), &list["total_count"]), (vec![id], &json!(1)));
}

#[tokio::test]
async fn a_run_goes_by_the_clock_and_shows_how_far_it_is() {
    let vv = Vector::new().await;
    let index = vv.index("Run").await;
    let video = vv.medium("dogs-30s.mp4", &index).await;
    let run = vv.post("/prompt-runs/execute", over(&index, &vv.prompt().await)).await;
    let id = text(&run, "run_id");
    let path = format!("/prompt-runs/{id}");
    for (millis, status, video_status, segment_status) in [
        (0, "pending", "processing", "pending"),
        (50, "processing", "processing", "processing"),
        (149, "processing", "processing", "processing"),
        (1, "completed", "processed", "processed"),
    ] {
        vv.wait(millis);
        assert_eq!(vv.get(&path).await["status"], status);
        let batch = vv.post("/videos/batch/status", json!({ "video_ids": [video] })).await;
        assert_eq!(batch[0]["status"], video_status);
        assert_eq!(batch[0]["processing_status"][0]["status"], status);
        let segments = vv.get(&format!("/videos/{video}/segments?latest_run=true")).await;
        assert_eq!(segments["data"][0]["segment_status"], segment_status);
    }
    let results = vv.get(&format!("{path}/results?video_id={video}&limit=2")).await;
    assert_eq!(results["data"][1]["metadata"]["mood"], "loud");
    let next = text(&results["pagination"], "next_cursor");
    let rest = vv.get(&format!("{path}/results?video_id={video}&limit=2&cursor={next}")).await;
    assert_eq!(
        (rest["data"].as_array().unwrap().len(), &rest["pagination"]["has_more"]),
        (1, &json!(false))
    );
    assert_eq!(
        vv.refused(404, "GET", &format!("{path}/videos/{video}/video-result"), Value::Null).await,
        "not_found"
    );
    assert_eq!(
        vv.refused(404, "GET", &format!("{path}/results?video_id=none"), Value::Null).await,
        "not_found"
    );
}

#[tokio::test]
async fn what_a_run_needs_is_asked_for() {
    let vv = Vector::new().await;
    let index = vv.index("Needs").await;
    let prompt = vv.prompt().await;
    let execute = "/prompt-runs/execute";
    assert_eq!(
        vv.refused(422, "POST", execute, over(&index, &prompt)).await,
        "validation_error",
        "it is empty"
    );
    vv.medium("a-10s.mp4", &index).await;
    assert_eq!(vv.refused(404, "POST", execute, over(&index, "prompt_none")).await, "not_found");
    assert_eq!(vv.refused(404, "POST", execute, over("idx_none", &prompt)).await, "not_found");
    for (name, value) in [
        ("video_segmentation_type", json!("fixed")),
        ("video_segmentation_type", json!("by hand")),
        ("video_segment_duration", json!(301)),
        ("processing_model", json!("gpt")),
        ("target", json!({ "type": "videos" })),
        ("target", json!({ "type": "everything" })),
    ] {
        let mut body = over(&index, &prompt);
        body[name] = value;
        assert_eq!(vv.refused(422, "POST", execute, body).await, "validation_error", "{name}");
    }
    let price = vv.post("/prompt-runs/estimate", over(&index, &prompt)).await;
    vv.run(&index).await;
    let later = vv.post("/prompt-runs/estimate", over(&index, &prompt)).await;
    let spent = price["current_balance_mt"].as_f64().unwrap()
        - later["current_balance_mt"].as_f64().unwrap();
    assert!((spent - price["estimated_mt"].as_f64().unwrap()).abs() < 1e-6);
}

#[tokio::test]
async fn a_run_is_cancelled_before_and_at_work() {
    let vv = Vector::new().await;
    let index = vv.index("Stop").await;
    vv.medium("a-10s.mp4", &index).await;
    let prompt = vv.prompt().await;
    for (millis, at_once) in [(0, "cancelled"), (50, "processing")] {
        let run = text(&vv.post("/prompt-runs/execute", over(&index, &prompt)).await, "run_id");
        vv.wait(millis);
        let path = format!("/prompt-runs/{run}");
        assert_eq!(vv.post(&format!("{path}/cancel"), Value::Null).await["status"], at_once);
        vv.wait(1000);
        let end = vv.get(&path).await;
        assert_eq!(
            (&end["status"], &end["billing_status"]),
            (&json!("cancelled"), &json!("released"))
        );
        assert_eq!((&end["cancelled_videos"], &end["billing_actual_mt"]), (&json!(1), &json!(0.0)));
        assert_eq!(
            vv.refused(409, "POST", &format!("{path}/cancel"), Value::Null).await,
            "conflict"
        );
    }
}

#[tokio::test]
async fn a_failed_segment_is_told_and_tried_again() {
    let vv = Vector::new().await;
    let index = vv.index("Flaky").await;
    let video = vv.medium("dogs-30s-flaky.mp4", &index).await;
    let run = vv.run(&index).await;
    let path = format!("/prompt-runs/{run}");
    let ended = vv.get(&path).await;
    assert_eq!(
        (&ended["status"], &ended["partial_videos"]),
        (&json!("completed_with_failures"), &json!(1))
    );
    let failed = vv.get(&format!("{path}/failed-segments")).await;
    let segment = text(&failed["videos"][0]["segments"][0], "segment_id");
    assert_eq!(failed["operation_counts"]["field_extraction"], 1);
    let results = format!("{path}/results?video_id={video}");
    assert_eq!(vv.get(&results).await["data"].as_array().unwrap().len(), 2);
    let at = format!("{path}/videos/{video}/segments/{segment}");
    let retry = text(&vv.post(&format!("{at}/retry"), Value::Null).await, "retry_id");
    assert_eq!(vv.refused(409, "POST", &format!("{at}/retry"), Value::Null).await, "conflict");
    for (millis, status) in [(0, "processing"), (100, "completed")] {
        vv.wait(millis);
        assert_eq!(vv.get(&format!("{at}/retries/{retry}")).await["status"], status);
    }
    assert_eq!(vv.get(&path).await["status"], "completed");
    assert_eq!(vv.get(&results).await["data"].as_array().unwrap().len(), 3);
    assert_eq!(
        vv.refused(404, "GET", &format!("{at}/retries/none"), Value::Null).await,
        "not_found"
    );
}

#[tokio::test]
async fn an_export_is_downloaded_with_a_credential_or_a_minted_url() {
    let vv = Vector::new().await;
    let index = vv.index("Out").await;
    vv.medium("dogs-30s.mp4", &index).await;
    let run = vv.run(&index).await;
    let id = text(
        &vv.post(&format!("/exports/index/{index}"), json!({ "prompt_run_ids": [run] })).await,
        "export_id",
    );
    let path = format!("/exports/{id}");
    let mint = format!("{path}/download-url");
    assert!(vv.post(&mint, Value::Null).await["download_url"].is_null());
    assert_eq!(vv.refused(409, "GET", &format!("{path}/download"), Value::Null).await, "conflict");
    for (millis, status, queue) in
        [(0, "pending", "queued"), (50, "processing", "running"), (50, "completed", "succeeded")]
    {
        vv.wait(millis);
        let seen = vv.get(&path).await;
        assert_eq!((&seen["status"], &seen["queue_status"]), (&json!(status), &json!(queue)));
    }
    let seen = vv.get(&path).await;
    assert_eq!(seen["download_url"], format!("/api/v2/exports/{id}/download"));
    let got = vv.send("GET", &format!("{path}/download"), Value::Null).await;
    assert_eq!(
        (got.header("content-length"), got.json()["segment_count"].clone()),
        (seen["file_size_bytes"].to_string().as_str(), json!(3))
    );
    let url = text(&vv.post(&mint, Value::Null).await, "download_url");
    let below = url.strip_prefix(&vv.lab.emulator.base_url(VideoVector)).unwrap().to_owned();
    let token = below.split_once("token=").unwrap().1.to_owned();
    assert!(token.starts_with("v1.") && (32..=2048).contains(&token.len()));
    let bare = |path: String| vv.lab.to(VideoVector, "GET", &path).send();
    assert_eq!(bare(below.clone()).await.body, got.body);
    assert_eq!(bare(format!("{path}/download")).await.status, 401);
    assert_eq!(bare(below.replace(&token, "v1.a.b")).await.status, 401);
    let other =
        text(&vv.post(&format!("/exports/prompt-run/{run}"), Value::Null).await, "export_id");
    assert_eq!(bare(below.replace(&id, &other)).await.status, 401, "of one export only");
    assert_eq!(bare(format!("{path}?token={token}")).await.status, 401, "for the download only");
    vv.wait(300_000);
    assert_eq!(bare(below).await.status, 401, "five minutes");
}
