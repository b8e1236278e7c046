//! What each event changes, and whom it is told to.

use serde_json::{Map, Value, json};

use super::events::{Event, SUMMARISED_MILLIS, after};
use super::source::QUALITIES;
use super::uploads::follow_up;
use super::videos::{Origin, Video};
use super::{Account, fields};
use crate::clock::Moment;
use crate::courier::{Letter, Sends};

/// The language that the emulator hears where none is set.
const DETECTED: &str = "en";

impl Account {
    /// Lets everything happen that is due.
    pub(super) fn wake(&mut self, now: Moment) {
        while let Some((at, event)) = self.agenda.due(now) {
            match event {
                Event::Encoded { video, quality } => self.encoded(&video, quality, at),
                Event::Transcribed { video } => self.transcribed(&video, at),
                Event::Summarised { summary } => self.summarised(&summary, at),
                Event::Ended { live_stream, recording } => self.ended(&live_stream, recording, at),
            }
        }
        if let Some(life) = self.video_life {
            self.videos.end_after(life, now);
        }
    }

    fn tell(&mut self, event: &str, at: Moment, about: &Value) {
        self.letters.extend(self.webhooks.letters(event, at, about));
    }

    fn encoded(&mut self, video: &str, quality: usize, at: Moment) {
        let Some((encoding, lines, _)) = QUALITIES.get(quality) else { return };
        if self.videos.get(video).is_some() {
            let about = json!({ "videoId": video, "encoding": encoding, "quality": lines });
            self.tell("video.encoding.quality.completed", at, &about);
        }
        if quality == 0 {
            self.summarise_soon(video, at);
        }
    }

    /// Plans the summary of a video that waits for one, once the video is playable.
    pub(super) fn summarise_soon(&mut self, video: &str, at: Moment) {
        if !self.videos.get(video).is_some_and(|video| video.source.is_playable(at)) {
            return;
        }
        if let Some(summary) = self.summaries.waiting(video) {
            let event = Event::Summarised { summary: summary.to_owned() };
            self.agenda.plan(after(at, SUMMARISED_MILLIS), event);
        }
    }

    fn transcribed(&mut self, id: &str, at: Moment) {
        let Some(video) = self.videos.get_mut(id) else { return };
        if fields::text(&video.fields, "language").is_empty() {
            video.fields.insert("language".to_owned(), json!(DETECTED));
            video.language_origin = Some(Origin::Auto);
        }
        let language = fields::text(&video.fields, "language").to_owned();
        video.tracks.transcribe(&language);
        let about = json!({
            "videoId": id, "captionId": format!("caption_{id}_{language}"),
            "generationMode": "auto", "language": language,
        });
        self.tell("video.caption.generated", at, &about);
    }

    fn summarised(&mut self, summary: &str, at: Moment) {
        let videos = &self.videos;
        let title = |id: &str| videos.get(id).map(Video::title).unwrap_or_default().to_owned();
        if let Some(video) = self.summaries.generate(summary, title, at) {
            let about = json!({ "videoId": video, "summaryId": summary });
            self.tell("video.summary.generated", at, &about);
        }
    }

    fn ended(&mut self, id: &str, recording: String, at: Moment) {
        let Some(stream) = self.live_streams.get_mut(id).filter(|stream| stream.is_on_air) else {
            return;
        };
        stream.is_on_air = false;
        let title = stream.name().to_owned();
        self.tell("live-stream.broadcast.ended", at, &json!({ "liveStreamId": id }));
        let fields = Map::from_iter([("title".to_owned(), json!(title))]);
        let mut video = Video::new(recording, fields, at);
        video.live_stream = Some(id.to_owned());
        video.source.fetch(&format!("/live-streams/{id}"), at);
        follow_up(&video, &mut self.agenda);
        let recorded = self.videos.add(video).id.clone();
        let about = json!({ "videoId": recorded, "liveStreamId": id });
        self.tell("video.source.recorded", at, &about);
    }

    /// A broadcast begins: the emulator has no port for RTMP, so a switch stands in for it.
    pub(crate) fn broadcast(&mut self, id: &str, now: Moment) -> bool {
        let Some(stream) = self.live_streams.get_mut(id) else { return false };
        if !std::mem::replace(&mut stream.is_on_air, true) {
            self.tell("live-stream.broadcast.started", now, &json!({ "liveStreamId": id }));
        }
        true
    }
}

impl Sends for Account {
    fn letters(&mut self, now: Moment) -> Vec<Letter> {
        self.wake(now);
        std::mem::take(&mut self.letters)
    }

    fn is_waiting(&self) -> bool {
        !self.agenda.is_empty() || !self.letters.is_empty()
    }
}
