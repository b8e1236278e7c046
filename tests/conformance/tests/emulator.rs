//! The emulator does all that the services are known to do; the cases are what they say they are.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::Service;
use framekey::catalog::Retry;
use framekey_conformance::Document;
use framekey_conformance::case::{self, Case, Live};
use framekey_conformance::expect::TESTS;
use framekey_conformance::place::Place;
use framekey_conformance::run::{self, Outcome};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e36_the_emulator_is_as_the_cases_have_it() {
    let mut differing = Vec::new();
    for service in Service::ALL {
        let document = Document::of(service);
        for case in case::read(service).unwrap() {
            let mut place = Place::emulator(service).await.unwrap();
            let outcome = run::case(&mut place, &document, service, &case).await;
            if outcome != Outcome::Ok {
                differing.push(format!("{}: {}: {outcome:?}", service.title(), case.name));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Only what reads, or is refused for its credential or its values, may be run without `--write`.
#[test]
fn e36_what_is_marked_as_reading_changes_nothing() {
    for service in Service::ALL {
        for case in case::read(service).unwrap() {
            for step in case.steps.iter().filter(|step| !step.call.is_empty()) {
                let operation = framekey::catalog::find(service, &step.call).expect(&step.call);
                let reads = operation.retry == Retry::Safe || operation.resource == "access_tokens";
                let is_refused =
                    !step.status.is_empty() && step.status.iter().all(|status| *status >= 400);
                assert!(reads || is_refused || case.live != Live::Reads, "{}", case.name);
            }
            let controls = case.steps.iter().any(|step| !step.control.is_empty());
            assert!(!controls || case.live == Live::Never, "{}", case.name);
        }
    }
}

#[test]
fn e36_every_step_says_something_and_every_test_is_known() {
    for service in Service::ALL {
        let cases = case::read(service).unwrap();
        for case in &cases {
            assert!(!case.source.is_empty(), "{}", case.name);
            assert_eq!(
                cases.iter().filter(|other| other.name == case.name).count(),
                1,
                "{}",
                case.name
            );
            for step in &case.steps {
                assert!(!step.status.is_empty() || !step.control.is_empty(), "{}", case.name);
                for wanted in step.body.values().chain(step.headers.values()) {
                    if let Some(object) = wanted.as_object() {
                        let test = object.keys().next().unwrap();
                        assert!(TESTS.contains(&test.as_str()), "{}: {test}", case.name);
                    }
                }
            }
        }
    }
}

async fn outcome(case: Value) -> Outcome {
    let case: Case = serde_json::from_value(case).unwrap();
    let document = Document::of(Service::ApiVideo);
    let mut place = Place::emulator(Service::ApiVideo).await.unwrap();
    run::case(&mut place, &document, Service::ApiVideo, &case).await
}

fn of(steps: Value) -> Value {
    json!({ "name": "planted", "source": "a test", "live": "never", "steps": steps })
}

#[tokio::test]
async fn e36_what_differs_is_said_without_a_secret() {
    let made = json!({ "call": "upload_tokens.create", "with": { "ttl": 60 }, "status": [200] });
    for (wanted, said) in [
        (json!({ "status": [418] }), "expected status [418], service said 200"),
        (json!({ "body": { "/ttl": 61 } }), "expected 61 at `/ttl`, service said 60"),
        (json!({ "body": { "/token": "to" } }), "a text of 24 bytes, hidden"),
        (json!({ "fields": { "": ["token"] } }), "service said createdAt, expiresAt, token, ttl"),
        (
            json!({ "headers": { "x-none": { "is": "text" } } }),
            "at `header x-none`, service said absent",
        ),
    ] {
        let mut step = made.clone();
        for (name, value) in wanted.as_object().unwrap() {
            step[name] = value.clone();
        }
        match outcome(of(json!([step]))).await {
            Outcome::Differs(what, why) => {
                assert_eq!(what, "upload_tokens.create (POST /upload-tokens)");
                assert!(why.contains(said), "{why}");
            }
            other => panic!("{wanted}: {other:?}"),
        }
    }
    assert_eq!(outcome(of(json!([made]))).await, Outcome::Ok);
}
