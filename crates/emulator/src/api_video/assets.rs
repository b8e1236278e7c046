//! Addresses to watch something. Those of private content carry a viewing token.

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::journal::sha256_hex;

/// A token that is another one at each moment. The service makes a fresh one for each call too.
fn viewing_token(id: &str, now: Moment) -> String {
    let hash = sha256_hex(format!("{id} {}", now.0.as_nanos()).as_bytes());
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// The assets of a video.
pub(super) fn of_video(
    id: &str,
    is_public: bool,
    has_mp4: bool,
    has_picture: bool,
    now: Moment,
) -> Value {
    let token = (!is_public).then(|| viewing_token(id, now));
    let base = match &token {
        Some(token) => format!("https://vod.apivideo.example/vod/{id}/token/{token}"),
        None => format!("https://vod.apivideo.example/vod/{id}"),
    };
    let player = player("vod", id, token.as_deref());
    let picture = if has_picture { "thumbnail-custom.jpg" } else { "thumbnail.jpg" };
    let mut assets = json!({
        "hls": format!("{base}/hls/manifest.m3u8"), "iframe": iframe(&player), "player": player,
        "thumbnail": format!("{base}/{picture}"),
    });
    if has_mp4 {
        assets["mp4"] = json!(format!("{base}/mp4/source.mp4"));
    }
    assets
}

/// The assets of a live stream.
pub(super) fn of_live_stream(id: &str, is_public: bool, has_picture: bool, now: Moment) -> Value {
    let token = (!is_public).then(|| viewing_token(id, now));
    let private = token.as_ref().map(|token| format!("private/{token}/")).unwrap_or_default();
    let player = player("live", id, token.as_deref());
    let picture = if has_picture { "thumbnail-custom.jpg" } else { "thumbnail.jpg" };
    json!({
        "hls": format!("https://live.apivideo.example/{private}{id}.m3u8"), "iframe": iframe(&player),
        "player": player, "thumbnail": format!("https://cdn.apivideo.example/live/{id}/{picture}"),
    })
}

fn player(kind: &str, id: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("?token={token}")).unwrap_or_default();
    format!("https://embed.apivideo.example/{kind}/{id}{token}")
}

fn iframe(player: &str) -> String {
    format!(
        "<iframe src=\"{player}\" width=\"100%\" height=\"100%\" frameborder=\"0\" \
         scrolling=\"no\" allowfullscreen=\"true\"></iframe>"
    )
}
