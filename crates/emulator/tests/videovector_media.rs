//! VideoVector over HTTP: indexes, imports, media, segments, connectors, and their deletions.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;
#[path = "support/vector.rs"]
mod vector;

use serde_json::{Value, json};
use vector::{Vector, ids, text};

#[tokio::test]
async fn an_index_is_listed_kept_and_deleted_in_steps() {
    let vv = Vector::new().await;
    let id = vv.index("One").await;
    assert_eq!(vv.get(&format!("/indexes/{id}")).await["name"], "One");
    let all = vv.get("/indexes").await;
    assert_eq!(ids(&all, "index_id"), ["idx_demo", id.as_str()]);
    assert_eq!(ids(&vv.get("/indexes?include_defaults=false").await, "index_id"), [id.as_str()]);
    assert_eq!(
        vv.refused(404, "GET", &format!("/indexes/{id}/deletion"), Value::Null).await,
        "not_found"
    );
    let video = vv.medium("a-10s.mp4", &id).await;
    let begun = vv.good("DELETE", &format!("/indexes/{id}"), Value::Null).await;
    assert_eq!((&begun["status"], &begun["retry_after_seconds"]), (&json!("draining"), &json!(1)));
    for path in
        [format!("/indexes/{id}"), format!("/indexes/{id}/videos"), format!("/videos/{video}")]
    {
        assert_eq!(vv.refused(404, "GET", &path, Value::Null).await, "not_found");
    }
    for (millis, status) in [(50, "deleting"), (50, "deleted")] {
        vv.wait(millis);
        let seen = vv.good("DELETE", &format!("/indexes/{id}"), Value::Null).await;
        assert_eq!(
            (&seen["deletion_id"], &seen["status"]),
            (&begun["deletion_id"], &json!(status))
        );
    }
    assert!(vv.get(&format!("/indexes/{id}/deletion")).await["retry_after_seconds"].is_null());
    let shared = vv.refused(403, "DELETE", "/indexes/idx_demo", Value::Null).await;
    assert_eq!(shared, "insufficient_permissions");
}

#[tokio::test]
async fn an_import_goes_by_the_clock() {
    let vv = Vector::new().await;
    let index = vv.index("Clock").await;
    let job = text(&vv.upload("talk-95m.mp4", &index).await.json(), "job_id");
    let path = format!("/import-jobs/{job}");
    for (millis, status) in [(0, "pending"), (50, "scanning"), (49, "scanning"), (1, "importing")] {
        vv.wait(millis);
        assert_eq!(vv.get(&path).await["status"], status);
        assert_eq!(vv.get(&format!("/indexes/{index}/videos")).await["data"], json!([]));
    }
    assert_eq!(ids(&vv.get("/import-jobs?status=IMPORTING").await, "job_id"), [job.as_str()]);
    vv.wait(50);
    let done = vv.get(&path).await;
    assert_eq!(
        (&done["status"], &done["progress"]["parts_completed"]),
        (&json!("completed"), &json!(3))
    );
    let media = vv.get(&format!("/indexes/{index}/videos")).await;
    assert_eq!(media["data"][2]["title"], "talk-95m.mp4 (part 1 of 3)");
    assert_eq!(media["data"][0]["duration_seconds"], 900.0);
    assert_eq!(
        vv.refused(422, "POST", &format!("{path}/cancel"), Value::Null).await,
        "validation_error"
    );
    assert_eq!(vv.refused(409, "POST", &format!("{path}/retry"), Value::Null).await, "conflict");
}

#[tokio::test]
async fn what_cannot_be_imported_fails_and_can_be_tried_again() {
    let vv = Vector::new().await;
    let index = vv.index("Bad").await;
    let wrong = vv.upload("notes.txt", &index).await;
    assert_eq!(
        (wrong.status, &wrong.json()["error"]["details"]["parameter"]),
        (422, &json!("file"))
    );
    let jobs = [("a-unreadable.mp4", "completed"), ("song-121m.mp3", "failed")];
    for (file, after) in jobs {
        let job = text(&vv.upload(file, &index).await.json(), "job_id");
        vv.wait(1000);
        let failed = vv.get(&format!("/import-jobs/{job}")).await;
        assert_eq!(
            (&failed["status"], &failed["progress"]["failed"]),
            (&json!("failed"), &json!(1))
        );
        let files = vv.get(&format!("/import-jobs/{job}/files?failed_only=true")).await;
        assert!(files["items"][0]["failure"]["code"].is_string() && files["total"] == 1);
        vv.post(&format!("/import-jobs/{job}/retry"), Value::Null).await;
        vv.wait(1000);
        assert_eq!(vv.get(&format!("/import-jobs/{job}")).await["status"], after);
    }
}

#[tokio::test]
async fn pages_go_on_behind_what_is_gone() {
    let vv = Vector::new().await;
    let index = vv.index("Pages").await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.insert(0, vv.medium(&format!("clip{number}-10s.mp4"), &index).await);
    }
    let path = format!("/indexes/{index}/videos");
    let first = vv.get(&format!("{path}?limit=2")).await;
    assert_eq!(ids(&first["data"], "video_id"), made[..2]);
    assert_eq!(
        (&first["pagination"]["limit"], &first["pagination"]["has_more"]),
        (&json!(2), &json!(true))
    );
    vv.good("DELETE", &format!("/videos/{}", made[1]), Value::Null).await;
    let next = text(&first["pagination"], "next_cursor");
    let second = vv.get(&format!("{path}?limit=2&cursor={next}")).await;
    assert_eq!(ids(&second["data"], "video_id"), made[2..4]);
    let next = text(&second["pagination"], "next_cursor");
    let last = vv.get(&format!("{path}?limit=2&cursor={next}")).await;
    assert_eq!(ids(&last["data"], "video_id"), made[4..]);
    assert_eq!(
        (&last["pagination"]["has_more"], &last["pagination"]["next_cursor"]),
        (&json!(false), &Value::Null)
    );
    for foreign in [format!("{path}?cursor=nonsense"), format!("/playground/videos?cursor={next}")]
    {
        assert_eq!(vv.refused(422, "GET", &foreign, Value::Null).await, "validation_error");
    }
}

#[tokio::test]
async fn a_medium_is_cut_once_and_not_twice_at_a_time() {
    let vv = Vector::new().await;
    let id = vv.medium("cut-25s.mp4", "").await;
    let process = format!("/videos/{id}/process?segment_duration=10");
    vv.post(&process, Value::Null).await;
    assert_eq!(vv.get(&format!("/videos/{id}")).await["status"], "processing");
    assert_eq!(vv.refused(409, "POST", &process, Value::Null).await, "conflict");
    vv.wait(150);
    assert_eq!(vv.get(&format!("/videos/{id}")).await["status"], "processed");
    let segments = vv.get(&format!("/videos/{id}/segments")).await;
    assert_eq!(ids(&segments["data"], "segment_id").len(), 3);
    vv.post(&process, Value::Null).await;
    vv.wait(150);
    assert_eq!(vv.get(&format!("/videos/{id}/segments")).await, segments, "cut once");
    let body = json!({ "video_ids": [id], "targets": [{ "video_id": id }] });
    assert_eq!(vv.refused(422, "POST", "/videos/batch/segments", body).await, "validation_error");
    let image = vv.medium("still.jpg", "").await;
    let seen = vv.get(&format!("/videos/{image}")).await;
    assert_eq!((&seen["media_type"], &seen["duration_seconds"]), (&json!("image"), &Value::Null));
}

#[tokio::test]
async fn a_connector_shows_no_secret_and_does_what_it_may() {
    let vv = Vector::new().await;
    let index = vv.index("From S3").await;
    let make = |name: &str, scope: &str| {
        json!({
            "name": name, "bucket": name, "region": "us-east-1", "aws_access_key_id": "canary-id",
            "aws_secret_access_key": "canary-secret", "scopes": [scope], "import_mode": "new_only",
        })
    };
    let out = text(&vv.post("/connectors/s3", make("out", "export")).await, "connector_id");
    let body = json!({ "connector_id": out, "index_id": index });
    assert_eq!(vv.refused(422, "POST", "/import-jobs", body).await, "validation_error");
    let source = text(&vv.post("/connectors/s3", make("in", "import")).await, "connector_id");
    assert!(!vv.get("/connectors").await.to_string().contains("canary"));
    let body = json!({ "connector_id": source, "index_id": index, "source_prefix": "videos/", "file_pattern": "*.mp4" });
    let job = text(&vv.post("/import-jobs", body.clone()).await, "job_id");
    let path = format!("/connectors/{source}");
    assert_eq!(vv.refused(409, "DELETE", &path, Value::Null).await, "conflict");
    vv.wait(1000);
    assert_eq!(vv.get(&format!("/import-jobs/{job}")).await["progress"]["imported"], 2);
    let again = text(&vv.post("/import-jobs", body).await, "job_id");
    vv.wait(1000);
    let again = vv.get(&format!("/import-jobs/{again}")).await;
    assert_eq!((&again["progress"]["skipped"], &again["status"]), (&json!(2), &json!("completed")));
    vv.good("DELETE", &path, Value::Null).await;
    assert_eq!(vv.refused(404, "GET", &path, Value::Null).await, "not_found");
    let large = vec![b' '; (64 << 10) + 1];
    let texts = [("name", "g"), ("bucket", "b"), ("gcp_project_id", "p"), ("import_mode", "some")];
    let of = |texts: &[(&str, &str)], file: &[u8]| {
        vv.lab
            .user("POST", "/connectors/gcs")
            .form_of(texts, &[("credentials_file", "key.json", file)])
            .send()
    };
    assert_eq!(
        of(&texts[..3], &large).await.json()["error"]["details"]["parameter"],
        "credentials_file"
    );
    assert_eq!(of(&texts, b"{}").await.json()["error"]["details"]["parameter"], "import_mode");
    assert_eq!(
        of(&texts[..2], b"{}").await.json()["error"]["details"]["parameter"],
        "gcp_project_id"
    );
    assert_eq!(of(&texts[..3], b"{}").await.json()["scopes"], json!(["import"]));
}

#[tokio::test]
async fn a_signed_url_opens_without_a_credential_until_it_ends() {
    let vv = Vector::new().await;
    let body = json!({ "gcs_uri": "gs://videovector-media/user-1/é?a.mp4" });
    let signed = vv.post("/videos/signed-url", body.clone()).await;
    let url = text(&signed, "signed_url");
    let open = |url: String| support::ask("GET", url).send();
    assert_eq!(open(url.clone()).await.status, 200);
    assert_eq!(open(url.replace("a.mp4", "b.mp4")).await.status, 403);
    assert_eq!(open(format!("{url}x")).await.status, 403);
    assert_eq!(
        vv.post("/videos/signed-url", body.clone()).await,
        signed,
        "the same while it is good"
    );
    vv.wait(3_600_000);
    assert_eq!(open(url.clone()).await.status, 403);
    assert_ne!(text(&vv.post("/videos/signed-url", body).await, "signed_url"), url);
    let wrong = json!({ "gcs_uri": "s3://bucket/a.mp4" });
    assert_eq!(vv.refused(422, "POST", "/videos/signed-url", wrong).await, "validation_error");
}
