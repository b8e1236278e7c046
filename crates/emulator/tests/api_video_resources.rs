//! api.video: tracks, players, live streams, watermarks, summaries, tags and figures.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Got, Lab};

async fn post(lab: &Lab, path: &str, body: Value) -> Got {
    lab.video("POST", path).json(body).send().await
}

async fn get(lab: &Lab, path: &str) -> Value {
    lab.video("GET", path).send().await.json()
}

async fn video(lab: &Lab, body: Value) -> String {
    post(lab, "/videos", body).await.json()["videoId"].as_str().unwrap().to_owned()
}

async fn send_file(lab: &Lab, path: &str, name: &str) -> Got {
    lab.video("POST", path).form_of(&[], &[("file", name, b"bytes")]).send().await
}

fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list["data"].as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn at_most_one_caption_is_shown_without_being_asked() {
    let lab = Lab::new().await;
    let base = format!("/videos/{}/captions", video(&lab, json!({ "title": "x" })).await);
    for language in ["fr-CA", "en", "zh-Hans-CN"] {
        assert_eq!(send_file(&lab, &format!("{base}/{language}"), "a.vtt").await.status, 200);
    }
    let set = |language: &str, to: bool| {
        lab.video("PATCH", &format!("{base}/{language}")).json(json!({ "default": to })).send()
    };
    assert_eq!(set("en", true).await.json()["default"], true);
    assert_eq!(set("fr-CA", true).await.json()["default"], true);
    let list = get(&lab, &base).await;
    let defaults = list["data"].as_array().unwrap().iter().filter(|one| one["default"] == true);
    assert_eq!((defaults.count(), list["data"][1]["languageName"].as_str()), (1, Some("Français")));
    assert_eq!(set("de", true).await.status, 404);
    for bad in ["e", "en_US", "EN", "en-", "english"] {
        let got = lab.video("GET", &format!("{base}/{bad}")).send().await;
        assert_eq!((got.status, got.json()["name"].as_str()), (400, Some("language")), "{bad}");
    }
}

#[tokio::test]
async fn players_begin_with_the_services_defaults_and_sort_by_name() {
    let lab = Lab::new().await;
    for name in ["b", "a"] {
        post(&lab, "/players", json!({ "name": name, "text": "rgba(1, 1, 1, 1)" })).await;
    }
    let list = get(&lab, "/players?sortBy=name&sortOrder=asc").await;
    assert_eq!(all(&list, "name"), ["a", "b"]);
    let player = &list["data"][0];
    assert_eq!(
        (&player["text"], &player["trackPlayed"], &player["enableApi"]),
        (&json!("rgba(1, 1, 1, 1)"), &json!("rgba(88, 131, 255, .95)"), &json!(true))
    );
    let long = post(&lab, "/players", json!({ "name": "x".repeat(101) })).await;
    assert_eq!((long.status, long.json()["name"].as_str()), (400, Some("name")));
}

#[tokio::test]
async fn live_streams_have_at_most_five_targets_and_an_update_replaces_them() {
    let lab = Lab::new().await;
    let target =
        |name: &str| json!({ "name": name, "serverUrl": "rtmp://example.com", "streamKey": "k" });
    let many: Vec<Value> = (0..6).map(|at| target(&at.to_string())).collect();
    let got = post(&lab, "/live-streams", json!({ "name": "x", "restreams": many })).await;
    assert_eq!((got.status, got.json()["name"].as_str()), (400, Some("restreams")));
    let made = post(
        &lab,
        "/live-streams",
        json!({ "name": "One", "restreams": [target("a"), target("b")] }),
    )
    .await
    .json();
    let path = format!("/live-streams/{}", made["liveStreamId"].as_str().unwrap());
    let changed =
        lab.video("PATCH", &path).json(json!({ "restreams": [target("c")] })).send().await.json();
    assert_eq!(
        (&changed["name"], changed["restreams"].as_array().unwrap().len()),
        (&json!("One"), 1)
    );
    let half =
        lab.video("PATCH", &path).json(json!({ "restreams": [{ "name": "c" }] })).send().await;
    assert_eq!(half.status, 400);
    post(&lab, "/live-streams", json!({ "name": "Two" })).await;
    assert_eq!(all(&get(&lab, "/live-streams?name=O").await, "name"), ["One"]);
    let private = lab.video("PATCH", &path).json(json!({ "public": false })).send().await.json();
    assert!(private["assets"]["player"].as_str().unwrap().contains("?token="));
    let idle = lab.video("PUT", &format!("{path}/complete")).send().await;
    assert_eq!(idle.status, 202, "nothing to end is no mistake");
}

#[tokio::test]
async fn a_summary_waits_for_its_video_and_cannot_be_written_meanwhile() {
    let lab = Lab::new().await;
    let id = video(&lab, json!({ "title": "Rain" })).await;
    let body = json!({ "videoId": id, "origin": "auto", "attributes": ["abstract"] });
    let summary = post(&lab, "/summaries", body).await.json();
    let path = format!("/summaries/{}/source", summary["summaryId"].as_str().unwrap());
    let write = || lab.video("PATCH", &path).json(json!({ "abstract": "mine" })).send();
    lab.emulator.advance(Duration::from_secs(60));
    let waiting = get(&lab, "/summaries?sourceStatus=waiting&origin=auto").await;
    assert_eq!(all(&waiting, "videoId"), [id.as_str()]);
    assert_eq!(write().await.status, 409);
    send_file(&lab, &format!("/videos/{id}/source"), "a.mp4").await;
    lab.emulator.advance(Duration::from_millis(250));
    assert_eq!(write().await.status, 409, "playable, and the summary not there yet");
    lab.emulator.advance(Duration::from_millis(250));
    let source = get(&lab, &path).await;
    assert!(source["abstract"].as_str().unwrap().contains("Rain"), "{source}");
    assert_eq!(source["takeaways"], json!([]), "not asked for");
    let written = write().await;
    assert_eq!((written.status, &written.json()["abstract"]), (201, &json!("mine")));
    let long =
        lab.video("PATCH", &path).json(json!({ "takeaways": ["a", "b", "c", "d"] })).send().await;
    assert_eq!(long.status, 400);
    lab.video("DELETE", &format!("/videos/{id}")).send().await;
    assert_eq!(lab.video("GET", &path).send().await.status, 404, "gone with its video");
    assert_eq!(post(&lab, "/summaries", json!({ "videoId": "vi0" })).await.status, 404);
}

#[tokio::test]
async fn tags_are_found_without_case_and_accents_and_sorted() {
    let lab = Lab::new().await;
    for tags in [json!(["Été", "b"]), json!(["b", "c"]), json!(["b", "c"])] {
        video(&lab, json!({ "title": "x", "tags": tags })).await;
    }
    assert_eq!(all(&get(&lab, "/tags").await, "value"), ["b", "c", "Été"]);
    assert_eq!(all(&get(&lab, "/tags?value=ete").await, "value"), ["Été"]);
    let counted = get(&lab, "/tags?sortBy=videoCount&sortOrder=desc").await;
    assert_eq!(counted["data"][0], json!({ "value": "b", "videoCount": 3 }));
}

#[tokio::test]
async fn figures_add_up_and_follow_the_rules() {
    let lab = Lab::new().await;
    for title in ["one", "two"] {
        let id = video(&lab, json!({ "title": title, "tags": [title] })).await;
        send_file(&lab, &format!("/videos/{id}/source"), "a.mp4").await;
    }
    lab.emulator.advance(Duration::from_secs(1));
    let total = get(&lab, "/data/metrics/play/count").await["data"].as_f64().unwrap();
    let sum = |list: &Value| -> f64 {
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["metricValue"].as_f64().unwrap())
            .sum()
    };
    for breakdown in ["media-id", "country", "browser", "referrer"] {
        let split = get(&lab, &format!("/data/buckets/play/{breakdown}")).await;
        assert_eq!(sum(&split), total, "{breakdown}");
    }
    assert_eq!(sum(&get(&lab, "/data/timeseries/play").await), total);
    let one =
        get(&lab, "/data/metrics/play/count?filterBy[tag]=one").await["data"].as_f64().unwrap();
    assert!(one >= 10.0 && one < total);
    let live = get(&lab, "/data/metrics/play/count?filterBy[mediaType]=live-stream").await;
    assert_eq!(live["data"], 0.0);
    let unique = get(&lab, "/data/metrics/view/count?unique=true&viewDuration=10s").await;
    assert_eq!(unique["context"]["metric"], "unique-view-10");
    for path in [
        "metrics/start/sum",
        "metrics/ccv/count",
        "buckets/play-total/country",
        "timeseries/play-total",
        "timeseries/nothing",
    ] {
        let got = lab.video("GET", &format!("/data/{path}")).send().await;
        assert_eq!(
            (got.status, got.problem().as_str()),
            (404, "unrecognized-request-url"),
            "{path}"
        );
    }
    let bad = [
        "unique=true",
        "viewDuration=5s",
        "from=yesterday",
        "from=2001-01-01T00:00:00Z",
        "to=2001-01-01T00:00:00Z",
    ];
    for query in bad {
        let got = lab.video("GET", &format!("/data/metrics/play/count?{query}")).send().await;
        let body = got.json();
        assert_eq!(
            (got.status, body["detail"].is_string(), body.get("problems")),
            (400, true, None),
            "{query}"
        );
    }
    let now = lab.emulator.now();
    let far = format!("/data/timeseries/play?from={now}&to=9999-01-01T00:00:00Z&interval=hour");
    assert_eq!(lab.video("GET", &far).send().await.json()["name"], "to");
    let ignored =
        lab.video("GET", "/data/metrics/play/total?from=2001-01-01T00:00:00Z").send().await;
    assert_eq!((ignored.status, ignored.json()["data"].as_f64()), (200, Some(total)));
    let minutes = lab.video("GET", "/data/timeseries/play?interval=minute").send().await;
    assert_eq!(minutes.json()["name"], "interval");
}

#[tokio::test]
async fn filters_by_group_leave_the_shares_of_the_groups() {
    let lab = Lab::new().await;
    for at in 0..20 {
        let url = format!("https://example.com/{at}.mp4");
        lab.video("POST", "/videos").json(json!({ "title": "x", "source": url })).send().await;
    }
    lab.emulator.advance(Duration::from_secs(1));
    let count = async |query: &str| {
        get(&lab, &format!("/data/metrics/play/count?{query}")).await["data"].as_f64().unwrap()
    };
    let total = count("").await;
    for (query, share) in [
        ("filterBy[browser][]=chrome", 0.7),
        ("filterBy[browser][]=chrome&filterBy[browser][]=firefox", 1.0),
        ("filterBy[browser][]=netscape", 0.0),
        ("filterBy[continent][]=EU&filterBy[deviceType][]=phone", 0.18),
        ("filterBy[referrer][]=https://example.com/", 1.0),
    ] {
        // Each video's plays are whole numbers, so each may lose one at each filter.
        let left = total * share - count(query).await;
        assert!((0.0..=40.0).contains(&left), "{query}: {left} of {total}");
    }
    let split = get(&lab, "/data/buckets/play/browser?filterBy[browser][]=firefox").await;
    assert_eq!(split["pagination"]["itemsTotal"], 1);
    let only = count("filterBy[browser][]=firefox").await;
    assert_eq!(split["data"][0]["metricValue"].as_f64(), Some(only));
    for wrong in ["filterBy[continent][]=XX", "filterBy[mediaType]=cat"] {
        let got = lab.video("GET", &format!("/data/metrics/play/count?{wrong}")).send().await;
        assert_eq!(got.status, 400, "{wrong}");
    }
}
