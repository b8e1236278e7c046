//! VideoVector over HTTP: search, and the short way through all of it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;
#[path = "support/vector.rs"]
mod vector;

use serde_json::{Value, json};
use vector::{Vector, ids, text};

#[tokio::test]
async fn only_what_runs_have_found_is_found() {
    let vv = Vector::new().await;
    let index = vv.index("Found").await;
    let dogs = vv.medium("dogs-30s.mp4", &index).await;
    let search = format!("/indexes/{index}/search");
    assert_eq!(vv.post(&search, json!({ "query": "dogs" })).await, json!([]));
    let run = vv.run(&index).await;
    vv.medium("cats-30s.mp4", &index).await;
    let hits = vv.post(&search, json!({ "query": "loud dogs" })).await;
    assert_eq!(hits.as_array().unwrap().len(), 3);
    assert_eq!(
        (&hits[0]["extracted_metadata"]["mood"], &hits[0]["similarity_score"]),
        (&json!("loud"), &json!(1.0))
    );
    assert!(hits.as_array().unwrap().iter().all(|hit| hit["video_id"] == dogs.as_str()));
    let second = vv.run(&index).await;
    let of = |runs: Value| json!({ "query": "cats", "run_ids": runs, "top_k": 100 });
    assert_eq!(vv.post(&search, of(json!([run]))).await.as_array().unwrap().len(), 3);
    assert_eq!(vv.post(&search, of(json!([second]))).await.as_array().unwrap().len(), 6);
    let both = json!({ "query": "dogs", "run_ids": [run, second], "top_k": 50 });
    let best = vv.post("/search/multi-run", both.clone()).await;
    let mut all = both;
    all["aggregation"] = json!("all");
    assert_eq!(
        (
            best.as_array().unwrap().len(),
            vv.post("/search/multi-run", all).await.as_array().unwrap().len()
        ),
        (6, 9)
    );
    vv.good("DELETE", &format!("/videos/{dogs}"), Value::Null).await;
    assert_eq!(
        vv.post(&search, of(json!([run]))).await,
        json!([]),
        "a deleted medium is not found"
    );
    assert_eq!(
        vv.refused(404, "POST", "/indexes/idx_none/search", json!({ "query": "x" })).await,
        "not_found"
    );
    for body in [
        json!({ "query": " " }),
        json!({ "query": "x", "top_k": 101 }),
        json!({ "query": "x", "top_k": "9" }),
    ] {
        assert_eq!(vv.refused(422, "POST", &search, body).await, "validation_error");
    }
}

#[tokio::test]
async fn image_search_needs_pictures_and_weights_make_one() {
    let vv = Vector::new().await;
    let index = vv.index("Pictures").await;
    vv.medium("dogs-30s.mp4", &index).await;
    let body = json!({
        "prompt_id": vv.prompt().await, "target": { "type": "index", "index_id": index },
        "enable_image_embedding": false,
    });
    vv.post("/prompt-runs/execute", body).await;
    vv.wait(1000);
    let image = format!("/indexes/{index}/image-search");
    assert_eq!(vv.post(&image, json!({ "image_data": "AAAA" })).await, json!([]));
    vv.run(&index).await;
    assert_eq!(vv.post(&image, json!({ "image_data": "AAAA" })).await.as_array().unwrap().len(), 3);
    let both = format!("/indexes/{index}/multimodal-search");
    for body in [
        json!({}),
        json!({ "text_query": "a", "text_weight": 0.9 }),
        json!({ "image_data": "data:image/png;base64,AAAA" }),
    ] {
        assert_eq!(vv.refused(422, "POST", &both, body).await, "validation_error");
    }
    let all =
        json!({ "text_query": "loud", "text_weight": 1, "image_weight": 0, "image_data": "AAAA" });
    assert_eq!(vv.post(&both, all).await[0]["text_rank"], 1, "only the text counts");
}

#[tokio::test]
async fn conditions_are_exact_and_come_in_pages() {
    let vv = Vector::new().await;
    let index = vv.index("Exact").await;
    vv.medium("dogs-60s.mp4", &index).await;
    vv.run(&index).await;
    let path = format!("/search/filter/{index}");
    let calm = json!({ "field": "mood", "type": "string", "operator": "equals", "value": "calm" });
    let mut seen = Vec::new();
    let mut body = json!({ "conditions": [calm], "page_size": 2 });
    loop {
        let page = vv.post(&path, body.clone()).await;
        seen.extend(ids(&page["data"], "segment_id"));
        let Some(next) = page["pagination"]["next_cursor"].as_str() else { break };
        body["cursor"] = json!(next);
    }
    assert_eq!(seen.len(), 3);
    for conditions in
        [json!([]), json!([calm, calm, calm, calm, calm]), json!([{ "field": "mood" }])]
    {
        assert_eq!(
            vv.refused(422, "POST", &path, json!({ "conditions": conditions })).await,
            "validation_error"
        );
    }
    assert_eq!(
        vv.post("/search/filter/playground", json!({ "conditions": [calm] })).await["data"],
        json!([])
    );
}

#[tokio::test]
async fn a_workflow_search_stays_the_same_while_it_is_paged() {
    let vv = Vector::new().await;
    let ask = vv.lab.user("POST", "/workflow/upload");
    let job = ask
        .form_of(&[("index_name", "By name")], &[("file", "film-300s.mp4", b"bytes")])
        .send()
        .await
        .json();
    let job = text(&job, "job_id");
    let process = json!({ "prompt_instruction": "Name every animal", "import_job_id": job });
    assert_eq!(
        vv.refused(409, "POST", "/workflow/process", process.clone()).await,
        "conflict",
        "still importing"
    );
    vv.wait(1000);
    let started = vv.post("/workflow/process", process.clone()).await;
    assert_eq!(
        started["status_url"],
        format!("/api/v2/prompt-runs/{}", text(&started["run"], "run_id"))
    );
    vv.wait(1000);
    let body = json!({ "query": "film", "index_name": "By name", "limit": 20 });
    let first = vv.post("/workflow/search", body.clone()).await;
    assert_eq!((&first["mode"], &first["pagination"]["count"]), (&json!("vector"), &json!(20)));
    vv.post("/workflow/process", process).await;
    vv.wait(1000);
    let next = text(&first["pagination"], "next_cursor");
    let second = vv.get(&format!("/workflow/search/page?cursor={next}")).await;
    assert_eq!(
        (&second["pagination"]["count"], &second["pagination"]["has_more"]),
        (&json!(10), &json!(false))
    );
    let again = vv.post("/workflow/search", body).await;
    assert_eq!(again["coverage"]["hits"], 60);
    let other = vv.index("By name").await;
    let twice = json!({ "query": "film", "index_name": "By name" });
    assert_eq!(
        vv.refused(409, "POST", "/workflow/search", twice).await,
        "conflict",
        "two of one name"
    );
    vv.good("DELETE", &format!("/indexes/{other}"), Value::Null).await;
    for wrong in [
        json!({}),
        json!({ "query": "a", "filters": [{ "field": "a", "type": "string", "operator": "is_empty" }] }),
        json!({ "query": "a", "limit": 51 }),
    ] {
        assert_eq!(vv.refused(422, "POST", "/workflow/search", wrong).await, "validation_error");
    }
    let lost = vv.get("/prompts?include_defaults=false").await["total_count"].clone();
    let nothing = json!({ "prompt_instruction": "Anything", "video_ids": ["video_none"] });
    assert_eq!(vv.refused(404, "POST", "/workflow/process", nothing).await, "not_found");
    assert_eq!(
        vv.get("/prompts?include_defaults=false").await["total_count"],
        lost,
        "no prompt is left behind"
    );
}
