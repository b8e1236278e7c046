//! Resource builders: what they send, what they read, what they show.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::api_video::types::{self, VideosListSortBy};
use framekey::runtime::testing::{Answer, HandClock, Script};
use framekey::runtime::typed::{OpenEnum, Patch};
use framekey::runtime::{Body, HttpRequest};
use framekey::{ApiVideo, ErrorKind, TwelveLabs, VideoVector};
use futures_util::TryStreamExt;

const VIDEO: &str = r#"{"videoId":"vi1","title":null,"tags":[],"next_year":{"x":1}}"#;

fn api_video(script: &Script) -> ApiVideo {
    let builder =
        ApiVideo::builder().platform(script.platform(&HandClock::default())).environment(|_| None);
    builder.api_key("canary-key").auth_mode("basic").build().unwrap()
}

fn twelve_labs(script: &Script) -> TwelveLabs {
    let builder = TwelveLabs::builder()
        .platform(script.platform(&HandClock::default()))
        .environment(|_| None);
    builder.api_key("canary-key").build().unwrap()
}

fn one(script: &Script) -> HttpRequest {
    let mut seen = script.take();
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

fn body(request: &HttpRequest) -> String {
    match &request.body {
        Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_list_takes_setters_and_answers_typed_values() {
    let answer = format!(r#"{{"data":[{VIDEO}],"pagination":{{"currentPage":1,"links":[]}}}}"#);
    let script = Script::new(move |_, _| Answer::json(200, answer.clone()));
    let call = api_video(&script)
        .videos()
        .list()
        .page_size(50)
        .sort_by("title")
        .tags(vec!["a b".to_owned()]);
    assert!(!format!("{call:?}").contains("a b"));
    let page = call.await.unwrap();
    assert_eq!(page.data[0].video_id, "vi1");
    assert!(page.data[0].title.is_null());
    assert!(page.data[0].player_id.is_absent());
    let request = one(&script);
    assert_eq!(
        (request.method, request.url.as_str()),
        ("GET", "https://ws.api.video/videos?tags%5B%5D=a%20b&sortBy=title&pageSize=50")
    );
    assert!(request.headers.get("api-version").is_none());
}

#[tokio::test]
async fn e38_null_and_absence_differ_in_a_change_and_answers_come_back_unchanged() {
    let script = Script::new(|_, _| Answer::json(200, VIDEO));
    let video = api_video(&script)
        .videos()
        .update("vi1")
        .title("x")
        .player_id(Patch::Null)
        .send()
        .await
        .unwrap();
    let request = one(&script);
    assert_eq!(
        (request.method, body(&request).as_str()),
        ("PATCH", r#"{"playerId":null,"title":"x"}"#)
    );
    let back = serde_json::to_value(&video).unwrap();
    assert_eq!(back, serde_json::from_str::<serde_json::Value>(VIDEO).unwrap());
}

#[tokio::test]
async fn required_fields_are_arguments_of_the_verb() {
    let script = Script::new(|_, _| Answer::json(201, VIDEO));
    let answer =
        api_video(&script).videos().create("Übung").public(false).response().await.unwrap();
    assert_eq!((answer.status(), answer.attempts(), answer.video_id.as_str()), (201, 1, "vi1"));
    assert_eq!(body(&one(&script)), r#"{"public":false,"title":"Übung"}"#);
}

#[tokio::test]
async fn nested_resources_and_deep_filters() {
    let script = Script::new(|_, _| Answer::json(200, r#"{"data":[],"page_info":{}}"#));
    let client = twelve_labs(&script);
    let mut longer = framekey::twelve_labs::types::NumberRange::default();
    longer.gte = 12.5.into();
    client.indexes().indexed_assets().list("idx").duration(longer).await.unwrap();
    let request = one(&script);
    assert_eq!(
        request.url,
        "https://api.twelvelabs.io/v1.3/indexes/idx/indexed-assets?duration%5Bgte%5D=12.5"
    );
}

#[tokio::test]
async fn an_odd_id_is_refused_before_anything_is_sent() {
    let script = Script::new(|_, _| Answer::json(200, VIDEO));
    for id in ["", ".", ".."] {
        let error = api_video(&script).videos().get(id).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Usage, "usage.bad_id"));
        assert!(
            error.to_string().contains("video_id") && error.to_string().contains("videos.get"),
            "{error}"
        );
    }
    assert!(script.take().is_empty());
}

#[tokio::test]
async fn an_answer_of_another_shape_is_an_error_that_quotes_nothing() {
    let script = Script::new(|_, _| Answer::json(200, r#"{"videoId":["canary"]}"#));
    let error = api_video(&script).videos().get("vi1").await.unwrap_err();
    assert_eq!((error.code(), error.operation()), ("decode.body", Some("videos.get")));
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn a_stream_is_asked_for_and_read_value_by_value() {
    let lines =
        "{\"event_type\":\"text_generation\",\"text\":\"a\"}\n{\"event_type\":\"of_next_year\"}\n";
    let script = Script::new(move |_, _| Answer::json(200, lines));
    let events = twelve_labs(&script).analyze().create().prompt("p").stream().await.unwrap();
    let events: Vec<_> = events.try_collect().await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(body(&one(&script)), r#"{"prompt":"p","stream":true}"#);
    let script = Script::new(|_, _| Answer::json(200, r#"{"id":"g","data":"text"}"#));
    twelve_labs(&script).analyze().create().prompt("p").await.unwrap();
    assert_eq!(body(&one(&script)), r#"{"prompt":"p","stream":false}"#);
}

#[tokio::test]
async fn an_optional_body_without_fields_is_not_sent() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let builder = VideoVector::builder()
        .platform(script.platform(&HandClock::default()))
        .environment(|_| None);
    let client = builder.api_key("canary-key").build().unwrap();
    let _ = client.mcp().get_status().await;
    assert!(matches!(one(&script).body, Body::Empty));
}

#[test]
fn an_enumeration_keeps_what_it_does_not_know() {
    assert!(VideosListSortBy::KNOWN.contains(&"title"));
    let unknown = VideosListSortBy::of("of_next_year");
    assert_eq!(unknown.as_str(), "of_next_year");
    let video: types::Video = serde_json::from_str(VIDEO).unwrap();
    assert_eq!(video.extra.len(), 1);
}
