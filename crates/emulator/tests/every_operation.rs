//! Every operation of the three services, called over HTTP; every answer held against its schema.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/own_api_video.rs"]
mod own_api_video;
mod support;
#[path = "support/valid.rs"]
mod valid;

use framekey_catalog::{Body, FieldKind, Operation, Place, Scheme, Service, operations};
use serde_json::{Map, Value, json};
use support::{Ask, Got, Lab};
use valid::Document;

/// Objects that the emulator keeps track of: made afresh for each call, since calls delete them.
async fn own(lab: &Lab, operation: &Operation) -> Vec<(&'static str, String)> {
    match operation.service {
        Service::ApiVideo => own_api_video::own(lab, operation).await,
        // Made by the emulator itself: see `example`.
        Service::TwelveLabs | Service::VideoVector => Vec::new(),
    }
}

/// Arguments that the emulator gives for a call, by their names in our calls.
async fn example(lab: &Lab, operation: &Operation) -> Value {
    let asked = json!({ "service": operation.service.slug(), "operation": operation.id });
    lab.control("POST", "example").json(asked).send().await.json()
}

fn signed(lab: &Lab, operation: &Operation, ask: Ask, upload_token: &str) -> Ask {
    let ready = lab.emulator.credentials();
    match operation.security {
        [] | [Scheme::ApiKeyQuery(_)] => {
            debug_assert!(!upload_token.is_empty() || operation.security.is_empty());
            ask
        }
        schemes if operation.service == Service::ApiVideo => {
            assert!(schemes.contains(&Scheme::Basic), "{}", operation.id);
            ask.basic(&ready.api_video_key)
        }
        _ if operation.service == Service::TwelveLabs => ask.key(&ready.twelve_labs_key),
        _ => ask.bearer(&ready.videovector_jwt),
    }
}

/// Calls an operation with the least that it takes.
async fn call(lab: &Lab, document: &Document, operation: &'static Operation) -> Got {
    let own = own(lab, operation).await;
    let example = example(lab, operation).await;
    let known = |wire: &str| own.iter().find(|(name, _)| *name == wire).map(|(_, id)| id.clone());
    let mut path = operation.path.to_owned();
    let mut query = Vec::new();
    for param in operation.params.iter().filter(|param| param.required) {
        let least = known(param.wire).map(Value::from);
        let least = least.or_else(|| example.get(param.name).cloned());
        let value = least.unwrap_or_else(|| document.least(document.param(operation, param.wire)));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match param.place {
            Place::Path => path = path.replace(&format!("{{{}}}", param.wire), &text),
            Place::Query => query.push(format!("{}={text}", param.wire)),
            Place::Header => panic!("{}: a required header", operation.id),
        }
    }
    let token = known("uploadToken").unwrap_or_default();
    if let [Scheme::ApiKeyQuery(name)] = operation.security {
        query.push(format!("{name}={token}"));
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let ask =
        signed(lab, operation, lab.to(operation.service, operation.method.as_str(), &path), &token);
    match &operation.body {
        Body::None => ask,
        Body::Json { fields, .. } => {
            let mut body = body(lab, document, operation, &own).await;
            for field in *fields {
                if let Some(value) = example.get(field.name) {
                    body[field.wire] = value.clone();
                }
            }
            ask.json(body)
        }
        Body::Multipart { fields } => {
            let mut texts = Vec::new();
            let mut files: Vec<(&str, &str, &[u8])> = Vec::new();
            let file_name = match operation.service {
                Service::ApiVideo => own_api_video::file_name(operation),
                _ => "clip.mp4",
            };
            for field in *fields {
                let given = example.get(field.name).map(|given| given.get(0).unwrap_or(given));
                match field.kind {
                    _ if given.is_some() => {
                        texts.push((field.wire, given.and_then(Value::as_str).unwrap()));
                    }
                    _ if !field.required => {}
                    FieldKind::File => files.push((field.wire, file_name, b"the bytes of a file")),
                    _ => texts.push((field.wire, "text")),
                }
            }
            ask.form_of(&texts, &files)
        }
    }
    .send()
    .await
}

async fn body(
    lab: &Lab,
    document: &Document,
    operation: &Operation,
    own: &[(&'static str, String)],
) -> Value {
    if let Some(body) = (operation.service == Service::ApiVideo)
        .then(|| own_api_video::body(operation, own))
        .flatten()
    {
        return body;
    }
    let key = json!({ "apiKey": lab.emulator.credentials().api_video_key });
    match (operation.service, operation.id) {
        (Service::ApiVideo, "access_tokens.create") => key,
        (Service::ApiVideo, "access_tokens.refresh") => {
            let got = lab.to(Service::ApiVideo, "POST", "/auth/api-key").json(key).send().await;
            json!({ "refreshToken": got.json()["refresh_token"] })
        }
        (Service::TwelveLabs, "indexes.create") => json!({
            "index_name": "least", "models": [{ "model_name": "pegasus1.2", "model_options": ["audio"] }],
        }),
        _ => document.least(document.request(operation)),
    }
}

/// What is wrong with an answer, in words; empty for nothing.
fn faults(document: &Document, operation: &Operation, got: &Got) -> Vec<String> {
    if !(200..300).contains(&got.status) {
        return vec![format!("status {}: {}", got.status, String::from_utf8_lossy(&got.body))];
    }
    let Some(said) = document.response(operation, got.status) else {
        return vec![format!("status {} is not in the document", got.status)];
    };
    let media = got.header("content-type");
    if said["media"].is_null() {
        let silent = got.body.is_empty() && media.is_empty();
        return if silent { Vec::new() } else { vec!["a body where there is none".to_owned()] };
    }
    let main = said["media"] == media;
    let schema = if main { &said["schema"] } else { &said["others"][media] };
    if schema.is_null() && !main {
        return vec![format!("{media} is not in the document")];
    }
    let validator = document.validator(schema);
    let values = values(media, &got.body);
    if values.is_empty() {
        return vec!["an empty body".to_owned()];
    }
    let each = values.iter().flat_map(|value| {
        validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path))
            .collect::<Vec<_>>()
    });
    each.collect()
}

/// The JSON values of a body, a line or an event each where it is a stream.
fn values(media: &str, body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    match media {
        "application/json" => vec![serde_json::from_str(text).unwrap()],
        "text/event-stream" => text
            .split("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap())
            .collect(),
        _ => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_by_its_schema() {
    let lab = Lab::new().await;
    let mut wrong = Vec::new();
    let mut answered = Map::new();
    for service in Service::ALL {
        let document = Document::of(service);
        let mut count = 0;
        for operation in operations(service) {
            let got = call(&lab, &document, operation).await;
            let found = faults(&document, operation, &got);
            count += usize::from(found.is_empty());
            wrong.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{} {}: {fault}", service.slug(), operation.id)),
            );
        }
        answered.insert(service.slug().to_owned(), count.into());
    }
    println!("answered by their schemas: {}", Value::Object(answered.clone()));
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(
        Value::Object(answered),
        json!({ "api-video": 59, "twelve-labs": 99, "videovector": 101 })
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_question_has_the_same_answer() {
    let (one, two) = (Lab::frozen().await, Lab::frozen().await);
    let document = Document::of(Service::VideoVector);
    for operation in
        operations(Service::VideoVector).iter().filter(|row| row.id.starts_with("indexes."))
    {
        let (first, second) =
            (call(&one, &document, operation).await, call(&two, &document, operation).await);
        assert_eq!(first.json(), second.json(), "{}", operation.id);
    }
}

#[test]
fn a_wrong_answer_is_noticed() {
    let document = Document::of(Service::ApiVideo);
    let operation = framekey_catalog::find(Service::ApiVideo, "videos.get").unwrap();
    let got = |status, body: Value| {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        Got { status, headers, body: body.to_string().into() }
    };
    let good =
        json!({ "videoId": "vi1", "createdAt": "2026-01-31T00:00:00Z", "languageOrigin": null });
    assert!(faults(&document, operation, &got(200, good.clone())).is_empty());
    for (name, value) in [
        ("videoId", json!(7)),
        ("createdAt", json!("today")),
        ("tags", json!("a")),
        ("languageOrigin", json!("x")),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        assert_eq!(faults(&document, operation, &got(200, bad)).len(), 1, "{name}");
    }
    assert_eq!(faults(&document, operation, &got(201, good.clone())).len(), 1);
    assert_eq!(faults(&document, operation, &got(404, good)).len(), 1);
}
