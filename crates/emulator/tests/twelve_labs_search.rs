//! Twelve Labs over HTTP: searches and their pages, embeddings, knowledge stores and conversations.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Got, Lab};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Flat, nested or legacy, the code of a refusal.
fn code(got: &Got) -> (u16, String) {
    let body = got.json();
    let code = body["code"].as_str().or_else(|| body["error"]["code"].as_str());
    (got.status, code.unwrap_or_default().to_owned())
}

async fn asset(lab: &Lab, name: &str) -> String {
    let url = format!("https://example.com/{name}");
    let form = [("method", "url"), ("url", url.as_str())];
    let made = lab.labs("POST", "/assets").form(&form, &[]).send().await.json();
    lab.emulator.advance(Duration::from_secs(1));
    made["_id"].as_str().unwrap().to_owned()
}

/// An index by its options, and the media in it.
async fn index(lab: &Lab, options: Value, names: &[&str]) -> (String, Vec<String>) {
    let models = json!([{ "model_name": "marengo3.0", "model_options": options }]);
    let body = json!({ "index_name": "searched", "models": models });
    let made = lab.labs("POST", "/indexes").json(body).send().await.json();
    let id = made["_id"].as_str().unwrap().to_owned();
    let mut media = Vec::new();
    for name in names {
        let body = json!({ "asset_id": asset(lab, name).await, "user_metadata": { "name": name } });
        let path = format!("/indexes/{id}/indexed-assets");
        let made = lab.labs("POST", &path).json(body).send().await.json();
        media.push(made["_id"].as_str().unwrap().to_owned());
    }
    lab.emulator.advance(Duration::from_secs(3));
    (id, media)
}

async fn search(lab: &Lab, form: &[(&str, &str)]) -> Got {
    lab.labs("POST", "/search").form(form, &[]).send().await
}

#[tokio::test]
async fn a_search_is_held_against_its_index() {
    let lab = Lab::new().await;
    let (id, _) = index(&lab, json!(["visual"]), &["a.mp4"]).await;
    let good = [("index_id", id.as_str()), ("search_options", "visual"), ("query_text", "river")];
    assert_eq!(search(&lab, &good).await.json()["page_info"]["total_results"], 2);
    let without = |name: &str| good.into_iter().filter(|field| field.0 != name).collect::<Vec<_>>();
    for name in ["index_id", "search_options", "query_text"] {
        let got = search(&lab, &without(name)).await;
        assert_eq!(code(&got), (400, "parameter_not_provided".to_owned()), "{name}");
    }
    let with = |field: (&'static str, &'static str)| {
        let mut form = without(field.0);
        form.push(field);
        form
    };
    for (field, expected) in [
        (("index_id", "0"), "resource_not_exist"),
        (("search_options", "audio"), "search_option_not_supported"),
        (("search_options", "transcription"), "search_option_not_supported"),
        (("search_options", "smell"), "parameter_invalid"),
        (("page_limit", "51"), "parameter_invalid"),
        (("group_by", "scene"), "parameter_invalid"),
        (("filter", "[]"), "parameter_invalid"),
    ] {
        assert_eq!(
            code(&search(&lab, &with(field)).await),
            (400, expected.to_owned()),
            "{field:?}"
        );
    }
    let mut image = without("query_text");
    image.push(("query_media_url", "https://example.com/a.png"));
    assert_eq!(code(&search(&lab, &image).await), (400, "parameter_not_provided".to_owned()));
    image.push(("query_media_type", "image"));
    assert_eq!(search(&lab, &image).await.status, 200);
}

#[tokio::test]
async fn filters_groups_and_pages() {
    let lab = Lab::new().await;
    let (id, media) = index(&lab, json!(["visual", "audio"]), &["a.mp4", "b.mp4"]).await;
    let good = [("index_id", id.as_str()), ("search_options", "visual"), ("query_text", "river")];
    let found = async |more: &[(&str, &str)]| {
        let got = search(&lab, &[&good, more].concat()).await;
        assert_eq!(got.status, 200, "{more:?}: {}", got.json());
        got.json()
    };
    let count = async |filter: &str| {
        found(&[("filter", filter)]).await["page_info"]["total_results"].as_u64().unwrap()
    };
    assert_eq!(count(r#"{"name":"a.mp4"}"#).await, 2);
    assert_eq!(count(r#"{"duration":{"gte":10,"lte":10}}"#).await, 4);
    assert_eq!(count(r#"{"duration":{"gte":11}}"#).await, 0);
    assert_eq!(count(r#"{"width":1280,"filename":"b.mp4"}"#).await, 2);
    let grouped = found(&[("group_by", "video"), ("include_user_metadata", "true")]).await;
    assert_eq!(grouped["data"][1]["id"], json!(media[1]));
    assert_eq!(grouped["data"][1]["clips"][0]["user_metadata"]["name"], "b.mp4");
    let first = found(&[("page_limit", "3")]).await;
    let next = format!("/search/{}", first["page_info"]["next_page_token"].as_str().unwrap());
    lab.labs("DELETE", &format!("/indexes/{id}/indexed-assets/{}", media[0])).send().await;
    let second = lab.labs("GET", &next).send().await.json();
    assert_eq!((&second["data"][0]["rank"], &second["data"][1]), (&json!(4), &Value::Null));
    let back = format!("/search/{}", second["page_info"]["prev_page_token"].as_str().unwrap());
    assert_eq!(lab.labs("GET", &back).send().await.json()["data"], first["data"], "as it was");
    lab.emulator.advance(Duration::from_secs(3600));
    let ended = lab.labs("GET", &next).send().await;
    assert_eq!((ended.status, &ended.json()["error_code"]), (400, &json!(400)), "the legacy shape");
}

#[tokio::test]
async fn embeddings_are_the_same_for_the_same_and_models_take_their_kinds() {
    let lab = Lab::new().await;
    let embed = |body: Value| lab.labs("POST", "/embed-v2").json(body).send();
    let text = |text: &str| json!({ "input_type": "text", "model_name": "marengo3.0", "text": { "input_text": text } });
    let (one, two) = (embed(text("a")).await.json(), embed(text("a")).await.json());
    assert_eq!(one["data"], two["data"]);
    assert_ne!(one["data"], embed(text("b")).await.json()["data"]);
    let numbers: Vec<f64> = serde_json::from_value(one["data"][0]["embedding"].clone()).unwrap();
    let length: f64 = numbers.iter().map(|number| number * number).sum();
    assert!((length - 1.0).abs() < 1e-3, "{length}");
    let url = json!({ "url": "https://example.com/a.mp4" });
    let both = json!({ "url": "https://example.com/a.mp4", "base64_string": "AAAA" });
    for (body, expected) in [
        (json!({ "input_type": "text", "model_name": "marengo3.0" }), "parameter_not_provided"),
        (
            json!({ "input_type": "text", "model_name": "marengo3.5", "text": { "input_text": "a" } }),
            "parameter_invalid",
        ),
        (
            json!({ "input_type": "image", "model_name": "marengo3.0", "image": { "media_source": both } }),
            "parameter_invalid",
        ),
        (json!({ "input_type": "smell", "model_name": "marengo3.0" }), "parameter_invalid"),
        (
            json!({ "input_type": "video", "model_name": "marengo3.0", "video": { "media_source": url, "embedding_scope": ["all"] } }),
            "parameter_invalid",
        ),
    ] {
        let got = embed(body.clone()).await;
        assert_eq!(code(&got), (400, expected.to_owned()), "{body}");
        assert!(got.json()["error"]["message"].is_string(), "nested");
    }
    let usage = embed(json!({
        "input_type": "multi_input", "model_name": "marengo3.5",
        "multi_input": { "input_text": "a", "media_sources": [{ "media_type": "image", "url": "https://example.com/a.png" }] },
    }));
    assert_eq!(usage.await.json()["usage"]["truncated"], false);
}

/// A knowledge store with a video and an image.
async fn store(lab: &Lab) -> (String, Vec<String>) {
    let made = lab.labs("POST", "/knowledge-stores").json(json!({ "name": "films" })).send().await;
    let path = format!("/knowledge-stores/{}", made.json()["_id"].as_str().unwrap());
    let mut items = Vec::new();
    for name in ["a.mp4", "b.png"] {
        let body = json!({ "asset_id": asset(lab, name).await });
        let made = lab.labs("POST", &format!("{path}/items")).json(body).send().await;
        assert_eq!((made.status, &made.json()["status"]), (202, &json!("queued")));
        items.push(made.json()["_id"].as_str().unwrap().to_owned());
    }
    lab.emulator.advance(Duration::from_secs(3));
    (path, items)
}

#[tokio::test]
async fn a_knowledge_store_is_searched_by_kind_and_page() {
    let lab = Lab::new().await;
    let (path, items) = store(&lab).await;
    let search = |body: Value| lab.labs("POST", &format!("{path}/search")).json(body).send();
    let query = json!({ "text": "a river" });
    let all = search(json!({ "query": query })).await.json();
    assert_eq!(all["data"].as_array().unwrap().len(), 3, "two clips and an image");
    assert_eq!(all["effective_search_options"], json!({ "video": { "modalities": ["visual"] } }));
    let images = json!({ "asset_type": { "in": ["image"] } });
    let still = search(json!({ "query": query, "filter": images })).await.json();
    assert_eq!((&still["data"][0]["item_id"], &still["data"][1]), (&json!(items[1]), &Value::Null));
    let options = json!({ "video": { "modalities": ["audio"] } });
    for (body, expected) in [
        (json!({ "query": { "text": " " } }), 400),
        (json!({ "query": query, "page_size": 0 }), 400),
        (json!({ "query": query, "page_token": "nonsense" }), 400),
        (json!({ "query": query, "filter": images, "search_options": options }), 400),
    ] {
        assert_eq!(
            code(&search(body.clone()).await),
            (expected, "parameter_invalid".to_owned()),
            "{body}"
        );
    }
    let first = search(json!({ "query": query, "page_size": 2 })).await.json();
    let next = json!({ "query": query, "page_token": first["next_page_token"] });
    assert_eq!(search(next.clone()).await.json()["data"][0]["rank"], 3);
    lab.emulator.advance(Duration::from_secs(3600));
    assert_eq!(code(&search(next).await), (410, "page_token_expired".to_owned()));
}

#[tokio::test]
async fn groups_have_names_of_their_own_and_items_of_their_store() {
    let lab = Lab::new().await;
    let ((path, items), (other, foreign)) = (store(&lab).await, store(&lab).await);
    let groups = format!("{path}/item-collections");
    let make = |name: &str| lab.labs("POST", &groups).json(json!({ "name": name })).send();
    let made = make("seen").await.json();
    let group = format!("{groups}/{}", made["_id"].as_str().unwrap());
    assert_eq!(code(&make("seen").await), (400, "name_already_exists".to_owned()));
    let add = |ids: &[String]| {
        lab.labs("POST", &format!("{group}/items/add")).json(json!({ "item_ids": ids })).send()
    };
    assert_eq!(code(&add(&foreign).await), (400, "resource_not_exist".to_owned()));
    assert_eq!(add(&items).await.json()["member_count"], 2);
    assert_eq!(add(&items).await.json()["member_count"], 2, "who is in already is skipped");
    lab.labs("DELETE", &format!("{path}/items/{}", items[0])).send().await;
    assert_eq!(lab.labs("GET", &group).send().await.json()["member_count"], 1);
    let elsewhere = format!("{other}/item-collections/{}", made["_id"].as_str().unwrap());
    assert_eq!(lab.labs("GET", &elsewhere).send().await.status, 404);
}

#[tokio::test]
async fn a_session_stays_with_its_store() {
    let lab = Lab::new().await;
    let ((path, items), (other, _)) = (store(&lab).await, store(&lab).await);
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let ask = |store: &str, more: Value| {
        let mut body = json!({
            "knowledge_store_id": id(store), "stream": false,
            "input": [{ "type": "message", "role": "user", "content": "What is there?" }],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lab.labs("POST", "/responses").json(body).send()
    };
    let said = ask(&path, json!({})).await.json();
    assert_eq!(said["output"][0]["content"][0]["annotations"][0]["item_id"], json!(items[0]));
    let session = json!({ "session_id": said["session_id"] });
    assert_eq!(ask(&path, session.clone()).await.json()["session_id"], said["session_id"]);
    assert_eq!(code(&ask(&other, session).await), (400, "parameter_invalid".to_owned()));
    let foreign = json!({ "selections": [{ "kind": "item", "id": "ksi_0" }] });
    assert_eq!(code(&ask(&path, foreign).await).0, 400);
    let stream = ask(&path, json!({ "stream": true })).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    let text = String::from_utf8(stream.body.to_vec()).unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"));
    let long =
        json!({ "input": [{ "type": "message", "role": "user", "content": "x".repeat(10_001) }] });
    assert_eq!(code(&ask(&path, long).await), (400, "parameter_invalid".to_owned()));
}

/// The pieces of a chunked body, as they come.
async fn chunks(lab: &Lab, path: &str, body: Value) -> (String, Vec<String>) {
    let ask = lab.labs("POST", path);
    let address = ask.url().split('/').nth(2).unwrap().to_owned();
    let (target, body) = (ask.url().split_once(&address).unwrap().1, body.to_string());
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        lab.emulator.credentials().twelve_labs_key,
        body.len()
    );
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut got = String::new();
    socket.read_to_string(&mut got).await.unwrap();
    let (head, mut rest) = got.split_once("\r\n\r\n").unwrap();
    let mut pieces = Vec::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        pieces.push(after[..size].to_owned());
        rest = &after[size + 2..];
    }
    (head.to_lowercase(), pieces)
}

#[tokio::test]
async fn a_stream_comes_event_by_event_and_says_no_length() {
    let lab = Lab::new().await;
    let asset = asset(&lab, "a.mp4").await;
    let question = json!({ "video": { "type": "asset_id", "asset_id": asset }, "prompt": "What?" });
    let (head, lines) = chunks(&lab, "/analyze", question).await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    assert!(
        lines.len() > 3 && lines.iter().all(|line| line.matches('\n').count() == 1),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines:?}");
    let (store, _) = store(&lab).await;
    let question = json!({
        "knowledge_store_id": store.rsplit('/').next(), "stream": true,
        "input": [{ "type": "message", "role": "user", "content": "What is there?" }],
    });
    let (head, events) = chunks(&lab, "/responses", question).await;
    assert!(head.contains("text/event-stream") && !head.contains("content-length"), "{head}");
    let is_one =
        |event: &String| event.starts_with("data: ") && event.find("\n\n") == Some(event.len() - 2);
    assert!(events.len() > 5 && events.iter().all(is_one), "{events:?}");
}
