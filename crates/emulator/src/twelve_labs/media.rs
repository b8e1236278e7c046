//! What the emulator takes a file to be: nothing is decoded, so its name and size decide.

use serde_json::{Value, json};

/// Kinds of files by the end of their name; anything else is a video.
const KINDS: [(&str, &str, &[&str]); 4] = [
    ("image", "image", &["jpg", "jpeg", "png", "webp", "gif", "bmp"]),
    ("audio", "audio", &["mp3", "wav", "flac", "aac", "ogg", "m4a"]),
    ("document", "application", &["pdf", "txt", "md"]),
    ("video", "video", &["mp4", "mov", "mkv", "webm", "avi", "mpeg"]),
];

/// Bytes of a file that is fetched from an address.
pub(super) const FETCHED: u64 = 1_000_000;
/// The largest image.
pub(super) const LARGEST_IMAGE: u64 = 32_000_000;
/// Pictures a second of every video.
pub(super) const FPS: f64 = 25.0;
/// The picture of every video and image.
pub(super) const WIDTH: u64 = 1280;
pub(super) const HEIGHT: u64 = 720;

fn extension(name: &str) -> String {
    let name = name.split(['?', '#']).next().unwrap_or_default();
    name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).unwrap_or_default()
}

/// `video`, `image`, `audio` or `document`.
pub(super) fn kind(name: &str) -> &'static str {
    let end = extension(name);
    KINDS.iter().find(|(_, _, ends)| ends.contains(&end.as_str())).map_or("video", |kind| kind.0)
}

/// The media type of a file by its name.
pub(super) fn mime(name: &str) -> String {
    let end = extension(name);
    let known = KINDS.iter().find(|(_, _, ends)| ends.contains(&end.as_str()));
    let Some((_, family, _)) = known else { return "video/mp4".to_owned() };
    let end = match end.as_str() {
        "jpg" => "jpeg",
        "txt" => return "text/plain".to_owned(),
        "md" => return "text/markdown".to_owned(),
        other => other,
    };
    format!("{family}/{end}")
}

/// The last part of an address.
pub(super) fn name_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("file").to_owned()
}

/// Seconds of a video or a sound: one for every 100,000 bytes, and at least ten.
pub(super) fn duration(size: u64) -> f64 {
    (size / 100_000).max(10) as f64
}

/// A file with `broken` in its name cannot be used: that is how a test sees one fail.
pub(super) fn is_broken(name: &str) -> bool {
    name.to_lowercase().contains("broken")
}

/// What an asset says about the inside of its file.
pub(super) fn technical(name: &str, size: u64) -> Value {
    let mut facts = json!({ "file_size_bytes": size, "file_mime_type": mime(name) });
    let seconds = duration(size);
    let mut add = |more: Value| {
        for (name, value) in more.as_object().into_iter().flatten() {
            facts[name] = value.clone();
        }
    };
    match kind(name) {
        "video" => add(json!({
            "file_container_format": "mov,mp4", "video_codec": "h264", "video_width": WIDTH, "video_height": HEIGHT,
            "video_fps": FPS, "video_duration_seconds": seconds, "has_audio": true, "audio_codec": "aac",
            "audio_channels": 2, "total_video_streams": 1, "total_audio_streams": 1,
        })),
        "audio" => add(json!({
            "audio_codec": "aac", "audio_duration_seconds": seconds, "audio_channels": 2, "audio_sample_rate": 48000,
            "has_audio": true, "total_video_streams": 0, "total_audio_streams": 1,
        })),
        "image" => {
            add(json!({ "image_width": WIDTH, "image_height": HEIGHT, "is_animated": false }))
        }
        _ => add(json!({ "document_page_count": 1 })),
    }
    facts
}

/// A made-up embedding of a text: always the same for the same text, and of length one.
pub(super) fn embedding(of: &str, size: usize) -> Vec<f64> {
    let seed = of
        .bytes()
        .fold(0x9e37_79b9_u64, |seed, byte| seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
    let numbers: Vec<f64> =
        (0..size).map(|at| ((seed % 997) as f64 + at as f64 * 1.618).sin()).collect();
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt().max(1e-9);
    numbers.iter().map(|number| (number / length * 1e6).round() / 1e6).collect()
}
