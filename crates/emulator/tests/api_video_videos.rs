//! api.video: what a video keeps, where its file may come from, how lists are cut, and how it goes and
//! comes back.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Got, Lab, ask};

const DAY: u64 = 86_400;

async fn create(lab: &Lab, body: Value) -> Value {
    let got = lab.video("POST", "/videos").json(body).send().await;
    assert!([201, 202].contains(&got.status), "{}", got.json());
    got.json()
}

fn id(video: &Value) -> String {
    video["videoId"].as_str().unwrap().to_owned()
}

async fn get(lab: &Lab, path: &str) -> Value {
    lab.video("GET", path).send().await.json()
}

async fn refused(lab: &Lab, body: Value) -> (u16, String) {
    let got = lab.video("POST", "/videos").json(body).send().await;
    (got.status, got.json()["name"].as_str().unwrap_or_default().to_owned())
}

fn titles(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_file_comes_from_a_url_or_from_another_video() {
    let lab = Lab::new().await;
    lab.emulator.freeze();
    let url = "https://example.com/a.mp4";
    let fetched = create(&lab, json!({ "title": "fetched", "source": url })).await;
    assert_eq!(fetched["source"]["uri"], url);
    let path = format!("/videos/{}/status", id(&fetched));
    assert_eq!(get(&lab, &path).await["ingest"]["status"], "ingesting");
    lab.emulator.advance(Duration::from_millis(400));
    let status = get(&lab, &path).await;
    assert_eq!(
        (&status["ingest"]["status"], &status["encoding"]["playable"]),
        (&json!("ingested"), &json!(true))
    );
    assert_eq!(
        (&status["ingest"]["filesize"], &status["encoding"]["metadata"]["height"]),
        (&Value::Null, &json!(720))
    );
    create(&lab, json!({ "title": "copied", "source": id(&fetched) })).await;
    let empty = create(&lab, json!({ "title": "empty" })).await;
    for bad in [id(&empty), "vi0".to_owned(), "file:///etc/passwd".to_owned()] {
        let body = json!({ "title": "x", "source": bad });
        assert_eq!(refused(&lab, body).await, (400, "source".to_owned()));
    }
    let again = lab.video("POST", &format!("/videos/{}/source", id(&fetched)));
    let again = again.form(&[], &[("file", b"bytes")]).send().await;
    assert_eq!(again.problem(), "video-source-already-uploaded");
}

#[tokio::test]
async fn clips_and_watermarks_are_held_against_the_rules() {
    let lab = Lab::new().await;
    for (clip, good) in [("00:00:10", true), ("00:00:10.5", true), ("12", true), ("1:0", false)] {
        let body = json!({ "title": "x", "clip": { "startTimecode": clip } });
        let got = lab.video("POST", "/videos").json(body).send().await;
        assert_eq!(got.status == 201, good, "{clip}");
    }
    let body = json!({ "title": "x", "watermark": { "id": "watermark_0" } });
    assert_eq!(refused(&lab, body).await, (400, "watermark".to_owned()));
}

#[tokio::test]
async fn links_of_a_page_lead_to_the_same_list() {
    let lab = Lab::new().await;
    for title in ["b", "a", "é c"] {
        create(&lab, json!({ "title": title, "tags": ["x y"] })).await;
    }
    let query = "/videos?tags%5B%5D=x%20y&sortBy=title&sortOrder=asc&pageSize=2";
    let first = get(&lab, query).await;
    assert_eq!(titles(&first), ["a", "b"]);
    let links = first["pagination"]["links"].as_array().unwrap();
    let next = links.iter().find(|link| link["rel"] == "next").unwrap()["uri"].as_str().unwrap();
    let key = &lab.emulator.credentials().api_video_key;
    let second = support::ask("GET", next.to_owned()).basic(key).send().await.json();
    assert_eq!(titles(&second), ["é c"]);
    assert_eq!(titles(&get(&lab, "/videos?sortBy=createdAt").await), ["é c", "a", "b"]);
    let beyond = get(&lab, "/videos?currentPage=9").await;
    assert_eq!((titles(&beyond), &beyond["pagination"]["itemsTotal"]), (vec![], &json!(3)));
}

#[tokio::test]
async fn a_deleted_video_can_be_brought_back_for_90_days() {
    let lab = Lab::new().await;
    let video = id(&create(&lab, json!({ "title": "gone" })).await);
    let path = format!("/discarded/videos/{video}");
    assert_eq!(lab.video("GET", &path).send().await.status, 404, "not deleted yet");
    lab.video("DELETE", &format!("/videos/{video}")).send().await;
    for part in ["", "/status", "/captions", "/chapters/en"] {
        let got = lab.video("GET", &format!("/videos/{video}{part}")).send().await;
        assert_eq!((got.status, got.problem().as_str()), (404, "resource-not-found"), "{part}");
    }
    assert_eq!(titles(&get(&lab, "/videos").await).len(), 0);
    lab.emulator.advance(Duration::from_secs(89 * DAY));
    assert_eq!(titles(&get(&lab, "/discarded/videos").await), ["gone"]);
    let restore = |to: bool| lab.video("PATCH", &path).json(json!({ "discarded": to })).send();
    assert_eq!(restore(true).await.status, 400);
    assert_eq!(restore(false).await.json()["discardedAt"], Value::Null);
    assert_eq!(get(&lab, &format!("/videos/{video}")).await["title"], "gone");
    lab.video("DELETE", &format!("/videos/{video}")).send().await;
    lab.emulator.advance(Duration::from_secs(90 * DAY));
    assert_eq!(restore(false).await.status, 404);
    assert_eq!(titles(&get(&lab, "/discarded/videos").await).len(), 0);
}

#[tokio::test]
async fn addresses_of_a_private_video_carry_a_fresh_token_each_time() {
    let lab = Lab::new().await;
    let body = json!({ "title": "x", "public": false, "mp4Support": false });
    let path = format!("/videos/{}", id(&create(&lab, body).await));
    let one = get(&lab, &path).await["assets"].clone();
    lab.emulator.advance(Duration::from_secs(1));
    let two = get(&lab, &path).await["assets"].clone();
    assert!(one["hls"].as_str().unwrap().contains("/token/") && one["hls"] != two["hls"]);
    assert_eq!(one.get("mp4"), None);
    let open = lab.video("PATCH", &path).json(json!({ "public": true })).send().await.json();
    assert!(!open["assets"]["player"].as_str().unwrap().contains("token"));
}

#[tokio::test]
async fn a_language_has_an_origin_and_starts_a_transcript() {
    let lab = Lab::new().await;
    let heard = id(&create(&lab, json!({ "title": "x", "transcript": true })).await);
    let send = |path: String| lab.video("POST", &path).form(&[], &[("file", b"bytes")]).send();
    let uploaded: Got = send(format!("/videos/{heard}/source")).await;
    assert_eq!(uploaded.json()["languageOrigin"], Value::Null);
    lab.emulator.advance(Duration::from_secs(1));
    let path = format!("/videos/{heard}");
    let video = get(&lab, &path).await;
    assert_eq!((&video["language"], &video["languageOrigin"]), (&json!("en"), &json!("auto")));
    let set = lab.video("PATCH", &path).json(json!({ "language": "fr" })).send().await.json();
    assert_eq!(set["languageOrigin"], "api");
    let captions = || async {
        let list = get(&lab, &format!("{path}/captions")).await;
        let all = list["data"].as_array().unwrap().iter();
        all.map(|one| one["srclang"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(captions().await, ["en"]);
    lab.emulator.advance(Duration::from_secs(1));
    assert_eq!(captions().await, ["en", "fr"]);
}

#[tokio::test]
async fn videos_of_the_sandbox_go_after_a_day() {
    let lab = Lab::frozen().await;
    let key = lab.emulator.credentials().api_video_sandbox_key;
    let to = |method, path: &str| {
        ask(method, format!("{}{path}", lab.emulator.sandbox_url())).basic(&key)
    };
    let url = json!({ "title": "x", "source": "https://example.com/a.mp4" });
    let made = to("POST", "/videos").json(url.clone()).send().await.json();
    let (path, ours) = (format!("/videos/{}", id(&made)), create(&lab, url.clone()).await);
    lab.emulator.advance(Duration::from_secs(DAY - 1));
    to("POST", "/videos").json(url).send().await;
    assert_eq!(to("GET", &path).send().await.status, 200);
    let lab2 = Lab::new().await;
    lab2.emulator.restore(&lab.emulator.snapshot()).unwrap();
    lab.emulator.advance(Duration::from_secs(1));
    assert_eq!(to("GET", &path).send().await.status, 404);
    assert_eq!(to("GET", "/videos").send().await.json()["pagination"]["itemsTotal"], 1);
    assert_eq!(to("GET", "/discarded/videos").send().await.json()["pagination"]["itemsTotal"], 0);
    assert_eq!(get(&lab, &format!("/videos/{}", id(&ours))).await["title"], "x", "production");
    lab2.emulator.advance(Duration::from_secs(1));
    let kept = ask("GET", format!("{}{path}", lab2.emulator.sandbox_url())).basic(&key);
    assert_eq!(kept.send().await.status, 404, "after a restore too");
}

#[tokio::test]
async fn what_is_over_is_gone_for_every_call() {
    let lab = Lab::frozen().await;
    let made = lab.video("POST", "/upload-tokens").json(json!({ "ttl": 60 })).send().await.json();
    let path = format!("/upload-tokens/{}", made["token"].as_str().unwrap());
    assert_eq!(lab.video("GET", &path).send().await.status, 200);
    lab.emulator.advance(Duration::from_secs(60));
    for (method, status) in [("GET", 404), ("DELETE", 404)] {
        assert_eq!(lab.video(method, &path).send().await.status, status, "{method}");
    }
    assert_eq!(get(&lab, "/upload-tokens").await["data"], json!([]));
}

#[tokio::test]
async fn no_address_in_an_answer_leads_off_this_machine() {
    let lab = Lab::new().await;
    let video = create(&lab, json!({ "title": "x", "public": false })).await;
    let stream = lab.video("POST", "/live-streams").json(json!({ "name": "x" })).send().await;
    let track = format!("/videos/{}/captions/en", id(&video));
    let track = lab.video("POST", &track).form_of(&[], &[("file", "en.vtt", b"WEBVTT")]);
    for body in [video, stream.json(), track.send().await.json()] {
        let text = body.to_string();
        let hosts = text.split("https://").skip(1).map(|rest| rest.split('/').next().unwrap());
        let hosts: Vec<&str> = hosts.collect();
        assert!(!hosts.is_empty() && hosts.iter().all(|host| host.ends_with(".example")), "{text}");
    }
}
