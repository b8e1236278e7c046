//! Documents of the control plane: each is held against what it may say, and what is told stays true.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use framekey_catalog::Service;
use framekey_emulator::{ClockSetting, Config, Emulator, Moment};
use serde_json::{Value, json};
use support::Lab;

#[tokio::test]
async fn a_wrong_document_is_named_and_does_nothing() {
    let lab = Lab::frozen().await;
    let before = lab.emulator.snapshot();
    let limit = |pattern: &str| json!({ "rate_limits": [{ "service": "api-video", "operation": pattern, "limit": 1 }] });
    for (path, body, field) in [
        ("videovector/bearer", "{bad".to_owned(), "key must be a string"),
        ("videovector/bearer", r#"{"knd":"oauth"}"#.to_owned(), "did you mean `kind`?"),
        ("videovector/bearer", r#"{"kind":"admin"}"#.to_owned(), "kind: unknown variant"),
        ("videovector/bearer", r#"{"life":-1}"#.to_owned(), "life: invalid value"),
        ("twelve-labs/key", r#"{"day":60}"#.to_owned(), "did you mean `days`?"),
        ("twelve-labs/key", r#"{"days":"x"}"#.to_owned(), "expected a whole number from 0"),
        ("twelve-labs/key", r#"{"days":0}"#.to_owned(), "days: from 1 to 365"),
        ("twelve-labs/webhooks", r#"{"url":"zz"}"#.to_owned(), "url: an http or https URL"),
        ("twelve-labs/webhooks", String::new(), "missing field `url`"),
        ("broadcast", r#"{"live_stream":"li0"}"#.to_owned(), "live_stream: there is no"),
        ("example", r#"{"service":"x","operation":"y"}"#.to_owned(), "service: api-video"),
        ("example", r#"{"service":"api-video","operation":"y"}"#.to_owned(), "`y`"),
        ("switches", limit("nope.nope").to_string(), "rate_limits[0].operation: no operation"),
        ("switches", limit("video.*").to_string(), "did you mean `videos.*`?"),
        (
            "switches",
            r#"{"api_video":"x"}"#.to_owned(),
            "api_video: invalid type: string \"x\", expected an object",
        ),
        ("faults", r#"{"redirect":"not a url"}"#.to_owned(), "redirect: a URL"),
        ("faults", r#"{"redirect":"zz\nyy"}"#.to_owned(), "redirect: a URL"),
        ("faults", r#"{"rebase":"zz"}"#.to_owned(), "rebase: an origin"),
        (
            "faults",
            json!({ "operation": "*".repeat(5000), "reset": true }).to_string(),
            "100 bytes",
        ),
    ] {
        let got = lab.control("POST", path).raw("application/json", body.clone()).send().await;
        let error = got.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(got.status == 400 && error.contains(field), "{path} {body}: {error}");
    }
    assert_eq!(lab.emulator.snapshot(), before);
    for to in ["/elsewhere", "../up", "//other.example/x", "javascript:alert(1)"] {
        let fault = json!({ "redirect": to, "times": 0 });
        assert_eq!(lab.control("POST", "faults").json(fault).send().await.status, 204, "{to}");
    }
}

#[tokio::test]
async fn every_switch_is_listed_and_takes_its_methods() {
    let lab = Lab::new().await;
    let error = |json: Value| json["error"].as_str().unwrap_or_default().to_owned();
    let got = lab.control("GET", "nothing").send().await;
    assert_eq!(got.status, 404);
    let listed = error(got.json());
    let names: Vec<&str> = listed.split_once(": ").unwrap().1.split(", ").collect();
    let readme = include_str!("../README.md");
    for name in names {
        assert!(readme.contains(name.trim_end_matches("/{id}")), "{name}");
        let wrong = lab.control("PATCH", name).send().await;
        let allowed = wrong.header("allow").to_owned();
        assert_eq!((wrong.status, error(wrong.json())), (405, format!("{name} takes {allowed}")));
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let status = lab.control(method, name).send().await.status;
            assert_eq!(status == 405, !allowed.contains(method), "{method} {name}: {status}");
        }
    }
}

#[tokio::test]
async fn info_tells_no_credential_that_was_taken_away() {
    let lab = Lab::new().await;
    let info = || async { lab.control("GET", "info").send().await.json() };
    let made = lab.control("POST", "twelve-labs/key").send().await.json();
    assert_eq!(info().await["twelve-labs"]["api_key"], made["api_key"]);
    assert_eq!(lab.labs("GET", "/indexes").send().await.status, 200);
    lab.control("DELETE", "twelve-labs/key").send().await;
    lab.control("DELETE", "videovector/bearer").send().await;
    let told = info().await;
    assert_eq!(told["twelve-labs"]["api_key"], Value::Null);
    assert_eq!(
        (&told["videovector"]["jwt"], &told["videovector"]["oauth"]),
        (&Value::Null, &Value::Null)
    );
    lab.emulator.restore(&lab.emulator.snapshot()).unwrap();
    assert_eq!(info().await["videovector"]["jwt"], Value::Null, "nor after a restore");
    let made = lab.control("POST", "videovector/bearer").send().await.json();
    assert_eq!(info().await["videovector"]["jwt"], made["token"]);
    assert_eq!(lab.user("GET", "/indexes").send().await.status, 200);
    lab.control("POST", "videovector/bearer").send().await;
    assert_eq!(info().await["videovector"]["jwt"], made["token"], "it is still good");
    lab.emulator.reset();
    assert!(info().await["videovector"]["oauth"].is_string());
}

#[tokio::test]
async fn a_clock_that_was_set_back_stays_back() {
    let lab = Lab::new().await;
    let past = Moment::parse("2020-01-01T00:00:00Z").unwrap();
    let other = Lab { emulator: Emulator::start(Config::default()).await.unwrap() };
    let machine = other.emulator.now();
    let set = json!({ "now": "2020-01-01T00:00:00Z" });
    lab.control("POST", "clock").json(set).send().await;
    other.emulator.restore(&lab.emulator.snapshot()).unwrap();
    assert!((past..past.plus(3600)).contains(&other.emulator.now()), "{}", other.emulator.now());
    let back: ClockSetting =
        serde_json::from_value(lab.emulator.snapshot()["clock"].clone()).unwrap();
    assert_eq!((back.speed, back.advance), (Some(1.0), None));
    // One that nobody set, or that was set ahead, goes on beside the machine's.
    other.emulator.reset();
    other.emulator.advance(std::time::Duration::from_secs(7200));
    lab.emulator.restore(&other.emulator.snapshot()).unwrap();
    assert!(lab.emulator.now() >= machine.plus(7200));
}

/// The claims of a JWT that is read to the letter.
fn claims(token: &str) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else { panic!("{token}") };
    let read = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    let head: Value = serde_json::from_slice(&read(head)).unwrap();
    assert_eq!((&head["alg"], &head["typ"]), (&json!("HS256"), &json!("JWT")));
    assert_eq!(read(signature).len(), 32, "as long as its algorithm has it");
    serde_json::from_slice(&read(claims)).unwrap()
}

#[tokio::test]
async fn every_token_is_a_jwt() {
    let lab = Lab::frozen().await;
    let (keys, now) = (lab.emulator.credentials(), lab.emulator.now().seconds());
    assert_eq!(claims(&keys.videovector_jwt)["kind"], "user");
    assert_eq!(claims(&keys.videovector_oauth)["kind"], "oauth");
    for _ in 0..40 {
        let key = json!({ "apiKey": keys.api_video_key });
        let pair = lab.to(Service::ApiVideo, "POST", "/auth/api-key").json(key).send().await.json();
        let claims = claims(pair["access_token"].as_str().unwrap());
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 3600)));
    }
    let life = json!({ "kind": "oauth", "life": 60 });
    let made = lab.control("POST", "videovector/bearer").json(life).send().await.json();
    let claims = claims(made["token"].as_str().unwrap());
    assert_eq!((&claims["kind"], &claims["exp"]), (&json!("oauth"), &json!(now + 60)));
}
