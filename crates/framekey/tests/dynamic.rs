//! The dynamic door: what it makes of arguments, and what it refuses before anything is sent.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::dynamic::{Client, File};
use framekey::runtime::testing::{Answer, HandClock, Script};
use framekey::runtime::{Body, HttpRequest, Source};
use framekey::{CallOptions, Error, ErrorKind, Service};
use serde_json::{Value, json};

fn client(service: Service, script: &Script) -> Client {
    let builder = Client::builder(service)
        .platform(script.platform(&HandClock::default()))
        .environment(|_| None);
    let builder = match service {
        Service::ApiVideo => {
            builder.api_key("canary-k").auth_mode("basic").upload_token("canary-t")
        }
        _ => builder.api_key("canary-k"),
    };
    builder.build().unwrap()
}

async fn call(
    service: Service,
    id: &str,
    arguments: Value,
    files: Vec<File>,
) -> Result<HttpRequest, Error> {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let outcome = client(service, &script).call(id, arguments, files, CallOptions::default()).await;
    let mut sent = script.take();
    match outcome {
        Ok(_) => Ok(sent.remove(0)),
        Err(error) => {
            assert!(sent.is_empty(), "{id} was sent although it failed: {error}");
            Err(error)
        }
    }
}

async fn url(service: Service, id: &str, arguments: Value) -> String {
    call(service, id, arguments, Vec::new()).await.unwrap().url
}

async fn refused(service: Service, id: &str, arguments: Value) -> String {
    let error = call(service, id, arguments, Vec::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Usage, 0), "{error}");
    error.to_string()
}

fn body(request: &HttpRequest) -> Value {
    match &request.body {
        Body::Bytes(bytes) => serde_json::from_slice(bytes).unwrap(),
        other => panic!("no JSON body: {other:?}"),
    }
}

#[tokio::test]
async fn query_parameters_are_written_in_their_styles() {
    let arguments = json!({
        "tags": ["a b", "ü"], "metadata": { "key one": "v&1" }, "page_size": 50, "title": null,
    });
    assert_eq!(
        url(Service::ApiVideo, "videos.list", arguments).await,
        "https://ws.api.video/videos?tags%5B%5D=a%20b&tags%5B%5D=%C3%BC&metadata%5Bkey%20one%5D=v%261&pageSize=50"
    );
    let ranges = json!({ "index_id": "ix", "duration": { "gte": 1.5, "lte": 9 } });
    assert_eq!(
        url(Service::TwelveLabs, "indexes.indexed_assets.list", ranges).await,
        "https://api.twelvelabs.io/v1.3/indexes/ix/indexed-assets?duration%5Bgte%5D=1.5&duration%5Blte%5D=9"
    );
    assert_eq!(
        url(Service::TwelveLabs, "tasks.list", json!({ "status": ["ready", "failed"] })).await,
        "https://api.twelvelabs.io/v1.3/tasks?status=ready&status=failed"
    );
}

#[tokio::test]
async fn e41_names_are_taken_in_snake_and_camel_case() {
    for name in ["page_size", "pageSize", "PAGE_SIZE"] {
        let got = url(Service::ApiVideo, "videos.list", json!({ name: 3 })).await;
        assert_eq!(got, "https://ws.api.video/videos?pageSize=3");
    }
}

#[tokio::test]
async fn e38_a_null_in_a_body_is_sent_and_an_absent_field_is_not() {
    let request = call(
        Service::ApiVideo,
        "videos.update",
        json!({ "video_id": "vi1", "player_id": null, "title": "t" }),
        Vec::new(),
    );
    let request = request.await.unwrap();
    assert_eq!(body(&request), json!({ "playerId": null, "title": "t" }));
    assert_eq!(
        (request.method, request.url.as_str()),
        ("PATCH", "https://ws.api.video/videos/vi1")
    );
    let whole = json!({ "body": { "engine_id": "marengo2", "anything": [1] } });
    let request = call(Service::TwelveLabs, "indexes.create", whole, Vec::new()).await.unwrap();
    assert_eq!(body(&request), json!({ "engine_id": "marengo2", "anything": [1] }));
}

#[tokio::test]
async fn rd_06_ids_cannot_lead_to_another_route() {
    for bad in ["", ".", ".."] {
        let text = refused(Service::ApiVideo, "videos.get", json!({ "video_id": bad })).await;
        assert!(text.contains("`video_id`"), "{text}");
    }
    for (id, segment) in [
        ("../x", "..%2Fx"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("a%2fb", "a%252fb"),
        ("@e", "%40e"),
        ("é", "%C3%A9"),
    ] {
        let got = url(Service::ApiVideo, "videos.get", json!({ "video_id": id })).await;
        assert_eq!(got, format!("https://ws.api.video/videos/{segment}"));
    }
}

#[tokio::test]
async fn wrong_arguments_are_named_before_anything_is_sent() {
    let text = refused(Service::ApiVideo, "videos.list", json!({ "pagesise": 3 })).await;
    assert!(text.contains("unknown argument `pagesise`; did you mean `page_size`?"), "{text}");
    let text = refused(Service::ApiVideo, "videos.get", json!({})).await;
    assert!(text.contains("argument `video_id` missing"), "{text}");
    let text = refused(Service::VideoVector, "auth.validate", json!({ "x": 1 })).await;
    assert!(text.contains("it takes none"), "{text}");
    let text = refused(Service::ApiVideo, "videos.list", json!({ "metadata": "k=v" })).await;
    assert!(text.contains("`metadata` takes an object"), "{text}");
    let text = refused(Service::ApiVideo, "videos.get", json!({ "video_id": ["a"] })).await;
    assert!(text.contains("`video_id` takes a text or a number"), "{text}");
    let text = refused(Service::ApiVideo, "watermarks.upload", json!({ "file": "a.png" })).await;
    assert!(text.contains("`file` takes a file"), "{text}");
    let text = refused(Service::ApiVideo, "video.list", json!({})).await;
    assert!(text.contains("no operation `video.list`; did you mean `videos.list`?"), "{text}");
}

#[tokio::test]
async fn files_become_parts_and_the_upload_token_rides_in_the_query() {
    let file = File {
        argument: "file".to_owned(),
        file_name: Some("a \"b\".mp4".to_owned()),
        content_type: Some("video/mp4".to_owned()),
        source: Source::Bytes("bytes".into()),
    };
    let arguments = json!({ "video_id": "vi1", "content_range": "part 2/3" });
    let request =
        call(Service::ApiVideo, "videos.upload_with_token", arguments, vec![file]).await.unwrap();
    assert_eq!(request.url, "https://ws.api.video/upload?token=canary-t");
    assert_eq!(request.headers.get("content-range"), Some("part 2/3"));
    assert_eq!(request.headers.get("authorization"), None);
    let Body::Multipart(form) = &request.body else { panic!("no form") };
    let heads: Vec<String> = form.parts.iter().map(|part| part.head("b")).collect();
    assert!(heads.iter().any(|head| head.contains("name=\"videoId\"")), "{heads:?}");
    assert!(
        heads
            .iter()
            .any(|head| head.contains("filename=\"a %22b%22.mp4\"\r\nContent-Type: video/mp4")),
        "{heads:?}"
    );
}

#[tokio::test]
async fn a_name_in_two_spellings_is_refused() {
    for (operation, arguments) in [
        ("videos.list", json!({ "page_size": 1, "pageSize": 2 })),
        ("videos.create", json!({ "title": "a", "player_id": "b", "playerId": "c" })),
    ] {
        let error = call(Service::ApiVideo, operation, arguments, Vec::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Usage, "usage.bad_value"));
        assert!(error.message().contains("is given twice, in two spellings"), "{error}");
    }
}
