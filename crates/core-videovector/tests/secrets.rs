//! Types that hold a secret do not print it; the wire has it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey_core_videovector::types;
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
    let key = json!({ "key": "canary", "key_id": "k", "key_prefix": "vs", "name": "n" });
    let holds = |mut more: Value| {
        let mut value = key.clone();
        if let (Value::Object(value), Value::Object(more)) = (&mut value, &mut more) {
            value.append(more);
        }
        value
    };
    hides::<types::ApiKeyWithSecret>(holds(json!({ "scopes": ["read"] })));
    hides::<types::ApiKeyRotation>(
        json!({ "old_key_id": "k", "new_key": holds(json!({ "scopes": ["read"] })) }),
    );
    hides::<types::SignedUrl>(
        json!({ "signed_url": "canary", "expires_at": "2026-11-21T00:00:00Z" }),
    );
    hides::<types::ExportDownloadUrlResult>(json!({
        "download_url": "canary", "destination_type": "internal", "export_id": "e", "status": "of next year"
    }));
    hides::<types::RotateSecretResponse>(json!({ "new_secret": "canary", "webhook_id": "w" }));
}
