//! What happens by itself, by the emulator's clock: jobs go on, deletions end.

use std::time::Duration;

use crate::clock::Moment;

/// The moment so many milliseconds later.
pub(super) fn after(moment: Moment, millis: u64) -> Moment {
    Moment(moment.0.saturating_add(Duration::from_millis(millis)))
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Step {
    /// An import job goes into its next state.
    Import(String),
    /// A prompt run goes into its next state.
    Run(String),
    /// One segment of a run was tried again.
    Retry { run: String, retry: String },
    /// An export goes into its next state.
    Export(String),
    /// The processing of a medium ends.
    Process(String),
    /// A deletion goes into its next state.
    Deletion(String),
}

/// Steps in the order of their time; of the same time, in the order in which they were planned.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Agenda(Vec<(Moment, Step)>);

impl Agenda {
    pub(super) fn plan(&mut self, at: Moment, step: Step) {
        // Latest first, so that what is due comes off the end.
        let place = self.0.partition_point(|(known, _)| *known > at);
        self.0.insert(place, (at, step));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next step that is due, with its time.
    pub(super) fn due(&mut self, now: Moment) -> Option<(Moment, Step)> {
        self.0.pop_if(|(at, _)| *at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::{Agenda, Step};
    use crate::clock::Moment;
    use std::time::Duration;

    #[test]
    fn steps_come_in_order_and_not_before_their_time() {
        let at = |seconds| Moment(Duration::from_secs(seconds));
        let mut agenda = Agenda::default();
        for (seconds, name) in [(3, "c"), (1, "a"), (3, "d"), (2, "b"), (9, "late")] {
            agenda.plan(at(seconds), Step::Run(name.to_owned()));
        }
        let mut order = Vec::new();
        while let Some((_, Step::Run(name))) = agenda.due(at(3)) {
            order.push(name);
        }
        assert_eq!(order, ["a", "b", "c", "d"]);
    }
}
