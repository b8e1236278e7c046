//! Another attempt at a segment that failed in a run.

use serde_json::json;

use super::agenda::{Step, after};
use super::rules::{Answered, absent, conflict};
use super::runs::{Retry, State};
use super::{Account, shape};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Milliseconds that an attempt takes.
const RETRYING: u64 = 100;

impl Account {
    pub(super) fn retry_segment(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let (video, segment) = (call.id("video_id"), call.id("segment_id"));
        let run = self.runs.get_mut(call.id("run_id")).ok_or_else(|| absent("prompt run"))?;
        let open = run.is_open();
        let item = run.item(video).ok_or_else(|| absent("video of this run"))?;
        if open || !item.failing.iter().any(|id| id == segment) {
            return Err(conflict(
                "Only a segment that failed in a run that is over can be tried again.",
            ));
        }
        let under_way =
            run.retries.iter().any(|retry| retry.segment == segment && retry.ended.is_none());
        if under_way {
            return Err(conflict("The segment is being tried again already."));
        }
        let retry = Retry {
            id: format!("retry_{}", draw.hex(24)),
            video: video.to_owned(),
            segment: segment.to_owned(),
            created: call.now,
            ended: None,
        };
        let step = Step::Retry { run: run.id.clone(), retry: retry.id.clone() };
        self.agenda.plan(after(call.now, RETRYING), step);
        let known = json!({
            "run_id": run.id, "retry_id": retry.id, "status": "pending", "message": "The segment is tried again.",
            "video_id": video, "segment_id": segment, "created_at": call.now.to_string(),
            "idempotency_key": call.idempotency_key,
        });
        run.retries.push(retry);
        Ok(shape::of("PromptRunSegmentRetry", known))
    }

    pub(super) fn end_retry(&mut self, run: &str, retry: &str, at: Moment) {
        let Some(run) = self.runs.get_mut(run) else { return };
        let Some(retry) = run.retries.iter_mut().find(|known| known.id == retry) else { return };
        retry.ended = Some(at);
        let (video, segment) = (retry.video.clone(), retry.segment.clone());
        for item in run.items.iter_mut().filter(|item| item.video == video) {
            item.failing.retain(|id| *id != segment);
        }
        run.state = if run.failures() == 0 { State::Completed } else { State::WithFailures };
        if let Some(video) = self.videos.get_mut(&video) {
            video.status = "processed".to_owned();
        }
    }

    pub(super) fn get_retry(&self, call: &Call) -> Answered {
        let run = self.run(call.id("run_id"))?;
        let retry = run.retries.iter().find(|retry| {
            retry.id == call.id("retry_id")
                && retry.video == call.id("video_id")
                && retry.segment == call.id("segment_id")
        });
        let retry = retry.ok_or_else(|| absent("retry"))?;
        let mut status = shape::of(
            "PromptRunSegmentRetryStatus",
            json!({
                "run_id": run.id, "retry_id": retry.id, "video_id": retry.video, "segment_id": retry.segment,
                "status": if retry.ended.is_some() { "completed" } else { "processing" },
                "created_at": retry.created.to_string(), "started_at": retry.created.to_string(),
                "completed_at": retry.ended.map(|at| at.to_string()),
            }),
        );
        if retry.ended.is_some() {
            shape::lay_over(&mut status, run.steps_taken());
            status["billing_status"] = json!("confirmed");
        }
        Ok(status)
    }
}
