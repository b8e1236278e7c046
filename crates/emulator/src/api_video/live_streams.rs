//! Live streams: settings, pictures, and broadcasts that begin by the emulator's own switch.

use framekey_catalog::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::events::{Agenda, ENDED_MILLIS, Event, after};
use super::{assets, fields, files, kept, list, videos};
use crate::answer::{Answer, not_found};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::shelf::Shelf;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct LiveStreams(Shelf<LiveStream>);

#[derive(Serialize, Deserialize)]
pub(super) struct LiveStream {
    id: String,
    key: String,
    pub(super) fields: Map<String, Value>,
    has_picture: bool,
    pub(super) is_on_air: bool,
    created: Moment,
    updated: Moment,
}

impl LiveStream {
    fn write(&self, now: Moment) -> Value {
        let is_public = fields::flag(&self.fields, "public", true);
        let mut body = json!({
            "liveStreamId": self.id, "streamKey": self.key, "public": true, "restreams": [],
            "assets": assets::of_live_stream(&self.id, is_public, self.has_picture, now),
            "broadcasting": self.is_on_air, "createdAt": self.created.to_string(),
            "updatedAt": self.updated.to_string(),
        });
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
        body
    }

    pub(super) fn name(&self) -> &str {
        fields::text(&self.fields, "name")
    }

    fn answer(&self, status: u16, call: &Call) -> Answer {
        Answer::json(status, &self.write(call.now))
    }
}

impl LiveStreams {
    pub(super) fn answer(
        &mut self,
        call: &Call,
        agenda: &mut Agenda,
        draw: &mut Draw,
    ) -> Option<Answer> {
        let id = call.id("liveStreamId");
        let mut with = |then: &dyn Fn(&mut LiveStream) -> Answer| {
            kept::with(&mut self.0, "live stream", id, then)
        };
        Some(match call.operation.id {
            "live_streams.create" => self.create(call, draw),
            "live_streams.list" => self.list(call),
            "live_streams.get" => with(&|stream| stream.answer(200, call)),
            "live_streams.update" => with(&|stream| {
                fields::change(&mut stream.fields, call);
                stream.updated = call.now;
                stream.answer(200, call)
            }),
            "live_streams.upload_thumbnail" => with(&|stream| {
                if let Err(fault) = files::check(call, &files::IMAGES, files::LARGEST_THUMBNAIL) {
                    return fault.into();
                }
                stream.has_picture = true;
                stream.updated = call.now;
                stream.answer(201, call)
            }),
            "live_streams.delete_thumbnail" => with(&|stream| {
                stream.has_picture = false;
                stream.updated = call.now;
                stream.answer(200, call)
            }),
            "live_streams.complete" => match self.0.get(id) {
                // One that is not on air has nothing to end, and the call is no mistake.
                Some(stream) => {
                    if stream.is_on_air {
                        let recording = videos::new_id(draw);
                        let event = Event::Ended { live_stream: id.to_owned(), recording };
                        agenda.plan(after(call.now, ENDED_MILLIS), event);
                    }
                    Answer::empty(202)
                }
                None => not_found(Service::ApiVideo, "live stream"),
            },
            "live_streams.delete" => kept::delete(&mut self.0, "live stream", id),
            _ => return None,
        })
    }

    fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let stream = LiveStream {
            id: format!("li{}", draw.letters(22)),
            key: draw.uuid(),
            fields: fields::given(call),
            has_picture: false,
            is_on_air: false,
            created: call.now,
            updated: call.now,
        };
        let answer = stream.answer(200, call);
        self.0.add(&stream.id.clone(), stream);
        answer
    }

    fn list(&self, call: &Call) -> Answer {
        let fits = |stream: &&LiveStream| {
            call.query("streamKey").is_none_or(|key| key == stream.key)
                && call.query("name").is_none_or(|name| stream.name().contains(name))
        };
        let order = |one: &LiveStream, other: &LiveStream| match call.query("sortBy") {
            Some("name") => one.name().cmp(other.name()),
            Some("updatedAt") => one.updated.cmp(&other.updated),
            _ => one.created.cmp(&other.created),
        };
        let write = |stream: &LiveStream| stream.write(call.now);
        list::newest_first(call, self.0.iter().filter(fits), order, write)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut LiveStream> {
        self.0.get_mut(id)
    }
}
