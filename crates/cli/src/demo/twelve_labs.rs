//! Twelve Labs: a key in a header, and what its refusals say.

use std::time::Duration;

use framekey::Service;
use framekey::dynamic::Client;
use serde_json::json;

use super::expect::Expect;
use super::made::TWELVE_LABS_INDEX;
use super::stage::{Needs, Stage, call, text};

const TWO_MONTHS: Duration = Duration::from_secs(60 * 86_400);

pub(crate) async fn play(stage: &mut Stage) {
    stage.story("Twelve Labs: a key in a header");
    let builder = stage.builder(Service::TwelveLabs);
    let client = stage.client(builder, |builder, ready| builder.api_key(ready.twelve_labs_key));
    let Some(client) = client else { return };
    let models = json!([{ "model_name": "marengo3.0", "model_options": ["visual", "audio"] }]);
    let made = stage
        .step(
            "create an index in the v1.3 shape",
            Needs::Write,
            Expect::nothing().then("indexes.create", "api_key"),
            call(
                &client,
                "indexes.create",
                json!({ "index_name": "framekey demo", "models": models }),
            ),
            |index| text(index, "/_id"),
        )
        .await;
    let index = stage.keep(&TWELVE_LABS_INDEX, &client, made.as_ref());
    stage
        .step(
            "list indexes",
            Needs::Nothing,
            Expect::nothing().then("indexes.list", "api_key"),
            call(&client, "indexes.list", json!({ "page_limit": 10 })),
            |page| format!("{} in all", text(page, "/page_info/total_results")),
        )
        .await;
    stage.delete("delete the index: it is gone", &TWELVE_LABS_INDEX, index).await;
    refusals(stage, &client).await;
    stage.end_key();
    stage.advance(TWO_MONTHS);
    stage
        .step(
            "two months later the key has ended: the 401 says what to do",
            Needs::Emulator,
            Expect::nothing()
                .then("indexes.list", "api_key")
                .fails("auth.key_rejected", "end by themselves after two months: create a new one"),
            call(&client, "indexes.list", json!({})),
            |_| String::new(),
        )
        .await;
}

async fn refusals(stage: &mut Stage, client: &Client) {
    let old = json!({ "engine_id": "marengo2", "index_options": ["visual", "conversation"], "index_name": "old" });
    let made = stage
        .step(
            "the old shape (engine_id) is refused",
            Needs::Write,
            Expect::nothing().then("indexes.create", "api_key").fails("http.400", "parameter_"),
            call(client, "indexes.create", json!({ "body": old })),
            |_| String::new(),
        )
        .await;
    stage.keep(&TWELVE_LABS_INDEX, client, made.as_ref());
    let builder = stage.builder(Service::TwelveLabs).api_key("tlk_WRONGKEY00000000000");
    let Some(wrong) = stage.open(builder) else { return };
    let message = if stage.is_live() { "answered 401: " } else { "is invalid or has expired" };
    stage
        .step(
            "a wrong key: the 401 with its message and what to do",
            Needs::Nothing,
            Expect::nothing()
                .then("indexes.list", "api_key")
                .fails("auth.key_rejected", "create a new one")
                .and_says(message),
            call(&wrong, "indexes.list", json!({})),
            |_| String::new(),
        )
        .await;
}
