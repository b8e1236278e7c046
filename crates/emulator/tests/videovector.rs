//! VideoVector over HTTP: keys with scopes and an end, and who may manage them.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use framekey_catalog::Service::VideoVector;
use serde_json::{Value, json};
use support::{Got, Lab};

async fn make(lab: &Lab, body: Value) -> Value {
    let got = lab.user("POST", "/api-keys").json(body).send().await;
    assert!((200..300).contains(&got.status), "{}", got.json());
    got.json()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

fn message(got: &Got) -> String {
    text(&got.json()["error"], "message")
}

#[tokio::test]
async fn a_key_has_its_form_its_defaults_and_is_shown_whole_once() {
    let lab = Lab::new().await;
    let made = make(&lab, json!({ "name": "plain" })).await;
    let secret = text(&made, "key");
    let digits = secret.strip_prefix("sk_live_").unwrap();
    assert!(
        digits.len() == 48
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    );
    assert_eq!(
        (&made["scopes"], &made["expires_at"], &made["is_active"]),
        (&json!(["read"]), &Value::Null, &json!(true))
    );
    let listed = lab.user("GET", "/api-keys").send().await;
    assert!(!String::from_utf8(listed.body.to_vec()).unwrap().contains(&secret));
    assert!(listed.json().as_array().unwrap().iter().any(|key| key["key_id"] == made["key_id"]));
    for (name, bad) in [
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("scopes", json!(["root"])),
        ("scopes", json!("read")),
        ("expires_in_days", json!(0)),
        ("expires_in_days", json!(366)),
    ] {
        let mut body = json!({ "name": "bad" });
        body[name] = bad;
        let got = lab.user("POST", "/api-keys").json(body).send().await;
        assert_eq!((got.status, &got.json()["error"]["details"]["parameter"]), (422, &json!(name)));
    }
}

#[tokio::test]
async fn only_a_user_manages_keys() {
    let lab = Lab::new().await;
    let ready = lab.emulator.credentials();
    let by_key = lab
        .with_key(&ready.videovector_key, "POST", "/api-keys")
        .json(json!({ "name": "no" }))
        .send()
        .await;
    assert_eq!(by_key.status, 403);
    let both = lab.user("GET", "/api-keys").key(&ready.videovector_key).send().await;
    assert_eq!(both.status, 403, "the key wins where both are sent");
    let list = || lab.to(VideoVector, "GET", "/api-keys");
    assert_eq!(list().send().await.status, 401);
    assert_eq!(list().bearer("a.b.c").send().await.status, 401);
    assert_eq!(list().bearer(&ready.videovector_jwt).send().await.status, 200);
    let runs = |token: &str| lab.to(VideoVector, "GET", "/prompt-runs").bearer(token).send();
    assert_eq!(runs(&ready.videovector_oauth).await.status, 200);
    let by_oauth = list().bearer(&ready.videovector_oauth).send().await;
    assert_eq!(by_oauth.status, 403, "it reads runs, but is no signed-in user");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_hold_and_is_told_which_one_it_lacks() {
    let lab = Lab::new().await;
    let index = lab.user("POST", "/indexes").json(json!({ "name": "one" })).send().await.json();
    let index = format!("/indexes/{}", text(&index, "index_id"));
    let search = format!("{index}/search");
    let rows = [
        ("search", ("POST", search.as_str()), ("GET", "/prompt-runs"), "read"),
        ("read", ("GET", "/prompt-runs"), ("POST", "/indexes"), "write"),
        ("write", ("POST", "/indexes"), ("DELETE", index.as_str()), "admin"),
    ];
    let body = json!({ "name": "an index", "query": "a dog" });
    for (scope, may, may_not, lacking) in rows {
        let key = text(&make(&lab, json!({ "name": scope, "scopes": [scope] })).await, "key");
        let good = lab.with_key(&key, may.0, may.1).json(body.clone()).send().await;
        assert!((200..300).contains(&good.status), "{scope}: {}", good.json());
        let refused = lab.with_key(&key, may_not.0, may_not.1).json(body.clone()).send().await;
        assert_eq!(refused.status, 403, "{scope}");
        assert_eq!(refused.json()["error"]["details"]["required_scope"], lacking);
        assert!(message(&refused).contains(lacking));
    }
}

#[tokio::test]
async fn rotating_ends_the_old_key_at_once_and_revoking_and_deleting_do_too() {
    let lab = Lab::new().await;
    let made = make(
        &lab,
        json!({ "name": "turning", "scopes": ["read", "search"], "expires_in_days": 90 }),
    )
    .await;
    let runs = |key: String| {
        let ask = lab.with_key(&key, "GET", "/prompt-runs?limit=20");
        async move { ask.send().await }
    };
    assert_eq!(runs(text(&made, "key")).await.status, 200);
    let path = |id: &str, verb: &str| format!("/api-keys/{id}{verb}");
    let rotated = lab.user("POST", &path(&text(&made, "key_id"), "/rotate")).send().await.json();
    let new = &rotated["new_key"];
    assert_eq!(
        (&rotated["old_key_id"], &new["scopes"], &new["expires_at"]),
        (&made["key_id"], &made["scopes"], &made["expires_at"])
    );
    let old = runs(text(&made, "key")).await;
    assert!(old.status == 401 && message(&old).contains("revoked"), "{}", old.json());
    assert_eq!(lab.user("POST", &path(&text(&made, "key_id"), "/rotate")).send().await.status, 409);
    assert_eq!(runs(text(new, "key")).await.status, 200);
    let id = text(new, "key_id");
    assert_eq!(lab.user("POST", &path(&id, "/revoke")).send().await.json()["is_active"], false);
    let seen = lab.user("GET", &path(&id, "")).send().await.json();
    assert!(seen["revoked_at"].is_string() && seen["last_used_at"].is_string());
    assert_eq!(runs(text(new, "key")).await.status, 401);
    assert!(lab.user("DELETE", &path(&id, "")).send().await.json()["message"].is_string());
    assert_eq!(lab.user("GET", &path(&id, "")).send().await.status, 404);
    assert_eq!(runs(text(new, "key")).await.status, 401);
}

#[tokio::test]
async fn a_key_ends_with_its_days() {
    let lab = Lab::new().await;
    let endless = make(&lab, json!({ "name": "endless", "expires_in_days": null })).await;
    assert_eq!(endless["expires_at"], Value::Null);
    let made = make(&lab, json!({ "name": "a day", "expires_in_days": 1 })).await;
    let validate = || lab.with_key(made["key"].as_str().unwrap(), "GET", "/auth/validate").send();
    assert_eq!(validate().await.json()["scopes"], json!(["read"]));
    lab.emulator.advance(Duration::from_secs(86_400));
    let ended = validate().await;
    assert!(ended.status == 401 && message(&ended).contains("expired"));
    assert_eq!(lab.to(VideoVector, "GET", "/auth/validate").send().await.status, 401);
}

#[tokio::test]
async fn a_missing_field_is_refused_and_named() {
    let lab = Lab::new().await;
    let got = lab.user("POST", "/indexes").json(json!({})).send().await;
    assert_eq!((got.status, &got.json()["error"]["details"]["parameter"]), (422, &json!("name")));
}
