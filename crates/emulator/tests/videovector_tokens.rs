//! VideoVector's bearer tokens, which end by the emulator's clock, and what it tells of its limits.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use framekey_catalog::Service::VideoVector;
use framekey_emulator::RateLimit;
use serde_json::{Value, json};
use support::{Got, Lab};

async fn validate(lab: &Lab, token: &str) -> u16 {
    lab.to(VideoVector, "GET", "/auth/validate").bearer(token).send().await.status
}

#[tokio::test]
async fn ready_tokens_end_where_they_are_told_to() {
    let lab = Lab::frozen().await;
    let ready = lab.emulator.credentials();
    let both = [&ready.videovector_jwt, &ready.videovector_oauth];
    lab.emulator.advance(Duration::from_secs(900_000));
    for token in both {
        assert_eq!(validate(&lab, token).await, 200, "for ever, unless it is set");
    }
    lab.emulator.reset();
    let switch = json!({ "videovector": { "bearer_life": 3600 } });
    lab.control("POST", "switches").json(switch).send().await;
    lab.emulator.advance(Duration::from_secs(3599));
    for token in both {
        assert_eq!(validate(&lab, token).await, 200);
    }
    lab.emulator.advance(Duration::from_secs(1));
    for token in both {
        assert_eq!(validate(&lab, token).await, 401);
    }
    let refused = lab.user("GET", "/indexes").send().await.json();
    assert_eq!(refused["error"]["message"], "The bearer token has expired.");
    let wrong = json!({ "videovector": { "bearer_life": 0 } });
    assert_eq!(lab.control("POST", "switches").json(wrong).send().await.status, 400);
}

#[tokio::test]
async fn a_sign_in_gives_another_token() {
    let lab = Lab::frozen().await;
    let mint = |body: Value| lab.control("POST", "videovector/bearer").json(body).send();
    let made = mint(json!({ "kind": "oauth", "life": 60 })).await.json();
    assert_eq!(made["expires_at"], "2026-01-31T00:01:00Z");
    let token = made["token"].as_str().unwrap();
    let keys = lab.to(VideoVector, "GET", "/api-keys").bearer(token).send().await;
    assert_eq!(keys.status, 403, "not for OAuth");
    let user = mint(json!({})).await.json();
    let user = user["token"].as_str().unwrap();
    assert_eq!(lab.to(VideoVector, "GET", "/api-keys").bearer(user).send().await.status, 200);
    lab.emulator.advance(Duration::from_secs(60));
    assert_eq!((validate(&lab, token).await, validate(&lab, user).await), (401, 200));
    assert_eq!(lab.control("DELETE", "videovector/bearer").send().await.status, 204);
    assert_eq!(validate(&lab, user).await, 401, "all that there were");
    for wrong in [json!({ "kind": "admin" }), json!({ "life": -1 })] {
        assert_eq!(mint(wrong).await.status, 400);
    }
}

fn limit(operation: Option<&str>, limit: u64, window: u64) -> RateLimit {
    let (service, operation) = ("videovector".to_owned(), operation.map(str::to_owned));
    RateLimit { service, operation, limit, window }
}

#[tokio::test]
async fn the_status_tells_the_limits_that_refuse() {
    let lab = Lab::frozen().await;
    let status = |got: &Got| got.json()["categories"].clone();
    let ask = || lab.user("GET", "/rate-limit/status");
    assert_eq!(status(&ask().send().await)["read"]["minute_limit"], 600, "as it is without any");
    lab.emulator.switch(|switches| {
        let narrow = limit(Some("indexes.list"), 5, 3600);
        switches.rate_limits = vec![limit(None, 3, 60), narrow];
    });
    assert_eq!(lab.user("GET", "/indexes").send().await.status, 200);
    let told = status(&ask().send().await);
    let start = lab.emulator.now().seconds();
    for group in ["read", "search", "write"] {
        let group = &told[group];
        assert_eq!((&group["minute_limit"], &group["minute_used"]), (&json!(3), &json!(2)));
        assert_eq!(
            (&group["minute_remaining"], &group["reset_at"]),
            (&json!(1), &json!(start + 60))
        );
    }
    let narrow = &told["indexes.list"];
    assert_eq!((&narrow["hour_limit"], &narrow["hour_used"]), (&json!(5), &json!(1)));
    assert_eq!((&narrow["hour_remaining"], &narrow["reset_at"]), (&json!(4), &json!(start + 3600)));
    assert_eq!(lab.user("GET", "/indexes").send().await.status, 200);
    let refused = lab.user("GET", "/indexes").send().await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, "60"),
        "as the status has it"
    );
    lab.emulator.advance(Duration::from_secs(60));
    assert_eq!(status(&ask().send().await)["read"]["minute_used"], 1, "a new window");
}
