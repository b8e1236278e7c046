//! Two generators that check each other: every operation through both doors, and answers back.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::catalog::{self, Operation};
use framekey::dynamic::{Client, File};
use framekey::runtime::Source;
use framekey::{CallOptions, Service};
use framekey_doors::arguments::{Arguments, arguments};
use framekey_doors::schema::{Schemas, Taste};
use framekey_doors::seed::Seed;
use framekey_doors::tap::{Noted, Tap};
use framekey_doors::typed;
use serde_json::{Value, json};

const SETS: u64 = 32;

fn client(service: Service, tap: &Tap) -> Client {
    let builder = Client::builder(service).platform(tap.platform()).environment(|_| None);
    let builder = match service {
        // Basic: no exchange between the calls that are compared.
        Service::ApiVideo => {
            builder.auth_mode("basic").api_key("canary-key").upload_token("canary-token")
        }
        Service::TwelveLabs => builder.api_key("canary-key"),
        Service::VideoVector => builder.jwt("canary.jwt.x"),
    };
    builder.build().unwrap()
}

/// A success answer of the operation, and its status and media type.
fn success(
    schemas: &Schemas,
    operation: &Operation,
    taste: Taste,
    number: u64,
) -> (u16, String, Value) {
    let responses = schemas.operation(operation.id)["responses"].as_object().unwrap();
    let (status, response) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
    let status = status.replace("XX", "00").parse().unwrap();
    let media = response["media"].as_str().unwrap_or_default().to_owned();
    let value = match &response["schema"] {
        Value::Null => Value::Null,
        schema => schemas.value(schema, taste, &mut Seed::of(operation.id, number + 1000), 0),
    };
    (status, media, value)
}

fn is_json(media: &str) -> bool {
    media == "application/json"
}

async fn both(
    client: &Client,
    tap: &Tap,
    operation: &'static Operation,
    set: &Arguments,
) -> (Vec<Noted>, Vec<Noted>, String) {
    let files = set.files.iter().map(|(argument, text)| File {
        argument: argument.clone(),
        file_name: None,
        content_type: None,
        source: Source::Bytes(text.clone().into()),
    });
    let dynamic = client
        .call(operation.id, set.values.clone(), files.collect(), CallOptions::default())
        .await;
    let through_dynamic = tap.take();
    let typed = typed::call(client.session(), operation.id, set.with_files()).await;
    let through_typed = tap.take();
    let words =
        format!("dynamic: {:?}\n    typed: {:?}", dynamic.map(|_| "ok"), typed.map(|_| "ok"));
    (through_dynamic, through_typed, words)
}

#[tokio::test]
async fn both_doors_send_the_same_bytes_for_every_operation() {
    let mut differences = Vec::new();
    let mut covered = 0;
    for service in Service::ALL {
        let schemas = Schemas::of(service);
        let tap = Tap::default();
        let client = client(service, &tap);
        for operation in catalog::operations(service) {
            covered += 1;
            for number in 0..SETS {
                let set = arguments(&schemas, operation, number);
                let (status, media, value) = success(&schemas, operation, Taste::All, number);
                let body = if value.is_null() { String::new() } else { value.to_string() };
                tap.answer(status, &media, body);
                let (dynamic, typed, words) = both(&client, &tap, operation, &set).await;
                if dynamic != typed || dynamic.len() != 1 {
                    differences.push(format!(
                        "{} {} set {number}\n    arguments {:?}\n    dynamic {dynamic:?}\n    typed   {typed:?}\n    {words}",
                        service.slug(), operation.id, set
                    ));
                }
            }
        }
    }
    let shown: Vec<&String> = differences.iter().take(12).collect();
    assert!(differences.is_empty(), "{} differences, the first:\n{shown:#?}", differences.len());
    assert_eq!(covered, 259);
}

/// Adds a field that nobody has heard of to every object that has known fields.
fn with_new_fields(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for inner in object.values_mut() {
                with_new_fields(inner);
            }
            if !object.is_empty() && !object.contains_key("a key") {
                object.insert("a_field_of_next_year".to_owned(), json!({ "deep": [1, null, "x"] }));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_new_fields),
        _ => {}
    }
}

/// The same value, but for how a whole number is written.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

#[tokio::test]
async fn e08_e38_answers_of_an_open_world_come_back_unchanged() {
    let mut differences = Vec::new();
    let mut answers = 0;
    for service in Service::ALL {
        let schemas = Schemas::of(service);
        let tap = Tap::default();
        let client = client(service, &tap);
        for operation in catalog::operations(service) {
            for number in 0..SETS {
                let (status, media, mut value) =
                    success(&schemas, operation, Taste::of(number), number);
                if !is_json(&media) || value.is_null() {
                    continue;
                }
                if number % 3 == 2 {
                    with_new_fields(&mut value);
                }
                answers += 1;
                tap.answer(status, &media, value.to_string());
                let set = arguments(&schemas, operation, 0);
                match typed::call(client.session(), operation.id, set.with_files()).await {
                    Ok(back) if same(&value, &back) => {}
                    Ok(back) => differences.push(format!(
                        "{} {} {number}\n  in   {value}\n  back {back}",
                        service.slug(),
                        operation.id
                    )),
                    Err(error) => differences.push(format!(
                        "{} {} {number}\n  in   {value}\n  {error}",
                        service.slug(),
                        operation.id
                    )),
                }
            }
        }
    }
    let shown: Vec<&String> = differences.iter().take(12).collect();
    assert!(
        differences.is_empty(),
        "{} of {answers} differ, the first:\n{shown:#?}",
        differences.len()
    );
    assert!(answers > 6000, "{answers} answers");
}
