//! Delegated upload: a stranger uploads one video with a token, and nothing else.

use std::path::Path;
use std::time::Duration;

use framekey::dynamic::Client;
use framekey::upload::{SMALLEST_PART, Upload};
use framekey::{Error, Service};
use serde_json::{Value, json};

use super::api_video::{count, failed, parts};
use super::expect::Expect;
use super::stage::{Needs, Stage, call, text};

/// The token's time to live in seconds.
const TTL: u64 = 600;
/// What the uploaded video is called afterwards.
const TITLE: &str = "Sample video of the framekey demo";

pub(crate) async fn play(stage: &mut Stage, clip: &Path) {
    stage.story("api.video: a stranger uploads with a token");
    let owner =
        match stage.client(Service::ApiVideo, |keys| keys.api_video_key.clone(), Some("bearer")) {
            Ok(owner) => owner,
            Err(error) => {
                stage
                    .step("configure", Needs::Nothing, Expect::nothing(), failed(error), |()| {
                        String::new()
                    })
                    .await;
                return;
            }
        };
    let made = stage
        .step(
            "make an upload token that lives 600 s",
            Needs::Write,
            Expect::nothing()
                .then("access_tokens.create", "none")
                .then("upload_tokens.create", "bearer"),
            call(&owner, "upload_tokens.create", json!({ "ttl": TTL })),
            |token| format!("ends {}", text(token, "/expiresAt")),
        )
        .await;
    let Some(token) = made.map(|made| text(&made, "/token")) else {
        return list_only(stage, &owner).await;
    };
    let stranger: Result<Client, Error> =
        stage.builder(Service::ApiVideo).upload_token(token.clone()).build();
    let Ok(stranger) = stranger else { return };
    let video = upload(stage, &stranger, clip).await;
    tokens(stage, &owner, &token).await;
    if let Some(video) = video {
        videos(stage, &owner, &video).await;
    }
    too_late(stage, &owner, &stranger, &token, clip).await;
}

async fn list_only(stage: &mut Stage, owner: &Client) {
    stage
        .step(
            "list upload tokens",
            Needs::Nothing,
            Expect::nothing()
                .times("access_tokens.create", "none", 0, 1)
                .then("upload_tokens.list", "bearer"),
            call(owner, "upload_tokens.list", json!({ "sort_by": "ttl", "sort_order": "asc" })),
            count,
        )
        .await;
}

async fn upload(stage: &mut Stage, stranger: &Client, clip: &Path) -> Option<Value> {
    let parts = parts(clip);
    let bar = stage.bar("uploading");
    let watched = bar.clone();
    let work = Upload::file(clip).part_size(SMALLEST_PART).on_progress(move |progress| {
        watched.set_length(progress.total);
        watched.set_position(progress.sent);
    });
    let video = stage
        .step(
            "upload with the token and no other credential",
            Needs::Write,
            Expect::nothing().times("videos.upload_with_token", "upload_token", parts, parts),
            work.with_token(stranger),
            |video| format!("{parts} parts, one video {}", text(video, "/videoId")),
        )
        .await;
    bar.finish_and_clear();
    stage
        .step(
            "the token opens nothing else: refused before it is sent",
            Needs::Write,
            Expect::nothing().fails("auth.wrong_kind", "videos.upload_with_token"),
            call(stranger, "videos.list", json!({})),
            count,
        )
        .await;
    video
}

async fn tokens(stage: &mut Stage, owner: &Client, first: &str) {
    let second = stage
        .step(
            "make a second token that does not end",
            Needs::Write,
            Expect::nothing().then("upload_tokens.create", "bearer"),
            call(owner, "upload_tokens.create", json!({ "ttl": 0 })),
            |token| format!("ends {}", text(token, "/expiresAt")),
        )
        .await;
    let page = json!({ "sort_by": "ttl", "sort_order": "desc", "current_page": 1, "page_size": 1 });
    stage
        .step(
            "list tokens, sorted, one a page",
            Needs::Emulator,
            Expect::nothing().then("upload_tokens.list", "bearer"),
            async {
                let page = call(owner, "upload_tokens.list", page).await?;
                expect_value(&page, "/data/0/ttl", &json!(TTL))?;
                expect_value(&page, "/pagination/pagesTotal", &json!(2))?;
                Ok(page)
            },
            |page| format!("page 1 of {}, {}", text(page, "/pagination/pagesTotal"), count(page)),
        )
        .await;
    stage
        .step(
            "get the first one",
            Needs::Write,
            Expect::nothing().then("upload_tokens.get", "bearer"),
            call(owner, "upload_tokens.get", json!({ "upload_token": first })),
            |token| format!("ttl {} s", text(token, "/ttl")),
        )
        .await;
    if let Some(second) = second {
        stage
            .step(
                "delete the second one",
                Needs::Write,
                Expect::nothing().then("upload_tokens.delete", "bearer"),
                call(
                    owner,
                    "upload_tokens.delete",
                    json!({ "upload_token": text(&second, "/token") }),
                ),
                |_| "deleted".to_owned(),
            )
            .await;
    }
}

/// Fails the step where an answer is not what it should be.
pub(super) fn expect_value(answer: &Value, pointer: &str, want: &Value) -> Result<(), Error> {
    let have = answer.pointer(pointer).unwrap_or(&Value::Null);
    if have == want {
        return Ok(());
    }
    Err(Error::new(
        framekey::ErrorKind::Decode,
        "decode.body",
        format!("{pointer} of the answer should be {want} and is {have}"),
    ))
}

async fn videos(stage: &mut Stage, owner: &Client, video: &Value) {
    let id = text(video, "/videoId");
    let change = json!({ "video_id": id, "title": TITLE, "metadata": [{ "key": "from", "value": "framekey" }] });
    stage
        .step(
            "give the video a title and metadata",
            Needs::Write,
            Expect::nothing().then("videos.update", "bearer"),
            async {
                let changed = call(owner, "videos.update", change).await?;
                expect_value(&changed, "/metadata/0/value", &json!("framekey"))?;
                Ok(changed)
            },
            |video| text(video, "/title"),
        )
        .await;
    let found = stage
        .step(
            "find it by its exact title",
            Needs::Write,
            Expect::nothing().then("videos.list", "bearer"),
            async {
                let page = call(owner, "videos.list", json!({ "title": TITLE })).await?;
                expect_value(&page, "/data/0/videoId", &json!(id))?;
                Ok(page)
            },
            |page| text(page, "/data/0/videoId"),
        )
        .await;
    if found.is_some() {
        stage
            .step(
                "delete it",
                Needs::Write,
                Expect::nothing().then("videos.delete", "bearer"),
                call(owner, "videos.delete", json!({ "video_id": id })),
                |_| "deleted".to_owned(),
            )
            .await;
    }
}

async fn too_late(stage: &mut Stage, owner: &Client, stranger: &Client, token: &str, clip: &Path) {
    stage.advance(Duration::from_secs(TTL + 1));
    stage
        .step(
            "601 s later the upload is refused, and says why",
            Needs::Emulator,
            Expect::nothing()
                .then("videos.upload_with_token", "upload_token")
                .fails("upload_token.rejected", "past its TTL"),
            Upload::file(clip).part_size(SMALLEST_PART).with_token(stranger),
            |video| text(video, "/videoId"),
        )
        .await;
    stage
        .step(
            "delete the token",
            Needs::Write,
            Expect::nothing().then("upload_tokens.delete", "bearer"),
            call(owner, "upload_tokens.delete", json!({ "upload_token": token })),
            |_| "deleted".to_owned(),
        )
        .await;
}
