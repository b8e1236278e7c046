//! api.video: a session kept alive, a progressive upload, and the other ways to be known.

use std::path::Path;
use std::time::Duration;

use framekey::dynamic::Client;
use framekey::upload::{SMALLEST_PART, Upload};
use framekey::{Error, ErrorKind, Service};
use serde_json::{Value, json};

use super::expect::Expect;
use super::stage::{Needs, Stage, call, text};

/// Longer than an access token lives.
const PAST_THE_TOKEN: Duration = Duration::from_secs(3700);
/// How often and how long a video is asked whether it can be played.
const POLLS: usize = 60;
const PAUSE: Duration = Duration::from_millis(50);
const LIVE_PAUSE: Duration = Duration::from_secs(5);

pub(crate) async fn play(stage: &mut Stage, clip: &Path) {
    stage.story("api.video: a key becomes an access token of one hour");
    let Some(client) = client(stage, "bearer").await else { return };
    exchange(stage, &client).await;
    if let Some(id) = upload(stage, &client, clip).await {
        stage
            .step(
                "delete the video",
                Needs::Write,
                Expect::nothing().then("videos.delete", "bearer"),
                call(&client, "videos.delete", json!({ "video_id": id })),
                |_| "deleted".to_owned(),
            )
            .await;
    }
    expiry(stage, &client).await;
    alternatives(stage).await;
    sandbox(stage).await;
}

/// A client of the story; a key that is missing or wrong is a row of its own.
async fn client(stage: &mut Stage, mode: &'static str) -> Option<Client> {
    let made = stage.client(Service::ApiVideo, |keys| keys.api_video_key.clone(), Some(mode));
    match made {
        Ok(client) => Some(client),
        Err(error) => {
            stage
                .step("configure", Needs::Nothing, Expect::nothing(), failed(error), |()| {
                    String::new()
                })
                .await;
            None
        }
    }
}

pub(super) async fn failed(error: Error) -> Result<(), Error> {
    Err(error)
}

pub(super) fn count(page: &Value) -> String {
    format!("{} in all", text(page, "/pagination/itemsTotal"))
}

async fn exchange(stage: &mut Stage, client: &Client) {
    stage
        .step(
            "list videos: the key is exchanged first",
            Needs::Nothing,
            Expect::nothing().then("access_tokens.create", "none").then("videos.list", "bearer"),
            call(client, "videos.list", json!({ "page_size": 5 })),
            count,
        )
        .await;
    stage
        .step(
            "list again: the token is used again",
            Needs::Nothing,
            Expect::nothing().then("videos.list", "bearer"),
            call(client, "videos.list", json!({ "page_size": 5 })),
            count,
        )
        .await;
}

async fn upload(stage: &mut Stage, client: &Client, clip: &Path) -> Option<String> {
    let made = stage
        .step(
            "create a video",
            Needs::Write,
            Expect::nothing().then("videos.create", "bearer"),
            call(client, "videos.create", json!({ "title": "framekey demo" })),
            |video| text(video, "/videoId"),
        )
        .await?;
    let id = text(&made, "/videoId");
    let parts = parts(clip);
    let bar = stage.bar("uploading");
    let watched = bar.clone();
    let work = Upload::file(clip).part_size(SMALLEST_PART).on_progress(move |progress| {
        watched.set_length(progress.total);
        watched.set_position(progress.sent);
    });
    stage
        .step(
            "upload the file in parts",
            Needs::Write,
            Expect::nothing().times("videos.upload", "bearer", parts, parts),
            work.to_video(client, &id),
            |_| format!("{parts} parts"),
        )
        .await;
    bar.finish_and_clear();
    let pause = if stage.credentials().is_some() { PAUSE } else { LIVE_PAUSE };
    stage
        .step(
            "wait until it can be played",
            Needs::Write,
            Expect::nothing().times("videos.get_status", "bearer", 1, POLLS),
            playable(client, &id, pause),
            |status| format!("playable, ingest {}", text(status, "/ingest/status")),
        )
        .await;
    Some(id)
}

/// How many parts a file makes at the smallest part size.
pub(super) fn parts(clip: &Path) -> usize {
    let size = std::fs::metadata(clip).map_or(0, |found| found.len());
    usize::try_from(size.div_ceil(SMALLEST_PART)).unwrap_or(usize::MAX)
}

async fn playable(client: &Client, id: &str, pause: Duration) -> Result<Value, Error> {
    for _ in 0..POLLS {
        let status = call(client, "videos.get_status", json!({ "video_id": id })).await?;
        if status.pointer("/encoding/playable") == Some(&Value::Bool(true)) {
            return Ok(status);
        }
        client.session().platform().clock.sleep(pause).await;
    }
    Err(Error::new(ErrorKind::Timeout, "timeout.deadline", "the video could not be played in time"))
}

async fn expiry(stage: &mut Stage, client: &Client) {
    stage.advance(PAST_THE_TOKEN);
    stage
        .step(
            "3700 s later: one new exchange, no error",
            Needs::Emulator,
            Expect::nothing().then("access_tokens.create", "none").then("videos.list", "bearer"),
            call(client, "videos.list", json!({})),
            count,
        )
        .await;
}

async fn alternatives(stage: &mut Stage) {
    if let Some(basic) = client(stage, "basic").await {
        stage
            .step(
                "the alternative: the key itself, as HTTP basic",
                Needs::Nothing,
                Expect::nothing().then("videos.list", "basic"),
                call(&basic, "videos.list", json!({})),
                count,
            )
            .await;
    }
    let refreshing = match stage.credentials() {
        None => return,
        Some(keys) => stage
            .builder(Service::ApiVideo)
            .api_key(keys.api_video_key.clone())
            .refresh_first(true)
            .build(),
    };
    let Ok(refreshing) = refreshing else { return };
    let refreshing: Client = refreshing;
    stage
        .step(
            "the option: renew by refresh token (first token)",
            Needs::Emulator,
            Expect::nothing().then("access_tokens.create", "none").then("videos.list", "bearer"),
            call(&refreshing, "videos.list", json!({})),
            count,
        )
        .await;
    stage.advance(PAST_THE_TOKEN);
    stage
        .step(
            "3700 s later: renewed by the refresh token",
            Needs::Emulator,
            Expect::nothing().then("access_tokens.refresh", "none").then("videos.list", "bearer"),
            call(&refreshing, "videos.list", json!({})),
            count,
        )
        .await;
}

async fn sandbox(stage: &mut Stage) {
    let Some(keys) = stage.credentials() else { return };
    let key = keys.api_video_sandbox_key.clone();
    let in_sandbox =
        stage.builder(Service::ApiVideo).api_key(key.clone()).base_url(stage.sandbox_url()).build();
    let in_production = stage.builder(Service::ApiVideo).api_key(key).build();
    let (Ok(in_sandbox), Ok(in_production)) = (in_sandbox, in_production) else { return };
    let (in_sandbox, in_production): (Client, Client) = (in_sandbox, in_production);
    stage
        .step(
            "the sandbox, with its own key",
            Needs::Emulator,
            Expect::nothing().then("access_tokens.create", "none").then("videos.list", "bearer"),
            call(&in_sandbox, "videos.list", json!({})),
            count,
        )
        .await;
    stage
        .step(
            "the sandbox key in production is refused",
            Needs::Emulator,
            Expect::nothing()
                .then("access_tokens.create", "none")
                .fails("auth.exchange_refused", "Sandbox and production"),
            call(&in_production, "videos.list", json!({})),
            count,
        )
        .await;
}
