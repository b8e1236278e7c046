//! VideoVector: keys with scopes, made and rotated only with a user's JWT.

use std::time::Duration;

use framekey::dynamic::Client;
use framekey::{Error, Service};
use serde_json::{Value, json};

use super::api_video::failed;
use super::delegated::expect_value;
use super::expect::Expect;
use super::stage::{Needs, Stage, call, text};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

pub(crate) async fn play(stage: &mut Stage) {
    stage.story("VideoVector: keys with scopes, made only with a user's JWT");
    let key_client =
        match stage.client(Service::VideoVector, |keys| keys.videovector_key.clone(), None) {
            Ok(client) => client,
            Err(error) => {
                stage
                    .step("configure", Needs::Nothing, Expect::nothing(), failed(error), |()| {
                        String::new()
                    })
                    .await;
                return;
            }
        };
    stage
        .step(
            "with an API key: making a key is refused before it is sent",
            Needs::Emulator,
            Expect::nothing().fails("auth.wrong_kind", "JWT of a signed-in user"),
            call(&key_client, "api_keys.create", json!({ "name": "Search integration" })),
            |_| String::new(),
        )
        .await;
    stage
        .step(
            "list prompt runs with the key",
            Needs::Nothing,
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(&key_client, "prompt_runs.list", json!({ "limit": 20 })),
            listed,
        )
        .await;
    let Some(ready) = stage.credentials() else { return };
    let user: Result<Client, Error> =
        stage.builder(Service::VideoVector).jwt(ready.videovector_jwt.clone()).build();
    let Ok(user) = user else { return };
    keys(stage, &user).await;
}

fn listed(answer: &Value) -> String {
    let items = answer.as_array().or_else(|| answer.get("data").and_then(Value::as_array));
    format!("{} listed", items.map_or(0, Vec::len))
}

fn with_key(stage: &Stage, key: &str) -> Result<Client, Error> {
    stage.builder(Service::VideoVector).api_key(key).build()
}

async fn keys(stage: &mut Stage, user: &Client) {
    let wanted = json!({ "name": "Search integration", "scopes": ["read", "search"], "expires_in_days": 90 });
    let made = stage
        .step(
            "with the JWT: make a key with scopes and an end",
            Needs::Emulator,
            Expect::nothing().then("api_keys.create", "bearer"),
            call(user, "api_keys.create", wanted),
            |key| format!("{} {}", text(key, "/key_id"), text(key, "/scopes")),
        )
        .await;
    let Some(made) = made else { return };
    let Ok(first) = with_key(stage, &text(&made, "/key")) else { return };
    stage
        .step(
            "use it: list prompt runs",
            Needs::Emulator,
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(&first, "prompt_runs.list", json!({ "limit": 20 })),
            listed,
        )
        .await;
    stage
        .step(
            "it has no write scope: a write meets 403",
            Needs::Emulator,
            Expect::nothing().then("indexes.create", "api_key").fails("auth.scope", "write"),
            call(&first, "indexes.create", json!({ "name": "demo" })),
            |_| String::new(),
        )
        .await;
    let rotated = stage
        .step(
            "rotate it",
            Needs::Emulator,
            Expect::nothing().then("api_keys.rotate", "bearer"),
            call(user, "api_keys.rotate", json!({ "key_id": text(&made, "/key_id") })),
            |answer| text(answer, "/new_key/key_id"),
        )
        .await;
    let Some(rotated) = rotated else { return };
    stage
        .step(
            "the old key is refused at once",
            Needs::Emulator,
            Expect::nothing()
                .then("prompt_runs.list", "api_key")
                .fails("auth.key_rejected", "revoked"),
            call(&first, "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    let Ok(second) = with_key(stage, &text(&rotated, "/new_key/key")) else { return };
    stage
        .step(
            "the new one works",
            Needs::Emulator,
            Expect::nothing().then("prompt_runs.list", "api_key"),
            call(&second, "prompt_runs.list", json!({})),
            listed,
        )
        .await;
    end(stage, user, &text(&rotated, "/new_key/key_id")).await;
    short_lived(stage, user).await;
    mcp_config(stage, user).await;
}

/// A key that ends by itself.
async fn short_lived(stage: &mut Stage, user: &Client) {
    let wanted = json!({ "name": "For a week", "scopes": ["read"], "expires_in_days": 7 });
    let keyless = stage.builder(Service::VideoVector);
    let made = stage
        .step(
            "make a key that ends in a week, and use it",
            Needs::Emulator,
            Expect::nothing().then("api_keys.create", "bearer").then("prompt_runs.list", "api_key"),
            async {
                let made = call(user, "api_keys.create", wanted).await?;
                let client: Client = keyless.api_key(text(&made, "/key")).build()?;
                call(&client, "prompt_runs.list", json!({})).await?;
                Ok((client, text(&made, "/expires_at")))
            },
            |(_, end)| format!("ends {end}"),
        )
        .await;
    let Some((client, _)) = made else { return };
    stage.advance(WEEK);
    stage
        .step(
            "a week later it is refused",
            Needs::Emulator,
            Expect::nothing()
                .then("prompt_runs.list", "api_key")
                .fails("auth.key_rejected", "The API key has expired"),
            call(&client, "prompt_runs.list", json!({})),
            listed,
        )
        .await;
}

/// What an AI client is given: a key that reads is found, or made.
async fn mcp_config(stage: &mut Stage, user: &Client) {
    let key = "/config/mcpServers/videovector/env/VIDEOVECTOR_API_KEY";
    let keyless = stage.builder(Service::VideoVector);
    let config = stage
        .step(
            "with the JWT: a configuration for AI clients, with a key that reads",
            Needs::Emulator,
            Expect::nothing().then("mcp.get_config", "bearer").then("prompt_runs.list", "api_key"),
            async {
                let config = call(user, "mcp.get_config", json!({})).await?;
                let client: Client = keyless.api_key(text(&config, key)).build()?;
                call(&client, "prompt_runs.list", json!({})).await?;
                Ok((client, text(&config, "/platform")))
            },
            |(_, platform)| format!("for {platform}; its key lists prompt runs"),
        )
        .await;
    let Some((client, _)) = config else { return };
    stage
        .step(
            "with an API key it is refused before it is sent",
            Needs::Emulator,
            Expect::nothing().fails("auth.wrong_kind", "JWT"),
            call(&client, "mcp.get_config", json!({})),
            |_| String::new(),
        )
        .await;
}

async fn end(stage: &mut Stage, user: &Client, key_id: &str) {
    stage
        .step(
            "revoke it: it stays listed, inactive",
            Needs::Emulator,
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
    stage
        .step(
            "delete it: it is gone",
            Needs::Emulator,
            Expect::nothing()
                .then("api_keys.delete", "bearer")
                .then("api_keys.get", "bearer")
                .fails("http.404", ""),
            async {
                call(user, "api_keys.delete", json!({ "key_id": key_id })).await?;
                call(user, "api_keys.get", json!({ "key_id": key_id })).await
            },
            |key| text(key, "/key_id"),
        )
        .await;
}
