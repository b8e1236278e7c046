//! api.video: a session kept alive, a progressive upload, and the other ways to be known.

use std::path::Path;
use std::time::Duration;

use framekey::dynamic::Client;
use framekey::upload::{SMALLEST_PART, Upload};
use framekey::{ClientBuilder, Error, ErrorKind, Service};
use framekey_emulator::Credentials;
use serde_json::{Value, json};

use super::expect::Expect;
use super::made::{Made, VIDEO};
use super::stage::{Needs, Stage, call, text};

/// What an access token is made from, as `framekey auth status` calls it.
const KEY: &str = "API key";
/// Longer than an access token lives.
const PAST_THE_TOKEN: Duration = Duration::from_secs(3700);
/// How often a video is asked whether it can be played, and the pauses between: the emulator's is
/// playable at once, the service's in minutes.
const POLLS: usize = 60;
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) async fn play(stage: &mut Stage, clip: &Path) {
    stage.story("api.video: a key becomes an access token of one hour");
    let Some(client) = client(stage, "bearer") else { return };
    exchange(stage, &client).await;
    let video = upload(stage, &client, clip).await;
    stage.delete("delete the video: it is gone", &VIDEO, video).await;
    expiry(stage, &client).await;
    alternatives(stage).await;
    sandbox(stage).await;
}

/// A client that sends its key this way. What else a live run may find, an access token of the
/// profile's command, is sent in its own way.
fn client(stage: &mut Stage, mode: &'static str) -> Option<Client> {
    let builder = stage.builder(Service::ApiVideo);
    let builder = if stage.has(KEY) { builder.auth_mode(mode) } else { builder };
    stage.client(builder, |builder, ready| builder.api_key(ready.api_video_key))
}

pub(super) fn count(page: &Value) -> String {
    format!("{} in all", text(page, "/pagination/itemsTotal"))
}

async fn exchange(stage: &mut Stage, client: &Client) {
    let exchanges = usize::from(stage.has(KEY));
    stage
        .step(
            "list videos: the key is exchanged first",
            Needs::Nothing,
            Expect::nothing()
                .times("access_tokens.create", "none", exchanges, exchanges)
                .then("videos.list", "bearer"),
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

async fn upload(stage: &mut Stage, client: &Client, clip: &Path) -> Option<Made> {
    let made = stage
        .step(
            "create a video",
            Needs::Write,
            Expect::nothing().then("videos.create", "bearer"),
            call(client, "videos.create", json!({ "title": "framekey demo" })),
            |video| text(video, "/videoId"),
        )
        .await;
    let video = stage.keep(&VIDEO, client, made.as_ref());
    let id = video.as_ref().map_or("", |video| &video.id);
    let parts = parts(clip);
    let bar = stage.bar("uploading");
    let watched = bar.clone();
    let work = Upload::file(clip).part_size(SMALLEST_PART).on_progress(move |progress| {
        watched.set_length(progress.total);
        watched.set_position(progress.sent);
    });
    let uploaded = stage
        .step(
            "upload the file in parts",
            Needs::Write.after(&video),
            Expect::nothing().times("videos.upload", "bearer", parts, parts),
            work.to_video(client, id),
            |_| format!("{parts} parts"),
        )
        .await;
    bar.finish_and_clear();
    stage
        .step(
            "wait until it can be played",
            Needs::Write.after(&uploaded),
            Expect::nothing().times("videos.get_status", "bearer", 1, POLLS),
            playable(client, id),
            |status| format!("playable, ingest {}", text(status, "/ingest/status")),
        )
        .await;
    video
}

/// How many parts a file makes at the smallest part size.
pub(super) fn parts(clip: &Path) -> usize {
    let size = std::fs::metadata(clip).map_or(0, |found| found.len());
    usize::try_from(size.div_ceil(SMALLEST_PART)).unwrap_or(usize::MAX)
}

async fn playable(client: &Client, id: &str) -> Result<Value, Error> {
    let mut pause = PAUSE;
    for _ in 0..POLLS {
        let status = call(client, "videos.get_status", json!({ "video_id": id })).await?;
        if status.pointer("/encoding/playable") == Some(&Value::Bool(true)) {
            return Ok(status);
        }
        client.session().platform().clock.sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
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
    let when = Needs::Nothing.and(stage.has(KEY), "it needs an API key");
    let Some(basic) = client(stage, "basic") else { return };
    stage
        .step(
            "the alternative: the key itself, as HTTP basic",
            when,
            Expect::nothing().then("videos.list", "basic"),
            call(&basic, "videos.list", json!({})),
            count,
        )
        .await;
    let builder = stage.builder(Service::ApiVideo).refresh_first(true);
    let refreshing = stage.client(builder, |builder, ready| builder.api_key(ready.api_video_key));
    let Some(refreshing) = refreshing else { return };
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
    let key =
        |builder: ClientBuilder, ready: Credentials| builder.api_key(ready.api_video_sandbox_key);
    let builder = stage.builder(Service::ApiVideo).base_url(stage.sandbox_url());
    let Some(in_sandbox) = stage.client(builder, key) else { return };
    let Some(in_production) = stage.client(stage.builder(Service::ApiVideo), key) else { return };
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
