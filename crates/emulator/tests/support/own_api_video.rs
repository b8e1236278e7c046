//! What the operations of api.video need to be there, and the bodies that the document alone does not
//! tell.

use framekey_catalog::Operation;
use serde_json::{Value, json};

use super::support::{Got, Lab};

/// Ids by the names of the parameters; objects of their own for each call, since calls delete them.
pub(crate) async fn own(lab: &Lab, operation: &Operation) -> Vec<(&'static str, String)> {
    let new = |path: &str, body: Value| lab.video("POST", path).json(body).send();
    let video = text(&new("/videos", json!({ "title": "own" })).await, "videoId");
    let mut own = vec![("videoId", video.clone()), ("language", "en".to_owned())];
    let (resource, _) = operation.id.rsplit_once('.').unwrap();
    match resource {
        "captions" | "chapters" => {
            let track = format!("/videos/{video}/{resource}/en");
            lab.video("POST", &track).form_of(&[], &[("file", "en.vtt", b"WEBVTT")]).send().await;
        }
        "live_streams" => {
            let got = new("/live-streams", json!({ "name": "own" })).await;
            own.push(("liveStreamId", text(&got, "liveStreamId")));
        }
        "player_themes" => {
            own.push(("playerId", text(&new("/players", json!({})).await, "playerId")));
        }
        "summaries" if operation.id != "summaries.create" => {
            let got = new("/summaries", json!({ "videoId": video })).await;
            own.push(("summaryId", text(&got, "summaryId")));
        }
        "upload_tokens" | "videos" => {
            own.push(("uploadToken", text(&new("/upload-tokens", json!({})).await, "token")));
        }
        "videos.discarded" => {
            lab.video("DELETE", &format!("/videos/{video}")).send().await;
        }
        "watermarks" => {
            let image: &[u8] = b"an image";
            let ask = lab.video("POST", "/watermarks").form_of(&[], &[("file", "own.png", image)]);
            own.push(("watermarkId", text(&ask.send().await, "watermarkId")));
        }
        "webhooks" => {
            own.push(("webhookId", text(&new("/webhooks", webhook()).await, "webhookId")));
        }
        _ => {}
    }
    own
}

fn text(got: &Got, name: &str) -> String {
    got.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", got.json())).to_owned()
}

fn webhook() -> Value {
    json!({ "url": "http://127.0.0.1:9/hook", "events": ["video.encoding.quality.completed"] })
}

/// The body of an operation whose schema does not say all.
pub(crate) fn body(operation: &Operation, own: &[(&'static str, String)]) -> Option<Value> {
    match operation.id {
        "summaries.create" => Some(json!({ "videoId": own[0].1 })),
        "webhooks.create" => Some(webhook()),
        _ => None,
    }
}

/// The name of the file that an operation takes.
pub(crate) fn file_name(operation: &Operation) -> &'static str {
    match operation.id {
        "captions.upload" | "chapters.upload" => "track.vtt",
        "videos.upload" | "videos.upload_with_token" => "clip.mp4",
        _ => "picture.png",
    }
}
