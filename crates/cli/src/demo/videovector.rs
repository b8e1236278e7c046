//! VideoVector: keys with scopes, made and rotated only with a user's JWT.

use std::time::Duration;

use framekey::Service;
use framekey::dynamic::Client;
use serde_json::{Value, json};

use super::delegated::expect_value;
use super::expect::Expect;
use super::made::{API_KEY, Made, VIDEOVECTOR_INDEX};
use super::stage::{Needs, Stage, call, text};

const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// For a call that is refused before it is sent: were it sent, it should open nothing.
const MADE_UP: &str = "sk_live_000000000000000000000000";
/// Why a step is not run.
const NO_JWT: &str = "it needs the JWT of a signed-in user, as VIDEO_VECTOR_BEARER_TOKEN";

pub(crate) async fn play(stage: &mut Stage) {
    stage.story("VideoVector: keys with scopes, made only with a user's JWT");
    let builder = stage.builder(Service::VideoVector).api_key(MADE_UP);
    let Some(keyed) = stage.open(builder) else { return };
    stage
        .step(
            "with an API key: making a key is refused before it is sent",
            Needs::Nothing,
            Expect::nothing().fails("auth.wrong_kind", "JWT of a signed-in user"),
            call(&keyed, "api_keys.create", json!({ "name": "Search integration" })),
            |_| String::new(),
        )
        .await;
    let key = stage.has("API key");
    let builder = stage.builder(Service::VideoVector);
    let builder = if key { builder.auth_mode("api_key") } else { builder };
    let client = stage.client(builder, |builder, ready| builder.api_key(ready.videovector_key));
    let Some(client) = client else { return };
    let (name, credential) = if key {
        ("list prompt runs with the key", "api_key")
    } else {
        ("list prompt runs with the JWT", "bearer")
    };
    stage
        .step(
            name,
            Needs::Nothing,
            Expect::nothing().then("prompt_runs.list", credential),
            call(&client, "prompt_runs.list", json!({ "limit": 20 })),
            listed,
        )
        .await;
    let mut user = None;
    if stage.has("JWT") {
        let builder = stage.builder(Service::VideoVector).auth_mode("jwt");
        user = stage.client(builder, |builder, ready| builder.jwt(ready.videovector_jwt));
    }
    keys(stage, user.as_ref()).await;
    short_lived(stage, user.as_ref()).await;
    mcp_config(stage, user.as_ref(), &keyed).await;
}

fn listed(answer: &Value) -> String {
    let items = answer.as_array().or_else(|| answer.get("data").and_then(Value::as_array));
    format!("{} listed", items.map_or(0, Vec::len))
}

/// A client with the key that is at `pointer` of an answer.
fn with_key(stage: &mut Stage, answer: Option<&Value>, pointer: &str) -> Option<Client> {
    let key = text(answer?, pointer);
    let builder = stage.builder(Service::VideoVector).api_key(key);
    stage.open(builder)
}

async fn keys(stage: &mut Stage, user: Option<&Client>) {
    let wanted = json!({ "name": "Search integration", "scopes": ["read", "search"], "expires_in_days": 90 });
    let (made, first) =
        make(stage, user, "with the JWT: make a key with scopes and an end", wanted).await;
    stage
        .step(
            "use it: list prompt runs",
            Needs::Write.after(&first),
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(first.as_ref(), "prompt_runs.list", json!({ "limit": 20 })),
            listed,
        )
        .await;
    let written = stage
        .step(
            "it has no write scope: a write meets 403",
            Needs::Write.after(&first),
            Expect::nothing().then("indexes.create", "api_key").fails("auth.scope", "write"),
            call(first.as_ref(), "indexes.create", json!({ "name": "demo" })),
            |_| String::new(),
        )
        .await;
    if let Some(user) = user {
        stage.keep(&VIDEOVECTOR_INDEX, user, written.as_ref());
    }
    let id = made.as_ref().map(|made| made.id.clone());
    let rotated = stage
        .step(
            "rotate it",
            Needs::Write.after(&made),
            Expect::nothing().then("api_keys.rotate", "bearer"),
            call(user, "api_keys.rotate", json!({ "key_id": id })),
            |answer| text(answer, "/new_key/key_id"),
        )
        .await;
    let new = rotated.as_ref().and_then(|answer| answer.get("new_key"));
    let new_made = user.and_then(|user| stage.keep(&API_KEY, user, new));
    let second = with_key(stage, new, "/key");
    stage
        .step(
            "the old key is refused at once",
            Needs::Write.after(&rotated),
            Expect::nothing()
                .then("prompt_runs.list", "api_key")
                .fails("auth.key_rejected", "revoked"),
            call(first.as_ref(), "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    stage
        .step(
            "the new one works",
            Needs::Write.after(&second),
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(second.as_ref(), "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    revoke(stage, user, new_made.as_ref()).await;
    stage.delete("delete it: it is gone", &API_KEY, new_made).await;
    stage.delete("delete the old one: it is gone", &API_KEY, made).await;
}

/// Makes a key: what to delete, and a client that has it.
async fn make(
    stage: &mut Stage,
    user: Option<&Client>,
    name: &'static str,
    wanted: Value,
) -> (Option<Made>, Option<Client>) {
    let answer = stage
        .step(
            name,
            Needs::Write.and(user.is_some(), NO_JWT),
            Expect::nothing().then("api_keys.create", "bearer"),
            call(user, "api_keys.create", wanted),
            |key| {
                let (id, scopes) = (text(key, "/key_id"), text(key, "/scopes"));
                format!("{id} {scopes}, ends {}", text(key, "/expires_at"))
            },
        )
        .await;
    let made = user.and_then(|user| stage.keep(&API_KEY, user, answer.as_ref()));
    (made, with_key(stage, answer.as_ref(), "/key"))
}

/// A key that ends by itself.
async fn short_lived(stage: &mut Stage, user: Option<&Client>) {
    let wanted = json!({ "name": "For a week", "scopes": ["read"], "expires_in_days": 7 });
    let (made, client) = make(stage, user, "make a key that ends in a week", wanted).await;
    stage
        .step(
            "it works",
            Needs::Write.after(&client),
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(client.as_ref(), "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    stage.advance(WEEK);
    stage
        .step(
            "a week later it is refused",
            Needs::Emulator,
            Expect::nothing()
                .then("prompt_runs.list", "api_key")
                .fails("auth.key_rejected", "The API key has expired"),
            call(client.as_ref(), "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    stage.delete("delete the key of a week: it is gone", &API_KEY, made).await;
}

/// What an AI client is given: a key that reads is found, or made, and stays with the account.
async fn mcp_config(stage: &mut Stage, user: Option<&Client>, keyed: &Client) {
    let config = stage
        .step(
            "with the JWT: a configuration for AI clients, with a key that reads",
            Needs::Write.and(user.is_some(), NO_JWT),
            Expect::nothing().then("mcp.get_config", "bearer"),
            call(user, "mcp.get_config", json!({})),
            |config| format!("for {}; its key stays with the account", text(config, "/platform")),
        )
        .await;
    let key = "/config/mcpServers/videovector/env/VIDEOVECTOR_API_KEY";
    let client = with_key(stage, config.as_ref(), key);
    stage
        .step(
            "its key lists prompt runs",
            Needs::Write.after(&client),
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(client.as_ref(), "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    stage
        .step(
            "with an API key it is refused before it is sent",
            Needs::Nothing,
            Expect::nothing().fails("auth.wrong_kind", "JWT"),
            call(keyed, "mcp.get_config", json!({})),
            |_| String::new(),
        )
        .await;
}

async fn revoke(stage: &mut Stage, user: Option<&Client>, key: Option<&Made>) {
    let key_id = key.map(|key| &key.id);
    stage
        .step(
            "revoke it: it stays listed, inactive",
            Needs::Write.after(&key),
            Expect::nothing().then("api_keys.revoke", "bearer").then("api_keys.get", "bearer"),
            async {
                call(user, "api_keys.revoke", json!({ "key_id": key_id })).await?;
                let key = call(user, "api_keys.get", json!({ "key_id": key_id })).await?;
                expect_value(&key, "/is_active", &json!(false))?;
                Ok(key)
            },
            |key| format!("revoked {}", text(key, "/revoked_at")),
        )
        .await;
}
