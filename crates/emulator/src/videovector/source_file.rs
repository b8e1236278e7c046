//! The files of an import, and the media that each of them becomes.

use serde_json::{Value, json};

use super::media::{Kind, LONGEST_AUDIO, LONGEST_PART, length, marked, stretches};
use crate::draw::Draw;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) title: String,
    pub(super) uri: String,
    pub(super) bytes: u64,
    /// `pending`, `imported`, `failed`, `skipped`.
    pub(super) state: String,
    /// Why it failed or was skipped.
    pub(super) reason: Option<String>,
    pub(super) parts: Vec<Part>,
    pub(super) attempts: u32,
}

/// One medium that a file becomes.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Part {
    pub(super) video: String,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl File {
    pub(super) fn new(
        path: &str,
        title: Option<&str>,
        uri: String,
        bytes: u64,
        draw: &mut Draw,
    ) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let title = title.unwrap_or_else(|| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        let mut file = File {
            id: format!("file_{}", draw.hex(24)),
            path: path.to_owned(),
            title: title.to_owned(),
            uri,
            bytes,
            state: "pending".to_owned(),
            reason: None,
            parts: Vec::new(),
            attempts: 0,
        };
        let Some(kind) = Kind::of(path) else {
            file.state = "skipped".to_owned();
            file.reason = Some("unsupported_file_type".to_owned());
            return file;
        };
        let seconds = if kind == Kind::Image { 0.0 } else { length(path) };
        let parts = match kind {
            Kind::Video => stretches(seconds, LONGEST_PART),
            _ => vec![(0.0, seconds)],
        };
        file.parts = parts
            .into_iter()
            .map(|(start, end)| Part { video: format!("video_{}", draw.hex(24)), start, end })
            .collect();
        file
    }

    /// Why it cannot be brought in; an unreadable file is readable the second time.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        let too_long =
            Kind::of(&self.path) == Some(Kind::Audio) && length(&self.path) > LONGEST_AUDIO;
        if too_long {
            return Some("audio_too_long");
        }
        (marked(&self.path, "unreadable") && self.attempts < 2).then_some("source_unreadable")
    }

    pub(super) fn title_of(&self, part: usize) -> String {
        match self.parts.len() {
            1 => self.title.clone(),
            count => format!("{} (part {} of {count})", self.title, part + 1),
        }
    }

    pub(super) fn to_json(&self, ordinal: usize) -> Value {
        let failed = self.state == "failed";
        let failure =
            failed.then(|| json!({ "code": self.reason, "path": self.path, "retryable": true }));
        let parts = self.parts.len();
        json!({
            "file_id": self.id, "file_name": self.path.rsplit('/').next(), "source_ordinal": ordinal,
            "status": self.state, "part_count": parts, "failure": failure,
            "parts_completed": if self.state == "imported" { parts } else { 0 },
            "parts_failed": if failed { parts } else { 0 },
            "skip_reason": self.reason.as_ref().filter(|_| self.state == "skipped"),
        })
    }

    pub(super) fn outputs(&self, ordinal: usize) -> impl Iterator<Item = Value> {
        let state = if self.state == "imported" { "completed" } else { &self.state };
        self.parts.iter().enumerate().map(move |(place, part)| {
            json!({
                "file_id": self.id, "file_name": self.path.rsplit('/').next(), "source_ordinal": ordinal,
                "part_index": place, "part_count": self.parts.len(), "source_start_seconds": part.start,
                "source_end_seconds": part.end, "video_id": part.video, "title": self.title_of(place),
                "status": state,
            })
        })
    }
}
