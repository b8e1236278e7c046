//! What happens by itself, by the emulator's clock: encodings end, transcripts and summaries appear,
//! broadcasts end.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// From the moment when a file is whole to its transcript, in milliseconds.
pub(super) const TRANSCRIBED_MILLIS: u64 = 400;
/// From a transcript to the summary, in milliseconds.
pub(super) const SUMMARISED_MILLIS: u64 = 100;
/// The service ends a broadcast a few seconds after it was asked to, in milliseconds.
pub(super) const ENDED_MILLIS: u64 = 3000;

/// One thing that happens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    /// One quality of a video is encoded; by its place among the qualities.
    Encoded { video: String, quality: usize },
    /// The speech of a video is written down.
    Transcribed { video: String },
    /// A summary is generated.
    Summarised { summary: String },
    /// A broadcast is over and its recording becomes a video.
    Ended { live_stream: String, recording: String },
}

/// What is to happen, latest first; of the same time, in the order in which it was planned.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Agenda(Vec<(Moment, Event)>);

impl Agenda {
    pub(super) fn plan(&mut self, at: Moment, event: Event) {
        let place = self.0.partition_point(|(known, _)| *known > at);
        self.0.insert(place, (at, event));
    }

    pub(super) fn due(&mut self, now: Moment) -> Option<(Moment, Event)> {
        self.0.pop_if(|(at, _)| *at <= now)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The moment some milliseconds later.
pub(super) fn after(start: Moment, millis: u64) -> Moment {
    Moment(start.0.saturating_add(std::time::Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn events_come_in_the_order_of_their_time_and_then_of_their_planning() {
        let mut agenda = Agenda::default();
        let at = |millis| after(Moment(Duration::ZERO), millis);
        for (millis, name) in [(20, "c"), (10, "a"), (10, "b"), (30, "d")] {
            agenda.plan(at(millis), Event::Transcribed { video: name.to_owned() });
        }
        let mut seen = String::new();
        while let Some((_, Event::Transcribed { video })) = agenda.due(at(20)) {
            seen += &video;
        }
        assert_eq!((seen.as_str(), agenda.is_empty()), ("abc", false));
    }
}
