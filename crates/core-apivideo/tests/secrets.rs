//! Types that hold a secret do not print it; the wire has it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey_core_apivideo::types;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

fn hides<T: DeserializeOwned + Serialize + Debug>(value: Value) {
    let read: T = serde_json::from_value(value.clone()).unwrap();
    let shown = format!("{read:?} {read:#?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
}

#[test]
fn sh_02_secrets_of_bodies_and_answers_are_not_printed() {
    hides::<types::AccessToken>(
        json!({ "access_token": "canary", "refresh_token": "canary", "expires_in": 3600 }),
    );
    hides::<types::AuthenticatePayload>(json!({ "apiKey": "canary" }));
    hides::<types::RefreshTokenPayload>(json!({ "refreshToken": "canary" }));
    hides::<types::UploadToken>(json!({ "token": "canary", "ttl": 1 }));
    hides::<types::UploadTokenListResponse>(json!({
        "data": [{ "token": "canary" }],
        "pagination": { "links": [] }
    }));
    hides::<types::Webhook>(json!({ "signatureSecret": "canary", "url": "https://hook.example" }));
    hides::<types::RestreamRequest>(
        json!({ "name": "n", "serverUrl": "rtmp://x", "streamKey": "canary" }),
    );
}

#[test]
fn a_field_of_next_year_is_kept_and_only_named() {
    hides::<types::UploadToken>(json!({ "token_of_next_year": "canary" }));
    let read: types::UploadToken = serde_json::from_value(json!({ "next": 1 })).unwrap();
    assert!(format!("{read:?}").contains("next"));
    assert_eq!(read.extra.get("next"), Some(&json!(1)));
}
