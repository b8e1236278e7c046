//! Indexes, and the deletions of indexes and media, which go on in the background.

use serde_json::{Value, json};

use super::Account;
use super::agenda::{Step, after};
use super::rules::{Answered, absent, flag, forbidden};
use super::{listing, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// The index that the service shares with every account. It is empty.
pub(super) const DEMO: &str = "idx_demo";
/// Milliseconds that a deletion is in each of its two states.
const DELETION_STEP: u64 = 50;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Index {
    pub(super) id: String,
    pub(super) name: String,
    created: Moment,
}

impl Index {
    pub(super) fn new(id: String, name: &str, created: Moment) -> Self {
        Index { id, name: name.to_owned(), created }
    }

    fn is_shared(&self) -> bool {
        self.id == DEMO
    }

    fn to_json(&self, user: &str) -> Value {
        let owner = if self.is_shared() { "videovector" } else { user };
        shape::of(
            "Index",
            json!({
                "index_id": self.id, "name": self.name, "user_id": owner,
                "created_at": self.created.to_string(), "is_default": self.is_shared(),
            }),
        )
    }
}

/// A deletion on its way. `of` tells what is deleted: `index_id` or `video_id`.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Deletion {
    id: String,
    of: String,
    object: String,
    status: String,
}

impl Deletion {
    fn to_json(&self) -> Value {
        let wait = (self.status != "deleted").then_some(1);
        let mut body = json!({
            "deletion_id": self.id, "status": self.status, "retry_after_seconds": wait,
        });
        body[&self.of] = json!(self.object);
        body
    }
}

impl Account {
    pub(super) fn create_index(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let name = call.field("name").and_then(Value::as_str).unwrap_or_default();
        let id = self.add_index(name, call.now, draw);
        self.index(&id).map(|index| index.to_json(super::USER))
    }

    pub(super) fn add_index(&mut self, name: &str, now: Moment, draw: &mut Draw) -> String {
        let id = format!("idx_{}", draw.hex(24));
        self.indexes.add(&id, Index::new(id.clone(), name, now));
        id
    }

    pub(super) fn index(&self, id: &str) -> Result<&Index, Answer> {
        self.indexes.get(id).ok_or_else(|| absent("index"))
    }

    pub(super) fn list_indexes(&self, call: &Call) -> Answered {
        let defaults = flag(call, "include_defaults", true);
        let seen = self.indexes.iter().filter(|index| defaults || !index.is_shared());
        Ok(seen.map(|index| index.to_json(super::USER)).collect())
    }

    pub(super) fn get_index(&self, call: &Call) -> Answered {
        self.index(call.id("index_id")).map(|index| index.to_json(super::USER))
    }

    pub(super) fn list_index_videos(&self, call: &Call) -> Answered {
        let index = self.index(call.id("index_id"))?;
        let inside =
            self.videos.newest().filter(|(_, video)| video.index.as_deref() == Some(&index.id));
        listing::page(call, inside, |video| self.video_json("Video", video))
    }

    pub(super) fn list_index_runs(&self, call: &Call) -> Answered {
        let index = self.index(call.id("index_id"))?;
        let over = self.runs.newest().filter(|(_, run)| run.is_over(&index.id));
        listing::page(call, over, super::runs::Run::to_json)
    }

    /// Gone from reads and lists at once; what is left goes on in the background.
    pub(super) fn delete_index(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let id = call.id("index_id");
        if self.indexes.get(id).is_some_and(Index::is_shared) {
            return Err(forbidden("A shared index cannot be deleted."));
        }
        if self.indexes.take(id).is_some() {
            let inside = self.videos.iter().filter(|video| video.index.as_deref() == Some(id));
            let inside: Vec<String> = inside.map(|video| video.id.clone()).collect();
            for video in &inside {
                self.videos.take(video);
            }
            self.begin_deletion("index_id", id, call.now, draw);
        }
        self.deletion("index_id", id)
    }

    pub(super) fn delete_video(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let id = call.id("video_id");
        if self.videos.take(id).is_some() {
            self.begin_deletion("video_id", id, call.now, draw);
        }
        self.deletion("video_id", id)
    }

    fn begin_deletion(&mut self, of: &str, object: &str, now: Moment, draw: &mut Draw) {
        let deletion = Deletion {
            id: format!("del_{}", draw.hex(24)),
            of: of.to_owned(),
            object: object.to_owned(),
            status: "draining".to_owned(),
        };
        self.deletions.add(object, deletion);
        self.agenda.plan(after(now, DELETION_STEP), Step::Deletion(object.to_owned()));
    }

    pub(super) fn go_on_deleting(&mut self, object: &str, at: Moment) {
        let Some(deletion) = self.deletions.get_mut(object) else { return };
        if deletion.status == "draining" {
            deletion.status = "deleting".to_owned();
            self.agenda.plan(after(at, DELETION_STEP), Step::Deletion(object.to_owned()));
        } else {
            deletion.status = "deleted".to_owned();
        }
    }

    /// How far the deletion of an object is; 404 where none was begun.
    pub(super) fn deletion(&self, of: &str, object: &str) -> Answered {
        let deletion = self.deletions.get(object).filter(|deletion| deletion.of == of);
        let what = if of == "index_id" { "index deletion" } else { "video deletion" };
        deletion.map(Deletion::to_json).ok_or_else(|| absent(what))
    }
}
