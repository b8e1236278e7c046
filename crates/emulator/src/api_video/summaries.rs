//! Summaries: one a video, written by its owner or generated.

use framekey_catalog::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::valid::conflict;
use super::{kept, list};
use crate::answer::{Answer, not_found};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::shelf::Shelf;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Summaries(Shelf<Summary>);

#[derive(Serialize, Deserialize)]
pub(super) struct Summary {
    id: String,
    pub(super) video: String,
    is_generated: bool,
    /// `abstract` and `takeaways`, or one of them.
    parts: Vec<String>,
    status: Status,
    outline: String,
    takeaways: Vec<String>,
    created: Moment,
    updated: Moment,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Status {
    Missing,
    Waiting,
    Completed,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Status::Missing => "missing",
            Status::Waiting => "waiting",
            Status::Completed => "completed",
        }
    }
}

/// That a video has a summary already.
pub(super) fn already_there() -> Answer {
    let detail = "Each video can have one summary: delete the one it has, or change its source.";
    conflict("summary-already-exists", "The summary already exists.", "videoId", detail)
}

impl Summary {
    fn origin(&self) -> &'static str {
        if self.is_generated { "auto" } else { "api" }
    }

    fn write(&self) -> Value {
        json!({
            "summaryId": self.id, "videoId": self.video, "origin": self.origin(),
            "sourceStatus": self.status.as_str(), "createdAt": self.created.to_string(),
            "updatedAt": self.updated.to_string(),
        })
    }

    fn source(&self, status: u16) -> Answer {
        let body = json!({ "abstract": self.outline, "takeaways": self.takeaways });
        Answer::json(status, &body)
    }

    fn change(&mut self, call: &Call) -> Answer {
        if self.status == Status::Waiting {
            let detail = "Wait until it is generated, then change it.";
            return conflict("summary-not-ready", "The summary is being generated.", "", detail);
        }
        if let Some(outline) = call.field("abstract").and_then(Value::as_str) {
            self.outline = outline.to_owned();
        }
        if call.field("takeaways").is_some() {
            self.takeaways = strings(call.field("takeaways"));
        }
        self.status = Status::Completed;
        self.updated = call.now;
        self.source(201)
    }

    /// What the service would have made of the speech.
    fn generate(&mut self, title: &str, now: Moment) {
        let wants =
            |part: &str| self.parts.is_empty() || self.parts.iter().any(|known| known == part);
        let (outline, takeaways) = (wants("abstract"), wants("takeaways"));
        if outline {
            self.outline = format!(
                "The video \"{title}\" was never watched by the emulator, which therefore says in \
                 about twenty words what a summary looks like."
            );
        }
        if takeaways {
            self.takeaways = ["First", "Second", "Third"]
                .map(|which| format!("{which} point of \"{title}\"."))
                .into();
        }
        self.status = Status::Completed;
        self.updated = now;
    }
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Summaries {
    /// `is_there` tells the videos that are not deleted: with a video goes its summary.
    pub(super) fn answer(
        &mut self,
        call: &Call,
        is_there: impl Fn(&str) -> bool,
    ) -> Option<Answer> {
        let id = call.id("summaryId");
        if self.0.get(id).is_some_and(|summary| !is_there(&summary.video)) {
            return Some(not_found(Service::ApiVideo, "summary"));
        }
        Some(match call.operation.id {
            "summaries.list" => self.list(call, is_there),
            "summaries.get_source" => {
                kept::with(&mut self.0, "summary", id, |summary| summary.source(200))
            }
            "summaries.update_source" => {
                kept::with(&mut self.0, "summary", id, |summary| summary.change(call))
            }
            "summaries.delete" => kept::delete(&mut self.0, "summary", id),
            _ => return None,
        })
    }

    /// A new summary of a video that is there and has none.
    pub(super) fn create(&mut self, call: &Call, video: &str, draw: &mut Draw) -> Answer {
        if self.is_of(video) {
            return already_there();
        }
        let is_generated = call.field("origin").is_some();
        let id = self.add(video, is_generated, strings(call.field("attributes")), call.now, draw);
        match self.0.get(&id) {
            Some(summary) => Answer::json(201, &summary.write()),
            None => not_found(Service::ApiVideo, "summary"),
        }
    }

    /// A summary that the service generates, as `transcriptSummary` of a video asks for it.
    pub(super) fn ask(&mut self, call: &Call, video: &str, draw: &mut Draw) {
        let parts = strings(call.field("transcriptSummaryAttributes"));
        self.add(video, true, parts, call.now, draw);
    }

    fn add(
        &mut self,
        video: &str,
        is_generated: bool,
        parts: Vec<String>,
        now: Moment,
        draw: &mut Draw,
    ) -> String {
        let summary = Summary {
            id: format!("summary_{}", draw.letters(22)),
            video: video.to_owned(),
            is_generated,
            parts,
            status: if is_generated { Status::Waiting } else { Status::Missing },
            outline: String::new(),
            takeaways: Vec::new(),
            created: now,
            updated: now,
        };
        let id = summary.id.clone();
        self.0.add(&id, summary);
        id
    }

    pub(super) fn is_of(&self, video: &str) -> bool {
        self.0.iter().any(|summary| summary.video == video)
    }

    /// The summary of a video that is still to be generated.
    pub(super) fn waiting(&self, video: &str) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|summary| summary.video == video && summary.status == Status::Waiting);
        found.map(|summary| summary.id.as_str())
    }

    /// Ends the generation; the video that it is about.
    pub(super) fn generate(
        &mut self,
        id: &str,
        title: impl Fn(&str) -> String,
        now: Moment,
    ) -> Option<String> {
        let summary = self.0.get_mut(id).filter(|summary| summary.status == Status::Waiting)?;
        let title = title(&summary.video);
        summary.generate(&title, now);
        Some(summary.video.clone())
    }

    fn list(&self, call: &Call, is_there: impl Fn(&str) -> bool) -> Answer {
        let fits = |summary: &&Summary| {
            is_there(&summary.video)
                && call.query("videoId").is_none_or(|video| video == summary.video)
                && call.query("origin").is_none_or(|origin| origin == summary.origin())
                && call.query("sourceStatus").is_none_or(|status| status == summary.status.as_str())
        };
        let order = |one: &Summary, other: &Summary| match call.query("sortBy") {
            Some("videoId") => one.video.cmp(&other.video),
            Some("updatedAt") => one.updated.cmp(&other.updated),
            _ => one.created.cmp(&other.created),
        };
        list::newest_first(call, self.0.iter().filter(fits), order, Summary::write)
    }
}
