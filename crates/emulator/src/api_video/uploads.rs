//! How videos come to be: created, filled from a file, a URL or another video, and what follows.

use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use super::events::{Agenda, Event, TRANSCRIBED_MILLIS, after};
use super::source::QUALITIES;
use super::valid::Fault;
use super::videos::Video;
use super::{Account, fields, summaries, videos};
use crate::answer::{Answer, not_found};
use crate::call::Call;
use crate::draw::Draw;

/// Plans what follows when a file is whole.
pub(super) fn follow_up(video: &Video, agenda: &mut Agenda) {
    let Some(complete) = video.source.completed() else { return };
    let has_mp4 = fields::flag(&video.fields, "mp4Support", true);
    for (quality, (kind, _, ready)) in QUALITIES.iter().enumerate() {
        if has_mp4 || *kind != "mp4" {
            let event = Event::Encoded { video: video.id.clone(), quality };
            agenda.plan(after(complete, *ready), event);
        }
    }
    if video.has_transcript {
        let event = Event::Transcribed { video: video.id.clone() };
        agenda.plan(after(complete, TRANSCRIBED_MILLIS), event);
    }
}

/// `HH:MM:SS` with milliseconds or a frame number, or a bare number of up to seven digits.
pub(super) fn is_timecode(text: &str) -> bool {
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let below_sixty = |part: &str| digits(part, 2..=2) && part < "60";
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [number] => digits(number, 1..=7),
        [hours, minutes, seconds] => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            digits(hours, 2..=3)
                && below_sixty(minutes)
                && below_sixty(whole)
                && digits(fraction, 1..=3)
        }
        [hours, minutes, seconds, frame] => {
            digits(hours, 2..=3)
                && below_sixty(minutes)
                && below_sixty(seconds)
                && digits(frame, 1..=2)
        }
        _ => false,
    }
}

impl Account {
    pub(super) fn create_video(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        if let Err(fault) = self.can_create(call) {
            return fault.into();
        }
        let mut video = Video::new(videos::new_id(draw), Map::new(), call.now);
        video.set(call);
        let flag = |name: &str| call.field(name).and_then(Value::as_bool).unwrap_or(false);
        video.has_transcript = flag("transcript");
        let source = call.field("source").and_then(Value::as_str);
        if let Some(source) = source {
            video.source.fetch(source, call.now);
            follow_up(&video, &mut self.agenda);
        }
        if flag("transcriptSummary") {
            self.summaries.ask(call, &video.id, draw);
        }
        // Fetching and copying go on after the answer.
        let status = if source.is_some() { 202 } else { 201 };
        self.videos.add(video).answer(status, call)
    }

    /// What the document says in words only.
    fn can_create(&self, call: &Call) -> Result<(), Fault> {
        if let Some(source) = call.field("source").and_then(Value::as_str) {
            let is_url = source.starts_with("https://") || source.starts_with("http://");
            let is_video = self.videos.get(source).is_some_and(|video| video.source.is_complete());
            if !is_url && !is_video {
                let title =
                    "This attribute should be a URL or the id of a video that has its file.";
                return Err(Fault::attribute("source", title));
            }
        }
        let clip = call.field("clip").into_iter();
        for name in clip.flat_map(|clip| ["startTimecode", "endTimecode"].map(|name| &clip[name])) {
            if name.as_str().is_some_and(|text| !is_timecode(text)) {
                return Err(Fault::attribute("clip", "A timecode should be HH:MM:SS or a number."));
            }
        }
        let watermark = call.field("watermark").and_then(|watermark| watermark["id"].as_str());
        if watermark.is_some_and(|id| !self.watermarks.is_there(id)) {
            return Err(Fault::attribute("watermark", "There is no watermark with this id."));
        }
        Ok(())
    }

    pub(super) fn update_video(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let id = call.id("videoId");
        let flag = |name: &str| call.field(name).and_then(Value::as_bool).unwrap_or(false);
        let wants_summary = flag("transcriptSummary");
        let Some(video) = self.videos.get_mut(id) else {
            return not_found(Service::ApiVideo, "video");
        };
        if wants_summary && self.summaries.is_of(id) {
            return summaries::already_there();
        }
        let before = fields::text(&video.fields, "language").to_owned();
        video.set(call);
        let language = fields::text(&video.fields, "language");
        // Another language starts a new transcript, and so does asking for one.
        if flag("transcript") || (language != before && video.has_transcript) {
            video.has_transcript = true;
            if video.source.is_complete() {
                let event = Event::Transcribed { video: id.to_owned() };
                self.agenda.plan(after(call.now, TRANSCRIBED_MILLIS), event);
            }
        }
        let answer = video.answer(200, call);
        if wants_summary {
            self.summaries.ask(call, id, draw);
            self.summarise_soon(id, call.now);
        }
        answer
    }

    pub(super) fn upload(&mut self, call: &Call) -> Answer {
        let agenda = &mut self.agenda;
        self.videos.with(call, |video| match video.source.receive(call) {
            Ok(()) => {
                follow_up(video, agenda);
                video.answer(201, call)
            }
            Err(refused) => refused,
        })
    }

    /// The first part makes the video; the others name it.
    pub(super) fn upload_with_token(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        if let Some(id) = call.form.field("videoId") {
            let open = self.videos.get_mut(id).filter(|video| !video.source.is_complete());
            let Some(video) = open else {
                return Fault::attribute("videoId", "No upload of this video is open.").into();
            };
            return match video.source.receive(call) {
                Ok(()) => {
                    follow_up(video, &mut self.agenda);
                    video.answer(201, call)
                }
                Err(refused) => refused,
            };
        }
        let name = call.form.files.first().map(|file| json!(file.name)).unwrap_or_default();
        let fields = Map::from_iter([("title".to_owned(), name)]);
        let mut video = Video::new(videos::new_id(draw), fields, call.now);
        match video.source.receive(call) {
            Ok(()) => {
                follow_up(&video, &mut self.agenda);
                self.videos.add(video).answer(201, call)
            }
            Err(refused) => refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_timecode;

    #[test]
    fn timecodes_have_four_forms() {
        for good in ["00:00:01", "100:59:59", "00:00:01.250", "00:00:01:24", "7", "1234567"] {
            assert!(is_timecode(good), "{good}");
        }
        for bad in
            ["", "1:00:00", "00:60:00", "00:00", "00:00:00.", "00:00:00.1234", "12345678", "x"]
        {
            assert!(!is_timecode(bad), "{bad}");
        }
    }
}
