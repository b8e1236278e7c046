//! Videos: created, given a source, listed, changed, deleted.

use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use super::source::Source;
use crate::answer::{Answer, not_found, refuse};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::page;
use crate::schemas::check;

/// The fields of a video that a caller may set.
const SETTABLE: [&str; 9] = [
    "title",
    "description",
    "public",
    "panoramic",
    "mp4Support",
    "playerId",
    "tags",
    "metadata",
    "language",
];

#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Videos(Vec<Video>);

#[derive(serde::Serialize, serde::Deserialize)]
struct Video {
    id: String,
    fields: Map<String, Value>,
    created: Moment,
    updated: Moment,
    source: Source,
}

impl Video {
    fn new(fields: Map<String, Value>, now: Moment, draw: &mut Draw) -> Self {
        Video {
            id: format!("vi{}", draw.letters(22)),
            fields,
            created: now,
            updated: now,
            source: Source::default(),
        }
    }

    fn to_json(&self) -> Value {
        let base = format!("https://vod.api.video/vod/{}", self.id);
        let mut video = json!({
            "videoId": self.id, "title": "", "description": "", "public": true, "panoramic": false, "mp4Support": true,
            "tags": [], "metadata": [], "createdAt": self.created.to_string(), "publishedAt": self.created.to_string(),
            "updatedAt": self.updated.to_string(), "discarded": false,
            "source": { "uri": format!("/videos/{}/source", self.id) },
            "assets": {
                "hls": format!("{base}/hls/manifest.m3u8"), "mp4": format!("{base}/mp4/source.mp4"),
                "player": format!("https://embed.api.video/vod/{}", self.id), "thumbnail": format!("{base}/thumbnail.jpg"),
                "iframe": format!("<iframe src=\"https://embed.api.video/vod/{}\"></iframe>", self.id),
            },
        });
        for (name, value) in &self.fields {
            video[name] = value.clone();
        }
        video
    }

    fn fits(&self, call: &Call) -> bool {
        let text = |name: &str| self.fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let has_tag = |tag: &str| {
            self.fields
                .get("tags")
                .and_then(Value::as_array)
                .is_some_and(|tags| tags.iter().any(|known| known == tag))
        };
        let has_metadata = |key: &str, value: &str| {
            let all = self.fields.get("metadata").and_then(Value::as_array);
            all.is_some_and(|all| {
                all.iter().any(|entry| entry["key"] == key && entry["value"] == value)
            })
        };
        let metadata = call.query.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix("metadata[")?.strip_suffix(']')?, value.as_str()))
        });
        call.query("title").is_none_or(|title| title == text("title"))
            && call.query("description").is_none_or(|wanted| wanted == text("description"))
            && call.query_all("tags[]").all(has_tag)
            && metadata.into_iter().all(|(key, value)| has_metadata(key, value))
    }
}

fn settable(call: &Call) -> Map<String, Value> {
    let mut fields = call.object();
    fields.retain(|name, value| SETTABLE.contains(&name.as_str()) && !value.is_null());
    fields
}

impl Videos {
    pub(super) fn answer(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        Some(match call.operation.id {
            "videos.create" => self.create(call, draw),
            "videos.list" => self.list(call),
            "videos.upload_with_token" => self.upload_with_token(call, draw),
            "videos.get" => self.with(call, |video| Answer::json(200, &video.to_json())),
            "videos.get_status" => {
                self.with(call, |video| Answer::json(200, &video.source.status(call.now)))
            }
            "videos.update" => self.with(call, |video| {
                if let Some(refused) = check::wrong_field(call) {
                    return refused;
                }
                // Null takes a field back to what it was without it.
                video.fields.retain(|name, _| call.body.get(name) != Some(&Value::Null));
                video.fields.extend(settable(call));
                video.updated = call.now;
                Answer::json(200, &video.to_json())
            }),
            "videos.upload" => self.with(call, |video| match video.source.receive(call) {
                Ok(()) => Answer::json(201, &video.to_json()),
                Err(refused) => refused,
            }),
            "videos.delete" => self.delete(call),
            _ => return None,
        })
    }

    fn with(&mut self, call: &Call, then: impl FnOnce(&mut Video) -> Answer) -> Answer {
        match self.0.iter_mut().find(|video| video.id == call.id("videoId")) {
            Some(video) => then(video),
            None => not_found(Service::ApiVideo, "video"),
        }
    }

    fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        if let Some(refused) = check::wrong_field(call) {
            return refused;
        }
        let video = Video::new(settable(call), call.now, draw);
        let answer = Answer::json(201, &video.to_json());
        self.0.push(video);
        answer
    }

    fn list(&self, call: &Call) -> Answer {
        let mut videos: Vec<&Video> = self.0.iter().filter(|video| video.fits(call)).collect();
        match call.query("sortBy") {
            Some("title") => {
                videos.sort_by_key(|video| video.fields.get("title").map(Value::to_string))
            }
            Some("updatedAt") => videos.sort_by_key(|video| video.updated),
            _ => videos.sort_by_key(|video| video.created),
        }
        if call.query("sortOrder") != Some("asc") {
            videos.reverse();
        }
        page::api_video(call, videos, Video::to_json)
    }

    /// The first part makes the video; the others name it.
    fn upload_with_token(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let at = match call.form.field("videoId") {
            Some(id) => {
                let open =
                    self.0.iter().position(|video| video.id == id && !video.source.is_complete());
                match open {
                    Some(at) => at,
                    None => {
                        return refuse(
                            Service::ApiVideo,
                            400,
                            "invalid-attribute",
                            "No upload of this video is open.",
                            Some("videoId"),
                        );
                    }
                }
            }
            None => {
                let name = call.form.files.first().map(|file| json!(file.name)).unwrap_or_default();
                let fields = Map::from_iter([("title".to_owned(), name)]);
                self.0.push(Video::new(fields, call.now, draw));
                self.0.len() - 1
            }
        };
        let is_new = call.form.field("videoId").is_none();
        let Some(video) = self.0.get_mut(at) else { return not_found(Service::ApiVideo, "video") };
        match video.source.receive(call) {
            Ok(()) => Answer::json(201, &video.to_json()),
            Err(refused) => {
                if is_new {
                    self.0.remove(at);
                }
                refused
            }
        }
    }

    fn delete(&mut self, call: &Call) -> Answer {
        match self.0.iter().position(|video| video.id == call.id("videoId")) {
            Some(at) => {
                self.0.remove(at);
                Answer::empty(204)
            }
            None => not_found(Service::ApiVideo, "video"),
        }
    }
}
