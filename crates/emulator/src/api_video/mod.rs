//! api.video: one account, of production or of the sandbox.

mod access_tokens;
mod analytics;
mod assets;
mod events;
mod example;
mod fields;
mod files;
mod happenings;
mod kept;
mod list;
mod live_streams;
mod players;
mod source;
mod summaries;
mod tags;
mod tracks;
mod upload_tokens;
mod uploads;
mod valid;
mod videos;
mod watermarks;
mod webhooks;

use framekey_catalog::{Scheme, Service};
use serde_json::Value;

use crate::answer::{Answer, not_found, problem};
use crate::call::Call;
use crate::courier::Letter;
use crate::credential::Given;
use crate::draw::Draw;
use valid::Fault;

#[cfg(feature = "fuzzing")]
pub(crate) use source::read as read_range;

/// Seconds that a video of the sandbox lives.
const SANDBOX_VIDEO_LIFE: u64 = 86_400;

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Account {
    key: String,
    access: access_tokens::AccessTokens,
    uploads: upload_tokens::UploadTokens,
    videos: videos::Videos,
    /// Seconds that videos live in the sandbox; for ever in production.
    #[serde(default)]
    video_life: Option<u64>,
    live_streams: live_streams::LiveStreams,
    players: players::Players,
    summaries: summaries::Summaries,
    watermarks: watermarks::Watermarks,
    webhooks: webhooks::Webhooks,
    agenda: events::Agenda,
    /// Webhook calls that the courier has not taken yet.
    letters: Vec<Letter>,
}

impl Account {
    /// The sandbox, where videos go by themselves.
    pub(crate) fn sandbox(key: &str) -> Self {
        Account { video_life: Some(SANDBOX_VIDEO_LIFE), ..Account::new(key) }
    }

    pub(crate) fn new(key: &str) -> Self {
        Account {
            key: key.to_owned(),
            access: access_tokens::AccessTokens::default(),
            uploads: upload_tokens::UploadTokens::default(),
            videos: videos::Videos::default(),
            video_life: None,
            live_streams: live_streams::LiveStreams::default(),
            players: players::Players::default(),
            summaries: summaries::Summaries::default(),
            watermarks: watermarks::Watermarks::default(),
            webhooks: webhooks::Webhooks::default(),
            agenda: events::Agenda::default(),
            letters: Vec::new(),
        }
    }

    /// The answer, or `None` where the schema has the last word.
    pub(crate) fn answer(&mut self, call: &Call, given: &Given, draw: &mut Draw) -> Option<Answer> {
        self.wake(call.now);
        match self.check(call, given) {
            Err(refused) => Some(refused),
            Ok(()) => self.rules(call, draw),
        }
    }

    /// Ends every access token now; how many there were.
    pub(crate) fn revoke_access_tokens(&mut self) -> u64 {
        self.access.revoke_all()
    }

    /// What happened to credentials.
    pub(crate) fn counts(&self) -> serde_json::Value {
        serde_json::json!(self.access.counts())
    }

    fn check(&self, call: &Call, given: &Given) -> Result<(), Answer> {
        let refused = |kind: &str, title: &str| Err(problem(401, kind, title, None));
        match call.operation.security {
            [] => Ok(()),
            [Scheme::ApiKeyQuery(_)] => match &given.token {
                None => refused("upload-token-missing", "An upload token is required."),
                Some(token) => self.uploads.check(token, call.now),
            },
            _ => {
                if let Some(key) = given.basic() {
                    if key == self.key {
                        return Ok(());
                    }
                    return refused("authentication-invalid-api-key", "The API key is not valid.");
                }
                let bare = call.switches.api_video.bare_authorization;
                match given.bearer().or_else(|| given.bare().filter(|_| bare)) {
                    Some(token) if self.access.is_good(token, call) => Ok(()),
                    Some(_) => refused(
                        "authentication-invalid-token",
                        "The access token is unknown or has expired.",
                    ),
                    None if given.authorization.is_some() => refused(
                        "authorization-header-malformed",
                        "The Authorization header is malformed.",
                    ),
                    None => refused(
                        "authorization-header-missing",
                        "The Authorization header is missing.",
                    ),
                }
            }
        }
    }

    fn rules(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        if let Some(refused) = valid::refusal(call) {
            return Some(refused);
        }
        // Most names begin with that of the resource, which keeps its objects itself.
        let (resource, _) = call.operation.id.split_once('.')?;
        match resource {
            "access_tokens" => self.access_tokens(call, draw),
            "analytics" => Some(analytics::answer(call, &self.videos)),
            "captions" | "chapters" => self.tracks(call),
            "live_streams" => self.live_streams.answer(call, &mut self.agenda, draw),
            "player_themes" => self.players.answer(call, draw),
            "summaries" => self.summaries(call, draw),
            "tags" => Some(tags::list(call, self.videos.tags())),
            "upload_tokens" => self.uploads.answer(call, draw),
            "videos" => self.videos(call, draw),
            "watermarks" => self.watermarks.answer(call, draw),
            "webhooks" => self.webhooks.answer(call, draw),
            _ => None,
        }
    }

    fn access_tokens(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        match call.operation.id {
            "access_tokens.create" => Some(self.access.create(call, &self.key, draw)),
            "access_tokens.refresh" => Some(self.access.refresh(call, draw)),
            _ => None,
        }
    }

    fn tracks(&mut self, call: &Call) -> Option<Answer> {
        match self.videos.get_mut(call.id("videoId")) {
            Some(video) => video.tracks.answer(call, &video.id),
            None => Some(not_found(Service::ApiVideo, "video")),
        }
    }

    fn summaries(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        if call.operation.id != "summaries.create" {
            return self.summaries.answer(call, |video| self.videos.get(video).is_some());
        }
        let video = call.field("videoId").and_then(Value::as_str).unwrap_or_default();
        if self.videos.get(video).is_none() {
            return Some(not_found(Service::ApiVideo, "video"));
        }
        let answer = self.summaries.create(call, video, draw);
        self.summarise_soon(video, call.now);
        Some(answer)
    }

    fn videos(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        Some(match call.operation.id {
            "videos.create" => self.create_video(call, draw),
            "videos.list" => self.videos.list(call),
            "videos.get" => self.videos.with(call, |video| video.answer(200, call)),
            "videos.get_status" => self.videos.with(call, |video| {
                let has_mp4 = fields::flag(&video.fields, "mp4Support", true);
                Answer::json(200, &video.source.status(has_mp4, call.now))
            }),
            "videos.update" => self.update_video(call, draw),
            "videos.upload" => self.upload(call),
            "videos.upload_with_token" => self.upload_with_token(call, draw),
            "videos.upload_thumbnail" => self.videos.with(call, |video| {
                if let Err(fault) = files::check(call, &files::IMAGES, files::LARGEST_THUMBNAIL) {
                    return fault.into();
                }
                video.has_picture = true;
                video.updated = call.now;
                video.answer(200, call)
            }),
            "videos.pick_thumbnail" => self.videos.with(call, |video| {
                let timecode = call.field("timecode").and_then(Value::as_str).unwrap_or_default();
                if timecode.split(':').count() != 3 || !uploads::is_timecode(timecode) {
                    let title = "This attribute should be a time as HH:MM:SS or HH:MM:SS.cc.";
                    return Fault::attribute("timecode", title).into();
                }
                video.has_picture = false;
                video.updated = call.now;
                video.answer(200, call)
            }),
            "videos.delete" => self.videos.discard(call),
            "videos.discarded.list" => self.videos.list_discarded(call),
            "videos.discarded.get" => {
                self.videos.with_discarded(call, |video| video.answer(200, call))
            }
            "videos.discarded.update" => self.videos.with_discarded(call, |video| {
                match call.field("discarded").and_then(Value::as_bool) {
                    Some(true) => {
                        return Fault::attribute("discarded", "This attribute should be false.")
                            .into();
                    }
                    Some(false) => video.discarded = None,
                    None => {}
                }
                video.answer(200, call)
            }),
            _ => return None,
        })
    }
}
