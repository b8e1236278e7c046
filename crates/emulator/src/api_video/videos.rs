//! Videos: created, given a source, listed, changed, deleted, and brought back.

use framekey_catalog::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::source::Source;
use super::tracks::Tracks;
use super::{assets, fields, list};
use crate::answer::{Answer, not_found};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::shelf::Shelf;

/// Deleted videos can be brought back for 90 days.
const RESTORABLE_SECONDS: u64 = 90 * 86_400;

/// Fields of a body that are asked for and not kept on the video.
const ORDERS: [&str; 6] = [
    "source",
    "clip",
    "watermark",
    "transcript",
    "transcriptSummary",
    "transcriptSummaryAttributes",
];

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Videos(Shelf<Video>);

#[derive(Serialize, Deserialize)]
pub(super) struct Video {
    pub(super) id: String,
    pub(super) fields: Map<String, Value>,
    pub(super) source: Source,
    pub(super) tracks: Tracks,
    /// Who set the language last.
    pub(super) language_origin: Option<Origin>,
    /// The live stream that it was recorded from.
    pub(super) live_stream: Option<String>,
    pub(super) has_transcript: bool,
    pub(super) has_picture: bool,
    pub(super) created: Moment,
    pub(super) updated: Moment,
    pub(super) discarded: Option<Moment>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) enum Origin {
    Api,
    Auto,
}

/// An id that no video has.
pub(super) fn new_id(draw: &mut Draw) -> String {
    format!("vi{}", draw.letters(22))
}

impl Video {
    pub(super) fn new(id: String, fields: Map<String, Value>, now: Moment) -> Self {
        Video {
            id,
            fields,
            source: Source::default(),
            tracks: Tracks::default(),
            language_origin: None,
            live_stream: None,
            has_transcript: false,
            has_picture: false,
            created: now,
            updated: now,
            discarded: None,
        }
    }

    pub(super) fn title(&self) -> &str {
        fields::text(&self.fields, "title")
    }

    pub(super) fn tags(&self) -> impl Iterator<Item = &str> {
        let tags = self.fields.get("tags").and_then(Value::as_array);
        tags.into_iter().flatten().filter_map(Value::as_str)
    }

    pub(super) fn write(&self, now: Moment) -> Value {
        let is_public = fields::flag(&self.fields, "public", true);
        let has_mp4 = fields::flag(&self.fields, "mp4Support", true);
        let origin = self.language_origin.map(|origin| match origin {
            Origin::Api => "api",
            Origin::Auto => "auto",
        });
        let mut video = json!({
            "videoId": self.id, "title": "", "description": "", "public": true, "panoramic": false,
            "mp4Support": true, "tags": [], "metadata": [], "languageOrigin": origin,
            "createdAt": self.created.to_string(), "publishedAt": self.created.to_string(),
            "updatedAt": self.updated.to_string(), "discarded": self.discarded.is_some(),
            "discardedAt": self.discarded.map(|at| at.to_string()),
            "deletesAt": self.discarded.map(|at| at.plus(RESTORABLE_SECONDS).to_string()),
            "source": self.write_source(),
            "assets": assets::of_video(&self.id, is_public, has_mp4, self.has_picture, now),
        });
        for (name, value) in &self.fields {
            video[name] = value.clone();
        }
        video
    }

    fn write_source(&self) -> Value {
        let uri = match self.source.address() {
            Some(address) => address.to_owned(),
            None => format!("/videos/{}/source", self.id),
        };
        let Some(stream) = &self.live_stream else {
            return json!({ "type": "upload", "uri": uri });
        };
        let link = json!({ "rel": "self", "uri": format!("/live-streams/{stream}") });
        let live_stream = json!({ "liveStreamId": stream, "links": [link] });
        json!({ "type": "liveStream", "uri": uri, "liveStream": live_stream })
    }

    /// Every filter of the query holds.
    fn fits(&self, call: &Call) -> bool {
        let metadata = self.fields.get("metadata").and_then(Value::as_array);
        let has_pair = |(key, value): (&str, &str)| {
            metadata.is_some_and(|all| {
                all.iter().any(|entry| entry["key"] == key && entry["value"] == value)
            })
        };
        let description = fields::text(&self.fields, "description");
        call.query("title").is_none_or(|title| self.title().contains(title))
            && call.query("description").is_none_or(|text| description.contains(text))
            && call.query("liveStreamId").is_none_or(|id| self.live_stream.as_deref() == Some(id))
            && call.query_all("tags[]").all(|wanted| self.tags().any(|tag| tag == wanted))
            && list::deep(call, "metadata").all(has_pair)
    }

    /// Takes over what a body sets.
    pub(super) fn set(&mut self, call: &Call) {
        fields::change(&mut self.fields, call);
        for order in ORDERS {
            self.fields.remove(order);
        }
        if let Some(language) = call.body.get("language") {
            self.language_origin = language.is_string().then_some(Origin::Api);
        }
        self.updated = call.now;
    }

    fn is_restorable(&self, now: Moment) -> bool {
        self.discarded.is_some_and(|at| now < at.plus(RESTORABLE_SECONDS))
    }

    pub(super) fn answer(&self, status: u16, call: &Call) -> Answer {
        Answer::json(status, &self.write(call.now))
    }
}

impl Videos {
    pub(super) fn add(&mut self, video: Video) -> &mut Video {
        let id = video.id.clone();
        self.0.add(&id, video)
    }

    /// Takes away for good what was made so many seconds ago.
    pub(super) fn end_after(&mut self, life: u64, now: Moment) {
        while let Some(oldest) = self.0.first()
            && oldest.created.plus(life) <= now
        {
            let id = oldest.id.clone();
            self.0.take(&id);
        }
    }

    /// Those that are not deleted.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Video> {
        self.0.iter().filter(|video| video.discarded.is_none())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Video> {
        self.0.get(id).filter(|video| video.discarded.is_none())
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Video> {
        self.0.get_mut(id).filter(|video| video.discarded.is_none())
    }

    /// What `then` answers for the video of a call, or that there is none.
    pub(super) fn with(&mut self, call: &Call, then: impl FnOnce(&mut Video) -> Answer) -> Answer {
        match self.get_mut(call.id("videoId")) {
            Some(video) => then(video),
            None => not_found(Service::ApiVideo, "video"),
        }
    }

    pub(super) fn list(&self, call: &Call) -> Answer {
        page(call, self.iter())
    }

    /// All tags of all videos, each as often as it is there.
    pub(super) fn tags(&self) -> impl Iterator<Item = &str> {
        self.iter().flat_map(Video::tags)
    }

    /// Deletes; Video Restore is on, so the video can be brought back for a while.
    pub(super) fn discard(&mut self, call: &Call) -> Answer {
        self.with(call, |video| {
            video.discarded = Some(call.now);
            Answer::empty(204)
        })
    }

    pub(super) fn list_discarded(&self, call: &Call) -> Answer {
        page(call, self.0.iter().filter(|video| video.is_restorable(call.now)))
    }

    /// What `then` answers for a deleted video that can still be brought back.
    pub(super) fn with_discarded(
        &mut self,
        call: &Call,
        then: impl FnOnce(&mut Video) -> Answer,
    ) -> Answer {
        let found = self.0.get_mut(call.id("videoId"));
        match found.filter(|video| video.is_restorable(call.now)) {
            Some(video) => then(video),
            None => not_found(Service::ApiVideo, "video"),
        }
    }
}

fn page<'a>(call: &Call, videos: impl Iterator<Item = &'a Video>) -> Answer {
    let order = |one: &Video, other: &Video| match call.query("sortBy") {
        Some("title") => one.title().cmp(other.title()),
        Some("updatedAt") => one.updated.cmp(&other.updated),
        _ => one.created.cmp(&other.created),
    };
    let videos = videos.filter(|video| video.fits(call));
    list::newest_first(call, videos, order, |video| video.write(call.now))
}
