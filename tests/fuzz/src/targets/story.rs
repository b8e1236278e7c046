//! A story is a few requests to one fresh emulator, whole and without a socket: each is answered, in
//! the service's own shape, and told twice the story is the same.

mod asked;

use std::cell::RefCell;
use std::collections::HashMap;

use framekey_catalog::{Operation, Service};
use framekey_emulator::fuzz::{Bench, Told};
use framekey_emulator::{ClockSetting, Moment, Scenario};
use jsonschema::Validator;
use serde_json::Value;

use crate::{Target, run, words};
use asked::{Asked, asked};

#[path = "../../../../crates/emulator/tests/support/valid.rs"]
mod valid;

pub(crate) const TARGET: Target =
    Target { name: "story", check, seeds, words: words_of_stories, longest: 4096 };

/// A story has no more requests.
const LONGEST: usize = 8;

/// A fresh emulator of which the clock stands still.
pub(crate) fn bench() -> Bench {
    let now = Moment::parse("2026-01-31T12:00:00Z");
    let clock = ClockSetting { now, speed: Some(0.0), ..ClockSetting::default() };
    Bench::new(Scenario { clock, ..Scenario::default() }).unwrap()
}

fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let once = tell(&text);
    assert_eq!(once, tell(&text), "the same story ends differently");
}

fn tell(text: &str) -> Vec<Option<Told>> {
    let bench = bench();
    let mut told = Vec::new();
    // What the control plane is told may break the services' rules: that is what it is for.
    let mut is_meddled = false;
    for part in text.split("\n--\n").take(LONGEST) {
        let Some(Asked { operation, service, request }) = asked(&bench, part) else { continue };
        is_meddled |= request.uri().path().starts_with("/__emulator/");
        let line = format!("{} {}", request.method(), request.uri());
        let answer = run::wait(bench.ask(request)).flatten();
        if !is_meddled {
            let answer = answer.as_ref().unwrap_or_else(|| panic!("{line}: no answer"));
            hold(&line, service, operation, answer);
        }
        told.push(answer);
    }
    told
}

fn hold(line: &str, service: Option<Service>, operation: Option<&'static Operation>, told: &Told) {
    let Told { status, media, body } = told;
    let text = String::from_utf8_lossy(body);
    assert!((200..500).contains(status), "{line}: {status} {text}");
    let Some(service) = service else { return };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if *status >= 400 {
        assert!(is_own_shape(service, &body), "{line}: {status} {text}");
    } else if let Some(operation) = operation.filter(|_| media == "application/json") {
        schema(operation, *status, &body).unwrap_or_else(|why| {
            panic!(
                "{line}: {status} of {} is not as its schema has it: {why}: {text}",
                operation.id
            )
        });
    }
}

/// Every service's own shape: a problem, a flat body, an envelope or a detail.
fn is_own_shape(service: Service, body: &Value) -> bool {
    match service {
        Service::ApiVideo => body["status"].is_u64() && body["title"].is_string(),
        Service::TwelveLabs => body["code"].is_string() && body["message"].is_string(),
        Service::VideoVector => body["error"]["message"].is_string() || !body["detail"].is_null(),
    }
}

/// Which answer of which operation.
type Shape = (Service, &'static str, u16);

/// What is wrong with a body by the document.
fn schema(operation: &'static Operation, status: u16, body: &Value) -> Result<(), String> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Shape, Option<Validator>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        let validator =
            known.entry((operation.service, operation.id, status)).or_insert_with(|| {
                let document = valid::Document::of(operation.service);
                let schema = document.response(operation, status)?.get("schema")?;
                Some(document.validator(schema))
            });
        let Some(validator) = validator else { return Ok(()) };
        validator.validate(body).map_err(|error| format!("{error} at {}", error.instance_path))
    })
}

/// Every operation with the arguments of its example, and requests that are put together by hand.
fn seeds() -> Vec<Vec<u8>> {
    let examples = framekey_catalog::all()
        .map(|operation| format!("={} {}", operation.service.slug(), operation.id).into_bytes());
    let by_hand = words::inputs(&[
        "GET /api-video/videos?currentPage=0&pageSize=x\n--\nPUT /api-video/videos\n\n{}",
        "POST /api-video/videos\ncontent-type: application/json\n\n{\"title\":\"a\",\"tags\":[1]}",
        "POST /api-video/upload?token=x\ncontent-type: multipart/form-data; boundary=edge\n\
         content-range: bytes 0-1/2\n\n--edge\r\n\r\n",
        "POST /api-video/auth/api-key\nauthorization: x\n\n{\"apiKey\":\"\u{fc}\"}",
        "GET /twelve-labs/v1.3/%ff%00?a=%&=&a\n--\nGET /files/twelve-labs/x\n--\nGET /",
        "=api-video videos.create\ntitle=\"x\"\nmetadata=[{\"key\":1}]\n--\n=api-video videos.list",
        "=videovector search.run\n-index_id\n--\n=twelve-labs search.create\npage_limit=-1",
        "POST /__emulator/faults\n\n{\"operation\":\"*\",\"delay\":1e300}\n--\n=api-video videos.list",
        "POST /__emulator/switches\n\n{\"strict_refresh\":true}\n--\nGET /__emulator/journal",
    ]);
    examples.chain(by_hand).collect()
}

fn words_of_stories() -> Vec<String> {
    let mut words = words::of_operations();
    let services = Service::ALL.map(|service| format!("\n--\n={} ", service.slug()));
    words.extend(services);
    let bases = ["/api-video", "/api-video-sandbox", "/twelve-labs/v1.3", "/videovector/api/v2"];
    let more = ["/files/", "/__emulator/", "content-type: ", "content-range: ", "authorization: "];
    words.extend(words::of(&bases).into_iter().chain(words::of(&more)));
    words
}
