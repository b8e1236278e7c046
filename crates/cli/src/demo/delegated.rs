//! Delegated upload: a stranger uploads one video with a token, and nothing else.

use std::path::Path;
use std::time::Duration;

use framekey::dynamic::Client;
use framekey::upload::{SMALLEST_PART, Upload};
use framekey::{Error, Service};
use serde_json::{Value, json};

use super::api_video::{count, parts};
use super::expect::Expect;
use super::made::{Made, UPLOAD_TOKEN, VIDEO};
use super::stage::{Needs, Stage, call, text};

/// The token's time to live in seconds.
const TTL: u64 = 600;

pub(crate) async fn play(stage: &mut Stage, clip: &Path) {
    stage.story("api.video: a stranger uploads with a token");
    let builder = stage.builder(Service::ApiVideo);
    let owner = stage.client(builder, |builder, ready| builder.api_key(ready.api_video_key));
    let Some(owner) = owner else { return };
    let made = stage
        .step(
            "make an upload token that lives 600 s",
            Needs::Write,
            Expect::nothing()
                .times("access_tokens.create", "none", 0, 1)
                .then("upload_tokens.create", "bearer"),
            call(&owner, "upload_tokens.create", json!({ "ttl": TTL })),
            |token| format!("ends {}", text(token, "/expiresAt")),
        )
        .await;
    let token = stage.keep(&UPLOAD_TOKEN, &owner, made.as_ref());
    let stranger = stranger(stage, token.as_ref());
    let uploaded = upload(stage, stranger.as_ref(), clip).await;
    let video = stage.keep(&VIDEO, &owner, uploaded.as_ref());
    tokens(stage, &owner, token.as_ref(), clip).await;
    videos(stage, &owner, video).await;
    too_late(stage, stranger.as_ref(), clip).await;
    ended(stage, &owner, token.as_ref()).await;
    if stage.is_live() {
        stage.delete("delete the first one: it is gone", &UPLOAD_TOKEN, token).await;
    }
}

/// Somebody who has this token and nothing else.
fn stranger(stage: &mut Stage, token: Option<&Made>) -> Option<Client> {
    let builder = stage.builder(Service::ApiVideo).upload_token(&token?.id);
    stage.open(builder)
}

async fn upload(stage: &mut Stage, stranger: Option<&Client>, clip: &Path) -> Option<Value> {
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
            Needs::Write.after(&stranger),
            Expect::nothing().times("videos.upload_with_token", "upload_token", parts, parts),
            with_token(work, stranger),
            |video| format!("{parts} parts, one video {}", text(video, "/videoId")),
        )
        .await;
    bar.finish_and_clear();
    stage
        .step(
            "the token opens nothing else: refused before it is sent",
            Needs::Write.after(&stranger),
            Expect::nothing().fails("auth.wrong_kind", "videos.upload_with_token"),
            call(stranger, "videos.list", json!({})),
            count,
        )
        .await;
    video
}

async fn with_token(upload: Upload, stranger: Option<&Client>) -> Result<Value, Error> {
    match stranger {
        Some(stranger) => upload.with_token(stranger).await,
        // The step is skipped.
        None => Ok(Value::Null),
    }
}

async fn tokens(stage: &mut Stage, owner: &Client, first: Option<&Made>, clip: &Path) {
    let made = stage
        .step(
            "make a second token that does not end",
            Needs::Write,
            Expect::nothing().then("upload_tokens.create", "bearer"),
            call(owner, "upload_tokens.create", json!({ "ttl": 0 })),
            |token| format!("ends {}", text(token, "/expiresAt")),
        )
        .await;
    let second = stage.keep(&UPLOAD_TOKEN, owner, made.as_ref());
    let page = json!({ "sort_by": "ttl", "sort_order": "desc", "current_page": 1, "page_size": 1 });
    // A live account has tokens of its own.
    let are_known = !stage.is_live();
    stage
        .step(
            "list tokens, sorted, one a page",
            Needs::Nothing,
            Expect::nothing()
                .times("access_tokens.create", "none", 0, 1)
                .then("upload_tokens.list", "bearer"),
            async {
                let page = call(owner, "upload_tokens.list", page).await?;
                if are_known {
                    expect_value(&page, "/data/0/ttl", &json!(TTL))?;
                    expect_value(&page, "/pagination/pagesTotal", &json!(2))?;
                }
                Ok(page)
            },
            |page| format!("page 1 of {}, {}", text(page, "/pagination/pagesTotal"), count(page)),
        )
        .await;
    stage
        .step(
            "get the first one",
            Needs::Write.after(&first),
            Expect::nothing().then("upload_tokens.get", "bearer"),
            call(owner, "upload_tokens.get", json!({ "upload_token": id(first) })),
            |token| format!("ttl {} s", text(token, "/ttl")),
        )
        .await;
    let late = stranger(stage, second.as_ref());
    stage.delete("delete the second one: it is gone", &UPLOAD_TOKEN, second).await;
    refused(stage, "it uploads nothing any more", Needs::Write, late.as_ref(), clip).await;
}

/// An upload with a token that is no good any more.
async fn refused(
    stage: &mut Stage,
    name: &'static str,
    needs: Needs,
    stranger: Option<&Client>,
    clip: &Path,
) {
    let uploaded = stage
        .step(
            name,
            needs.after(&stranger),
            Expect::nothing()
                .then("videos.upload_with_token", "upload_token")
                .fails("upload_token.rejected", "past its TTL"),
            with_token(Upload::file(clip).part_size(SMALLEST_PART), stranger),
            |video| text(video, "/videoId"),
        )
        .await;
    if let (Some(video), Some(owner)) = (uploaded, stranger) {
        stage.keep(&VIDEO, owner, Some(&video));
    }
}

fn id(made: Option<&Made>) -> &str {
    made.map_or("", |made| &made.id)
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

async fn videos(stage: &mut Stage, owner: &Client, video: Option<Made>) {
    let id = id(video.as_ref()).to_owned();
    let title = format!("Sample {id}");
    let change = json!({ "video_id": id, "title": title, "metadata": [{ "key": "from", "value": "framekey" }] });
    stage
        .step(
            "give the video a title and metadata",
            Needs::Write.after(&video),
            Expect::nothing().then("videos.update", "bearer"),
            async {
                let changed = call(owner, "videos.update", change).await?;
                expect_value(&changed, "/metadata/0/value", &json!("framekey"))?;
                Ok(changed)
            },
            |video| text(video, "/title"),
        )
        .await;
    let longer = json!({ "title": format!("{title} (another one)") });
    let made = stage
        .step(
            "create another with a longer title",
            Needs::Write.after(&video),
            Expect::nothing().then("videos.create", "bearer"),
            call(owner, "videos.create", longer),
            |video| text(video, "/title"),
        )
        .await;
    let other = stage.keep(&VIDEO, owner, made.as_ref());
    stage
        .step(
            "find the first by its exact title",
            Needs::Write.after(&other),
            Expect::nothing().then("videos.list", "bearer"),
            async {
                let page = call(owner, "videos.list", json!({ "title": title })).await?;
                // The service answers all whose title contains the text.
                expect_value(&page, "/pagination/itemsTotal", &json!(2))?;
                let hits = page.pointer("/data").and_then(Value::as_array).into_iter().flatten();
                let exact: Vec<&Value> = hits.filter(|hit| hit["title"] == title).collect();
                expect_value(&json!(exact), "/0/videoId", &json!(id))?;
                Ok(exact.len())
            },
            |exact| format!("{exact} of 2 found"),
        )
        .await;
    stage.delete("delete it: it is gone", &VIDEO, video).await;
    stage.delete("delete the other: it is gone", &VIDEO, other).await;
}

async fn too_late(stage: &mut Stage, stranger: Option<&Client>, clip: &Path) {
    stage.advance(Duration::from_secs(TTL + 1));
    let name = "601 s later the upload is refused, and says why";
    refused(stage, name, Needs::Emulator, stranger, clip).await;
}

async fn ended(stage: &mut Stage, owner: &Client, token: Option<&Made>) {
    stage
        .step(
            "the token itself is gone by then",
            Needs::Emulator,
            Expect::nothing().then("upload_tokens.get", "bearer").fails("http.404", ""),
            call(owner, "upload_tokens.get", json!({ "upload_token": id(token) })),
            |_| "it is still there".to_owned(),
        )
        .await;
}
