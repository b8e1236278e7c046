//! api.video over HTTP: tokens that end, delegated uploads, and what makes a file whole.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::{Duration, Instant};

use framekey_catalog::Service::ApiVideo;
use serde_json::{Value, json};
use support::{Got, Lab, PART, ask};

async fn exchange(lab: &Lab, key: &str) -> Got {
    lab.to(ApiVideo, "POST", "/auth/api-key").json(json!({ "apiKey": key })).send().await
}

async fn tokens(lab: &Lab) -> (String, String) {
    let got = exchange(lab, &lab.emulator.credentials().api_video_key).await.json();
    let text = |name: &str| got[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

async fn new_video(lab: &Lab, body: Value) -> String {
    let got = lab.video("POST", "/videos").json(body).send().await;
    assert_eq!(got.status, 201);
    got.json()["videoId"].as_str().unwrap().to_owned()
}

async fn new_token(lab: &Lab, ttl: u64) -> String {
    let got = lab.video("POST", "/upload-tokens").json(json!({ "ttl": ttl })).send().await;
    assert_eq!(got.status, 200);
    got.json()["token"].as_str().unwrap().to_owned()
}

async fn part(lab: &Lab, id: &str, range: &str, size: usize) -> Got {
    let ask = lab.video("POST", &format!("/videos/{id}/source")).header("content-range", range);
    ask.form(&[], &[("file", &vec![7; size])]).send().await
}

async fn status(lab: &Lab, id: &str) -> Value {
    lab.video("GET", &format!("/videos/{id}/status")).send().await.json()
}

#[tokio::test]
async fn an_access_token_lives_3600_seconds_by_the_emulators_clock() {
    let lab = Lab::new().await;
    let got = exchange(&lab, &lab.emulator.credentials().api_video_key).await;
    assert_eq!(
        (got.status, &got.json()["token_type"], &got.json()["expires_in"]),
        (200, &json!("Bearer"), &json!(3600))
    );
    let (access, _) = tokens(&lab).await;
    assert_eq!(access.split('.').count(), 3, "in the form of a JWT");
    let list = || lab.to(ApiVideo, "GET", "/videos").bearer(&access).send();
    assert_eq!(list().await.status, 200);
    lab.emulator.advance(Duration::from_secs(3590));
    assert_eq!(list().await.status, 200);
    lab.emulator.advance(Duration::from_secs(11));
    let ended = list().await;
    assert_eq!((ended.status, ended.json()["status"].as_u64()), (401, Some(401)));
    assert_eq!(lab.video("GET", "/videos").send().await.status, 200, "the key itself has no end");
}

#[tokio::test]
async fn a_wrong_key_gets_no_token_and_sandbox_and_production_differ() {
    let lab = Lab::new().await;
    let ready = lab.emulator.credentials();
    for wrong in ["", "nonsense", &ready.api_video_sandbox_key] {
        let got = exchange(&lab, wrong).await;
        assert_eq!(
            (got.status, got.problem().as_str()),
            (400, "authentication-invalid-user-credentials")
        );
    }
    let sandbox = |path: &str| format!("{}{path}", lab.emulator.sandbox_url());
    let at_sandbox =
        |key: &str| ask("POST", sandbox("/auth/api-key")).json(json!({ "apiKey": key })).send();
    assert_eq!(at_sandbox(&ready.api_video_key).await.status, 400);
    let good = at_sandbox(&ready.api_video_sandbox_key).await.json();
    let token = good["access_token"].as_str().unwrap();
    new_video(&lab, json!({ "title": "in production" })).await;
    let listed = ask("GET", sandbox("/videos")).bearer(token).send().await.json();
    assert_eq!(listed["pagination"]["itemsTotal"], 0);
    assert_eq!(lab.to(ApiVideo, "GET", "/videos").bearer(token).send().await.status, 401);
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_pair_once() {
    let lab = Lab::new().await;
    let (access, refresh) = tokens(&lab).await;
    let renew = |token: &str| {
        lab.to(ApiVideo, "POST", "/auth/refresh").json(json!({ "refreshToken": token })).send()
    };
    let got = renew(&refresh).await.json();
    assert_ne!((&got["access_token"], &got["refresh_token"]), (&json!(access), &json!(refresh)));
    let list = lab.to(ApiVideo, "GET", "/videos").bearer(got["access_token"].as_str().unwrap());
    assert_eq!(list.send().await.status, 200);
    assert_eq!(renew(&refresh).await.status, 400);
    assert_eq!(renew("never seen").await.status, 400);
    assert_eq!(renew(got["refresh_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn no_bad_or_malformed_authorization_is_a_401() {
    let lab = Lab::new().await;
    let list = || lab.to(ApiVideo, "GET", "/videos");
    assert_eq!(list().send().await.problem(), "authorization-header-missing");
    for bad in ["abc", "Basic !!", "Digest x", "Bearer", "Bearer abc"] {
        let got = list().header("authorization", bad).send().await;
        assert_eq!((got.status, got.json()["status"].as_u64()), (401, Some(401)), "{bad}");
    }
    assert_eq!(list().basic("wrong").send().await.status, 401);
}

#[tokio::test]
async fn answers_carry_the_limits_of_the_service() {
    let lab = Lab::new().await;
    for got in
        [lab.video("GET", "/videos").send().await, lab.video("GET", "/videos/vi0").send().await]
    {
        for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-retry-after"] {
            assert!(got.header(name).parse::<u64>().is_ok(), "{name}");
        }
    }
}

#[tokio::test]
async fn upload_tokens_are_listed_sorted_and_in_pages_and_deleted() {
    let lab = Lab::new().await;
    let mut made = Vec::new();
    for ttl in [30, 0, 20] {
        made.push(new_token(&lab, ttl).await);
    }
    let page = |query: &str| lab.video("GET", &format!("/upload-tokens?{query}")).send();
    let first = page("sortBy=ttl&sortOrder=asc&pageSize=2").await.json();
    let ttls: Vec<_> = first["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["ttl"].as_u64().unwrap())
        .collect();
    assert_eq!(ttls, [0, 20]);
    assert_eq!(first["data"][0]["expiresAt"], Value::Null);
    let counts = |name: &str| first["pagination"][name].as_u64().unwrap();
    assert_eq!([counts("itemsTotal"), counts("pagesTotal"), counts("currentPageItems")], [3, 2, 2]);
    let rels: Vec<_> = first["pagination"]["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["rel"].as_str().unwrap())
        .collect();
    assert!(rels.contains(&"next") && !rels.contains(&"previous"), "{rels:?}");
    let second = page("sortBy=ttl&sortOrder=asc&pageSize=2&currentPage=2").await.json();
    assert_eq!(second["data"][0]["ttl"], 30);
    for bad in ["pageSize=0", "pageSize=101", "currentPage=0", "currentPage=x"] {
        let got = page(bad).await;
        let (status, body) = (got.status, got.json());
        let range = &body["range"];
        assert_eq!((status, &range["min"], body.get("type")), (400, &json!(1), None), "{bad}");
        assert_eq!(body["problems"][0]["name"], body["name"]);
    }
    let path = format!("/upload-tokens/{}", made[0]);
    assert_eq!(lab.video("GET", &path).send().await.json()["ttl"], 30);
    assert_eq!(lab.video("DELETE", &path).send().await.status, 204);
    assert_eq!(lab.video("GET", &path).send().await.problem(), "resource-not-found");
    for bad in [json!(-1), json!(2_147_483_648_u64), json!("60"), json!(1.5)] {
        let got = lab.video("POST", "/upload-tokens").json(json!({ "ttl": bad })).send().await;
        assert_eq!((got.status, got.json()["name"].as_str()), (400, Some("ttl")));
    }
}

#[tokio::test]
async fn a_delegated_upload_in_parts_makes_one_video_with_the_token_alone() {
    let lab = Lab::new().await;
    let token = new_token(&lab, 60).await;
    let send = |range: &str, texts: Vec<(&'static str, String)>, size: usize| {
        let ask = lab.to(ApiVideo, "POST", &format!("/upload?token={token}"));
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        ask.header("content-range", range).form(&texts, &[("file", &vec![1; size])]).send()
    };
    let first = send("part 1/2", vec![], PART).await;
    assert_eq!(first.status, 201);
    let id = first.json()["videoId"].as_str().unwrap().to_owned();
    let second = send("part 2/2", vec![("videoId", id.clone())], 10).await;
    assert_eq!((second.status, second.json()["videoId"].as_str()), (201, Some(id.as_str())));
    assert_eq!(lab.video("GET", "/videos").send().await.json()["pagination"]["itemsTotal"], 1);
    assert_eq!(send("part 2/2", vec![("videoId", id)], 10).await.status, 400, "it is whole");
    let sent = lab.emulator.journal();
    let entry =
        sent.iter().find(|entry| entry.operation == Some("videos.upload_with_token")).unwrap();
    assert_eq!(
        (entry.credential.kind.as_str(), entry.query_names.as_slice()),
        ("upload_token", ["token".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn an_upload_token_past_its_ttl_deleted_unknown_or_missing_is_refused() {
    let lab = Lab::new().await;
    let upload = |query: String| {
        lab.to(ApiVideo, "POST", &format!("/upload{query}")).form(&[], &[("file", b"abc")]).send()
    };
    let (short, other) = (new_token(&lab, 10).await, new_token(&lab, 0).await);
    assert_eq!(upload(format!("?token={short}")).await.status, 201);
    lab.emulator.advance(Duration::from_secs(10));
    lab.video("DELETE", &format!("/upload-tokens/{other}")).send().await;
    for query in [
        format!("?token={short}"),
        format!("?token={other}"),
        "?token=toUnknown".to_owned(),
        String::new(),
    ] {
        let got = upload(query).await;
        assert_eq!(got.status, 401);
        assert!(got.json()["title"].as_str().unwrap().contains("upload token"));
    }
    let endless = new_token(&lab, 0).await;
    lab.emulator.advance(Duration::from_secs(3_000_000_000));
    assert_eq!(upload(format!("?token={endless}")).await.status, 201);
}

#[tokio::test]
async fn parts_may_come_in_any_order_and_make_the_file_whole() {
    let lab = Lab::new().await;
    for ranges in [
        [("part 3/3", 5), ("part 1/3", PART), ("part 2/3", PART)],
        [("part 1/*", PART), ("part 2/*", PART), ("part 3/3", 5)],
        [
            ("bytes 0-5242879/10485765", PART),
            ("bytes 10485760-10485764/10485765", 5),
            ("bytes 5242880-10485759/10485765", PART),
        ],
    ] {
        let id = new_video(&lab, json!({ "title": "parts" })).await;
        for (range, size) in ranges {
            assert_eq!(status(&lab, &id).await["ingest"]["status"], "uploading");
            assert_eq!(part(&lab, &id, range, size).await.status, 201, "{range}");
        }
        lab.emulator.advance(Duration::from_secs(1));
        let status = status(&lab, &id).await;
        assert_eq!(
            (&status["ingest"]["status"], &status["ingest"]["filesize"]),
            (&json!("ingested"), &json!(2 * PART + 5))
        );
        let again = part(&lab, &id, "part 1/1", 5).await;
        assert_eq!(
            (again.status, again.problem().as_str()),
            (400, "video-source-already-uploaded")
        );
    }
}

#[tokio::test]
async fn an_upload_goes_on_in_a_state_that_was_put_back() {
    let lab = Lab::new().await;
    let id = new_video(&lab, json!({ "title": "parts" })).await;
    assert_eq!(part(&lab, &id, "part 1/2", PART).await.status, 201);
    let saved = lab.emulator.snapshot();
    assert_eq!(part(&lab, &id, "part 2/2", 5).await.status, 201);
    lab.emulator.restore(&saved).unwrap();
    let back = status(&lab, &id).await["ingest"].clone();
    assert_eq!(
        (&back["status"], &back["receivedParts"]["parts"]),
        (&json!("uploading"), &json!([1]))
    );
    assert_eq!(part(&lab, &id, "part 2/2", 5).await.status, 201, "once more");
    lab.emulator.advance(Duration::from_secs(1));
    assert_eq!(status(&lab, &id).await["ingest"]["filesize"], json!(PART + 5));
}

#[tokio::test]
async fn pieces_that_do_not_fit_are_refused() {
    let lab = Lab::new().await;
    let id = new_video(&lab, json!({ "title": "pieces" })).await;
    let top = u64::MAX;
    for (range, size) in [
        ("part 1/3", PART - 1),
        ("part 1/*", 10),
        ("part 0/3", PART),
        ("part 4/3", PART),
        ("part 1", PART),
        ("part a/b", PART),
        ("bytes 0-9/100", 5),
        ("bytes 0-9/100", 10),
        ("bytes 9-0/100", 10),
        ("bytes 0-100/100", 101),
        ("", 5),
        ("lines 1/2", 5),
        (format!("bytes 0-{top}/*").as_str(), 5),
        (format!("part {top}0/*").as_str(), PART),
    ] {
        let got = part(&lab, &id, range, size).await;
        assert_eq!((got.status, got.problem().as_str()), (400, "invalid-attribute"), "{range}");
    }
    let end = format!("bytes {}-{top}/*", top - PART as u64 + 1);
    assert_eq!(
        part(&lab, &id, &end, PART).await.status,
        201,
        "the very end of what can be counted"
    );
    assert_eq!(status(&lab, &id).await["ingest"]["status"], "uploading");
    assert_eq!(part(&lab, &id, "part 1/2", PART).await.status, 400, "parts after byte ranges");
    let other = new_video(&lab, json!({ "title": "totals" })).await;
    assert_eq!(part(&lab, &other, "part 1/3", PART).await.status, 201);
    assert_eq!(part(&lab, &other, "part 2/2", PART).await.status, 400, "another total");
    let source = format!("/videos/{other}/source");
    let two = lab.video("POST", &source).form(&[], &[("file", b"a"), ("file", b"b")]).send().await;
    assert_eq!(two.problem(), "uploaded-file-multiple-files");
    assert_eq!(
        lab.video("POST", &source).form(&[], &[]).send().await.problem(),
        "uploaded-file-no-file"
    );
    assert_eq!(part(&lab, "vi0", "part 1/1", 5).await.status, 404);
}

#[tokio::test]
async fn the_journal_shows_what_was_uploaded_and_no_secret() {
    let lab = Lab::new().await;
    let id = new_video(&lab, json!({ "title": "seen" })).await;
    lab.video("POST", &format!("/videos/{id}/source"))
        .form(&[], &[("file", b"hello")])
        .send()
        .await;
    let journal = lab.control("GET", "journal").send().await;
    let upload = journal.json()[1].clone();
    assert_eq!(
        (&upload["operation"], &upload["path"], &upload["body_bytes"]),
        (&json!("videos.upload"), &json!("/videos/{videoId}/source"), &json!(5))
    );
    assert_eq!(
        upload["body_sha256"],
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    let key = &lab.emulator.credentials().api_video_key;
    let text = String::from_utf8(journal.body.to_vec()).unwrap();
    assert!(!text.contains(key.as_str()) && !text.contains(&id));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "real time is what counts here")]
async fn a_client_that_only_polls_sees_its_video_playable_within_a_second() {
    let lab = Lab::new().await;
    let id = new_video(&lab, json!({ "title": "polled" })).await;
    part(&lab, &id, "part 1/1", 5).await;
    let began = Instant::now();
    let mut seen = Vec::new();
    loop {
        let status = status(&lab, &id).await;
        let now = (
            status["ingest"]["status"].clone(),
            status["encoding"]["qualities"][0]["status"].clone(),
        );
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        if status["encoding"]["playable"] == true {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(1), "{seen:?}");
    }
    assert_eq!(seen.first().unwrap().0, "uploaded");
    assert_eq!(seen.last(), Some(&(json!("ingested"), json!("encoded"))));
}

#[tokio::test]
async fn videos_are_found_changed_and_deleted() {
    let lab = Lab::new().await;
    let id = new_video(
        &lab,
        json!({ "title": "One", "tags": ["a", "b"], "metadata": [{ "key": "k", "value": "v" }] }),
    )
    .await;
    new_video(&lab, json!({ "title": "One more", "tags": ["a"] })).await;
    let found = |query: &str| {
        let ask = lab.video("GET", &format!("/videos?{query}"));
        async move { ask.send().await.json()["pagination"]["itemsTotal"].as_u64().unwrap() }
    };
    assert_eq!(found("title=One").await, 2);
    assert_eq!(found("title=One%20more").await, 1);
    assert_eq!(found("title=one").await, 0);
    assert_eq!(found("tags%5B%5D=a").await, 2);
    assert_eq!(found("tags[]=a&tags[]=b").await, 1);
    assert_eq!(found("metadata%5Bk%5D=v").await, 1);
    assert_eq!(found("metadata[k]=w").await, 0);
    let path = format!("/videos/{id}");
    let change =
        json!({ "title": "Deux é", "metadata": [{ "key": "x", "value": "y" }], "playerId": "pl1" });
    let changed = lab.video("PATCH", &path).json(change).send().await.json();
    assert_eq!(
        (&changed["title"], &changed["tags"], &changed["metadata"][0]["key"]),
        (&json!("Deux é"), &json!(["a", "b"]), &json!("x"))
    );
    let reset = lab.video("PATCH", &path).json(json!({ "playerId": null })).send().await.json();
    assert_eq!(reset.get("playerId"), None);
    for (name, bad) in [
        ("title", json!(5)),
        ("title", json!(null)),
        ("tags", json!("a")),
        ("language", json!("xx")),
        ("metadata", json!([1])),
    ] {
        let got = lab.video("PATCH", &path).json(json!({ name: bad })).send().await;
        assert_eq!(
            (got.status, got.problem().as_str(), got.json()["name"].as_str()),
            (400, "invalid-attribute", Some(name))
        );
    }
    assert_eq!(lab.video("DELETE", &path).send().await.status, 204);
    for method in ["GET", "DELETE"] {
        let gone = lab.video(method, &path).send().await;
        assert_eq!((gone.status, gone.problem().as_str()), (404, "resource-not-found"));
    }
    let untitled = lab.video("POST", "/videos").json(json!({})).send().await;
    assert_eq!(
        (untitled.problem().as_str(), untitled.json()["name"].as_str()),
        ("attribute-required", Some("title"))
    );
}
