//! Watermark images, and which of them a new video may name.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::valid::Fault;
use super::{files, kept, list};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::shelf::Shelf;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Watermarks(Shelf<Watermark>);

#[derive(Serialize, Deserialize)]
struct Watermark {
    id: String,
    created: Moment,
}

impl Watermark {
    fn write(&self) -> Value {
        json!({ "watermarkId": self.id, "createdAt": self.created.to_string() })
    }
}

impl Watermarks {
    pub(super) fn answer(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        Some(match call.operation.id {
            "watermarks.list" => self.list(call),
            "watermarks.upload" => self.upload(call, draw),
            "watermarks.delete" => kept::delete(&mut self.0, "watermark", call.id("watermarkId")),
            _ => return None,
        })
    }

    fn list(&self, call: &Call) -> Answer {
        // The document says this in words only.
        if call.query("sortBy").is_some_and(|by| by != "createdAt") {
            return Fault::parameter("sortBy", "This parameter should be createdAt.").into();
        }
        if call.query("sortOrder").is_some_and(|order| order != "asc" && order != "desc") {
            return Fault::parameter("sortOrder", "This parameter should be asc or desc.").into();
        }
        let by_age = |one: &Watermark, other: &Watermark| one.created.cmp(&other.created);
        list::newest_first(call, self.0.iter(), by_age, Watermark::write)
    }

    fn upload(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        if let Err(fault) = files::check(call, &files::SIMPLE_IMAGES, u64::MAX) {
            return fault.into();
        }
        let watermark =
            Watermark { id: format!("watermark_{}", draw.letters(22)), created: call.now };
        let answer = Answer::json(200, &watermark.write());
        self.0.add(&watermark.id.clone(), watermark);
        answer
    }

    pub(super) fn is_there(&self, id: &str) -> bool {
        self.0.get(id).is_some()
    }
}
