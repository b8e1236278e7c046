//! api.video: every shape in which a request is refused, with its exact fields.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use serde_json::{Value, json};
use support::{Got, Lab};

/// The names of a body's fields, sorted.
fn fields(body: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

async fn video(lab: &Lab) -> String {
    let got = lab.video("POST", "/videos").json(json!({ "title": "x" })).send().await;
    got.json()["videoId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_fault_of_a_body_is_told() {
    let lab = Lab::new().await;
    let body = json!({ "public": "yes", "language": "xx" });
    let got = lab.video("POST", "/videos").json(body).send().await;
    let body = got.json();
    assert_eq!(fields(&body), ["name", "problems", "status", "title", "type"]);
    assert_eq!(
        (got.status, got.problem().as_str(), &body["name"]),
        (400, "attribute-required", &json!("title"))
    );
    let problems = body["problems"].as_array().unwrap();
    let mut names: Vec<_> = problems.iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["language", "public", "title"]);
    for one in problems {
        assert_eq!(
            (fields(one), &one["status"]),
            (vec!["name", "status", "title", "type"], &json!(400))
        );
    }
}

#[tokio::test]
async fn figures_of_a_page_are_refused_with_their_range_and_without_a_kind() {
    let lab = Lab::new().await;
    let got = lab.video("GET", "/videos?pageSize=101&currentPage=0").send().await;
    let body = got.json();
    assert_eq!(
        (got.status, fields(&body)),
        (400, vec!["name", "problems", "range", "status", "title"])
    );
    let ranges: Vec<_> =
        body["problems"].as_array().unwrap().iter().map(|one| one["range"].clone()).collect();
    assert!(
        ranges.contains(&json!({ "min": 1, "max": 100 })) && ranges.contains(&json!({ "min": 1 }))
    );
}

#[tokio::test]
async fn parameters_of_a_query_are_held_against_the_document() {
    let lab = Lab::new().await;
    for (path, name) in [
        ("/videos?sortBy=size", "sortBy"),
        ("/videos?sortOrder=up", "sortOrder"),
        ("/summaries?sourceStatus=done", "sourceStatus"),
        ("/upload-tokens?sortBy=token", "sortBy"),
        ("/watermarks?sortBy=name", "sortBy"),
        ("/watermarks?sortOrder=up", "sortOrder"),
        ("/players?pageSize=x", "pageSize"),
    ] {
        let got = lab.video("GET", path).send().await;
        assert_eq!((got.status, got.json()["name"].as_str()), (400, Some(name)), "{path}");
    }
}

#[tokio::test]
async fn bodies_that_are_no_objects_are_refused() {
    let lab = Lab::new().await;
    for body in [json!([]), json!("title"), json!(7)] {
        let got = lab.video("POST", "/videos").json(body).send().await;
        assert_eq!((got.status, got.problem().as_str()), (400, "invalid-attribute"));
    }
    let path = format!("/videos/{}", video(&lab).await);
    let got = lab.video("PATCH", &path).json(json!([{ "title": "y" }])).send().await;
    assert_eq!(got.status, 400);
}

#[tokio::test]
async fn what_is_not_there_has_a_name_and_what_is_no_address_has_none() {
    let lab = Lab::new().await;
    for path in [
        "/videos/vi0",
        "/discarded/videos/vi0",
        "/live-streams/li0",
        "/players/pl0",
        "/summaries/s0/source",
        "/upload-tokens/to0",
        "/webhooks/w0",
        "/videos/vi0/captions",
        "/videos/vi0/chapters/en",
    ] {
        let got = lab.video("GET", path).send().await;
        assert_eq!((got.status, got.problem().as_str()), (404, "resource-not-found"), "{path}");
        assert_eq!(fields(&got.json()), ["name", "status", "title", "type"], "{path}");
    }
    let got = lab.video("GET", "/nothing/here").send().await;
    assert_eq!((got.status, got.problem().as_str()), (404, "unrecognized-request-url"));
    assert_eq!(fields(&got.json()), ["status", "title", "type"]);
}

#[tokio::test]
async fn a_second_summary_is_a_conflict_with_detail() {
    let lab = Lab::new().await;
    let id = video(&lab).await;
    let create = || lab.video("POST", "/summaries").json(json!({ "videoId": id })).send();
    assert_eq!(create().await.status, 201);
    let check = |got: Got| {
        assert_eq!((got.status, got.problem().as_str()), (409, "summary-already-exists"));
        assert_eq!(fields(&got.json()), ["detail", "name", "status", "title", "type"]);
    };
    check(create().await);
    let ask = json!({ "transcriptSummary": true, "title": "must not change" });
    check(lab.video("PATCH", &format!("/videos/{id}")).json(ask).send().await);
    let kept = lab.video("GET", &format!("/videos/{id}")).send().await.json();
    assert_eq!(kept["title"], "x");
}

#[tokio::test]
async fn files_are_refused_by_extension_size_and_number() {
    let lab = Lab::new().await;
    let id = video(&lab).await;
    let player = lab.video("POST", "/players").json(json!({})).send().await.json();
    let logo = format!("/players/{}/logo", player["playerId"].as_str().unwrap());
    let large = vec![0; (100 << 10) + 1];
    let small: &[u8] = b"bytes";
    for (path, name, content, kind) in [
        (format!("/videos/{id}/captions/en"), "a.srt", small, "uploaded-file-extension-invalid"),
        (format!("/videos/{id}/chapters/en"), "a.txt", small, "uploaded-file-extension-invalid"),
        (format!("/videos/{id}/thumbnail"), "a.gif", small, "uploaded-file-extension-invalid"),
        ("/watermarks".to_owned(), "a.webp", small, "uploaded-file-extension-invalid"),
        (logo.clone(), "a.webp", small, "uploaded-file-extension-invalid"),
        (logo, "a.png", large.as_slice(), "invalid-attribute"),
    ] {
        let got = lab.video("POST", &path).form_of(&[], &[("file", name, content)]).send().await;
        assert_eq!((got.status, got.problem().as_str()), (400, kind), "{path} {name}");
        assert_eq!(got.json()["name"], "file");
    }
    let path = format!("/videos/{id}/source");
    let two = [("file", small), ("file", small)];
    let got = lab.video("POST", &path).form(&[], &two).send().await;
    assert_eq!(got.problem(), "uploaded-file-multiple-files");
    let got = lab.video("POST", &path).form(&[("file", "a text")], &[]).send().await;
    assert_eq!(got.problem(), "uploaded-file-no-file");
    let blob = lab.video("POST", "/watermarks").form_of(&[], &[("file", "blob", small)]);
    assert_eq!(blob.send().await.status, 200, "a name without extension passes");
}

#[tokio::test]
async fn a_form_that_is_none_is_told_what_it_should_be() {
    let lab = Lab::new().await;
    let path = format!("/videos/{}/source", video(&lab).await);
    for (media, body) in [
        ("application/json", "{}"),
        ("application/x-www-form-urlencoded", "method=url&url=x"),
        ("video/mp4", "bytes"),
        ("", "bytes"),
    ] {
        for ask in [
            lab.video("POST", &path),
            lab.labs("POST", "/assets"),
            lab.labs("POST", "/search"),
            lab.user("POST", "/videos/upload"),
        ] {
            let got = ask.raw(media, body).send().await;
            assert_eq!(got.status, 415, "{media}: {}", got.json());
            assert!(got.json().to_string().contains("should be multipart/form-data"));
        }
    }
    let broken = lab.video("POST", &path).raw("multipart/form-data; boundary=edge", "--edge\r\n");
    let got = broken.send().await;
    assert_eq!(
        (got.status, &got.json()["title"]),
        (400, &json!("The body did not come to its end."))
    );
}

#[tokio::test]
async fn a_400_has_its_problems_and_every_answer_its_limits() {
    let lab = Lab::new().await;
    let post = |path: &str| lab.video("POST", path);
    for got in [
        post("/videos").raw("application/json", "{").send().await,
        post("/auth/api-key").json(json!({ "apiKey": "wrong" })).send().await,
        post("/auth/refresh").json(json!({ "refreshToken": "wrong" })).send().await,
    ] {
        let body = got.json();
        assert_eq!(fields(&body), ["name", "problems", "status", "title", "type"], "{body}");
        assert_eq!(fields(&body["problems"][0]), ["name", "status", "title", "type"], "{body}");
    }
    for (status, ask) in [
        (201, post("/videos").json(json!({ "title": "x" }))),
        (400, post("/videos").raw("application/json", "{")),
        (404, post("/nothing")),
        (405, lab.video("PUT", "/videos")),
        (413, post("/videos").raw("application/json", vec![b' '; (16 << 20) + 1])),
        (415, post("/videos").raw("text/plain", "x")),
    ] {
        let got = ask.send().await;
        assert_eq!((got.status, got.header("x-ratelimit-limit")), (status, "1000"));
        assert_eq!(got.header("x-ratelimit-retry-after"), "60");
    }
}

#[tokio::test]
async fn two_credentials_in_one_header_are_none() {
    let lab = Lab::new().await;
    let key = lab.emulator.credentials().twelve_labs_key;
    let twice = lab.video("GET", "/videos").basic("another").send().await;
    assert_eq!((twice.status, twice.problem()), (401, "authorization-header-malformed".to_owned()));
    assert_eq!(lab.labs("GET", "/indexes").key(&key).send().await.status, 401);
    assert_eq!(lab.user("GET", "/indexes").bearer("another").send().await.status, 401);
}
