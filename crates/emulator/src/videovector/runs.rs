//! Prompt runs: a prompt over media, from pending to its end.

use serde_json::{Map, Value, json};

use super::extraction::{About, as_text, extract};
use super::media::Kind;
use super::prompts::Prompt;
use super::videos::{Segment, Video};
use super::{USER, shape};
use crate::clock::Moment;

/// The model that extracts where the caller names none.
pub(super) const USUAL_MODEL: &str = "gemini-2.5-flash";

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Run {
    pub(super) id: String,
    /// As it was when the run began.
    pub(super) prompt: Prompt,
    /// The body that started it.
    pub(super) options: Map<String, Value>,
    pub(super) items: Vec<Item>,
    pub(super) state: State,
    pub(super) created: Moment,
    pub(super) ended: Option<Moment>,
    pub(super) stop_asked: Option<Moment>,
    pub(super) cost: f64,
    pub(super) new_cuts: bool,
    pub(super) retries: Vec<Retry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum State {
    Pending,
    Processing,
    Completed,
    WithFailures,
    Failed,
    Cancelled,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Processing => "processing",
            State::Completed => "completed",
            State::WithFailures => "completed_with_failures",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }
}

/// One medium of a run.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Item {
    pub(super) video: String,
    pub(super) index: Option<String>,
    pub(super) kind: Kind,
    pub(super) seconds: f64,
    /// Which of the medium's cuts was taken.
    pub(super) cut: usize,
    pub(super) segments: usize,
    /// Ids of the segments that fail, or have failed.
    pub(super) failing: Vec<String>,
}

/// Another attempt at one segment.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Retry {
    pub(super) id: String,
    pub(super) video: String,
    pub(super) segment: String,
    pub(super) created: Moment,
    pub(super) ended: Option<Moment>,
}

impl Run {
    pub(super) fn item(&self, video: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.video == video)
    }

    /// Whether one of its media is of this index.
    pub(super) fn is_over(&self, index: &str) -> bool {
        self.items.iter().any(|item| item.index.as_deref() == Some(index))
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Pending | State::Processing)
    }

    pub(super) fn is_searchable(&self) -> bool {
        matches!(self.state, State::Completed | State::WithFailures)
    }

    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options.get(name)
    }

    pub(super) fn model(&self) -> &str {
        self.option("processing_model").and_then(Value::as_str).unwrap_or(USUAL_MODEL)
    }

    fn does(&self, what: &str) -> bool {
        self.option(what) != Some(&Value::Bool(false))
    }

    pub(super) fn has_pictures(&self) -> bool {
        self.does("enable_image_embedding")
    }

    /// The segments of a medium that this run works on.
    pub(super) fn segments<'a>(&'a self, video: &'a Video) -> impl Iterator<Item = &'a Segment> {
        let cut = self.item(&video.id).and_then(|item| video.cuts.get(item.cut));
        cut.into_iter().flat_map(|cut| &cut.segments)
    }

    fn fails(&self, video: &str, segment: &str) -> bool {
        self.item(video).is_some_and(|item| item.failing.iter().any(|id| id == segment))
    }

    /// What was extracted from a segment; none before the run is over, and where it failed.
    pub(super) fn found(&self, video: &Video, segment: &Segment) -> Option<Value> {
        if !self.is_searchable() || self.fails(&video.id, &segment.id) {
            return None;
        }
        let about = About { title: &video.title, number: segment.number };
        Some(extract(self.prompt.schema(), about))
    }

    /// What was extracted from the whole medium.
    pub(super) fn found_of_whole(&self, video: &Video) -> Option<Value> {
        let schema = self.prompt.video_schema().filter(|_| self.is_searchable())?;
        Some(extract(schema, About { title: &video.title, number: 0 }))
    }

    /// The fields of `Segment` that this run has a say in.
    pub(super) fn segment_state(&self, video: &Video, segment: &Segment) -> Value {
        if let Some(found) = self.found(video, segment) {
            let mut state = self.steps_taken();
            let more = json!({
                "processed": true, "segment_status": "processed", "metadata": found,
                "metadata_text": as_text(&found), "from_run_id": self.id,
                "processed_at": self.ended.map(|at| at.to_string()), "status_source": "prompt_run",
            });
            shape::lay_over(&mut state, more);
            return state;
        }
        if self.is_open() {
            let status = if self.state == State::Pending { "pending" } else { "processing" };
            return json!({ "segment_status": status, "status_source": "prompt_run" });
        }
        if self.state == State::Cancelled {
            return json!({ "segment_status": "cancelled", "status_source": "prompt_run" });
        }
        json!({
            "processed": true, "processing_failed": true, "segment_status": "failed",
            "failure_stage": "field_extraction", "failure_message": WHY_FAILED, "error_message": WHY_FAILED,
            "field_extraction_succeeded": false, "field_extraction_error": WHY_FAILED,
            "status_source": "prompt_run",
        })
    }

    /// How the steps of a segment that did not fail went.
    pub(super) fn steps_taken(&self) -> Value {
        json!({
            "field_extraction_succeeded": true,
            "transcription_succeeded": self.does("enable_transcription").then_some(true),
            "image_embedding_succeeded": self.has_pictures().then_some(true),
        })
    }

    /// How far the run is with one medium, as `PromptRunProcessingStatus`.
    pub(super) fn progress(&self, video: &Video) -> Option<Value> {
        let item = self.item(&video.id)?;
        let failed = if self.is_open() { 0 } else { item.failing.len() };
        let rest = item.segments - failed;
        let count = |state: bool| if state { rest } else { 0 };
        let segments: Vec<Value> = self
            .segments(video)
            .map(|segment| {
                let status = match self.state {
                    State::Pending | State::Processing | State::Cancelled => self.state.as_str(),
                    _ if self.fails(&video.id, &segment.id) => "failed",
                    _ => "completed",
                };
                shape::of(
                    "SegmentRunProcessingStatus",
                    json!({
                        "segment_id": segment.id, "video_id": video.id, "status": status,
                        "start_time": segment.start, "end_time": segment.end,
                        "completed_at": self.ended.map(|at| at.to_string()),
                    }),
                )
            })
            .collect();
        let mut progress = shape::of(
            "PromptRunProcessingStatus",
            json!({
                "run_id": self.id, "prompt_id": self.prompt.id, "status": self.state.as_str(),
                "total_segments": item.segments, "failed_segments": failed,
                "pending_segments": count(self.state == State::Pending),
                "processing_segments": count(self.state == State::Processing),
                "successful_segments": count(self.is_searchable()),
                "created_at": self.created.to_string(), "segments": segments,
            }),
        );
        if self.prompt.video_schema().is_some() {
            progress["video_level"] = shape::of(
                "VideoLevelProcessingStatus",
                json!({ "status": self.state.as_str(), "result_available": self.is_searchable() }),
            );
        }
        Some(progress)
    }

    pub(super) fn failures(&self) -> usize {
        self.items.iter().map(|item| item.failing.len()).sum()
    }

    pub(super) fn seconds(&self) -> f64 {
        self.items.iter().map(|item| item.seconds).sum()
    }

    pub(super) fn to_json(&self) -> Value {
        let over = !self.is_open();
        let segments: usize = self.items.iter().map(|item| item.segments).sum();
        let failures = if over { self.failures() } else { 0 };
        let done = if self.is_searchable() || self.state == State::Failed {
            segments - failures
        } else {
            0
        };
        let whole = if self.prompt.video_schema().is_some() { self.items.len() } else { 0 };
        let moment = |at: Option<Moment>| at.map(|at| at.to_string());
        let billed = match self.state {
            State::Cancelled | State::Failed => Some("released"),
            _ if over => Some("confirmed"),
            _ => Some("reserved"),
        };
        let mut run = shape::of(
            "PromptRun",
            json!({
                "run_id": self.id, "prompt_id": self.prompt.id, "prompt_name": self.prompt.name(),
                "prompt_type": "custom", "executed_at": self.created.to_string(), "executed_by": USER,
                "status": self.state.as_str(), "run_context": { "target": self.option("target") },
                "total_segments": segments, "completed_segments": done, "field_extraction_failures": failures,
                "created_new_segments": self.new_cuts, "processing_model": self.model(),
                "total_video_seconds": self.seconds(), "video_level_enabled": whole > 0,
                "video_level_total_items": whole,
                "video_level_completed_items": if self.is_searchable() { whole } else { 0 },
                "error_message": (self.state == State::Failed).then_some(WHY_FAILED),
                "billing_estimated_mt": self.cost, "billing_status": billed,
                "billing_actual_mt": if billed == Some("confirmed") { self.cost } else { 0.0 },
            }),
        );
        for name in [
            "video_segmentation_type",
            "audio_segmentation_type",
            "video_segment_duration",
            "audio_segment_duration",
            "enable_transcription",
            "enable_image_embedding",
        ] {
            if let Some(given) = self.option(name) {
                run[name] = given.clone();
            }
        }
        if self.is_searchable() {
            shape::lay_over(&mut run, self.steps_taken());
            run["field_extraction_succeeded"] = json!(failures == 0);
        }
        if let Some(asked) = self.stop_asked {
            let rest = moment(self.ended.filter(|_| self.state == State::Cancelled));
            run["stop_state"] = json!({
                "requested_at": asked.to_string(), "requested_by": USER, "mode": "graceful",
                "observed_at": rest, "completed_at": rest,
            });
        }
        for (kind, names) in [
            (
                Kind::Video,
                [
                    "total_videos",
                    "completed_videos",
                    "partial_videos",
                    "failed_videos",
                    "cancelled_videos",
                ],
            ),
            (
                Kind::Audio,
                [
                    "total_audios",
                    "completed_audios",
                    "partial_audios",
                    "failed_audios",
                    "cancelled_audios",
                ],
            ),
            (
                Kind::Image,
                [
                    "total_images",
                    "completed_images",
                    "partial_images",
                    "failed_images",
                    "cancelled_images",
                ],
            ),
        ] {
            for (name, count) in names.into_iter().zip(self.tally(kind)) {
                run[name] = json!(count);
            }
        }
        run
    }

    /// Media of one kind: all, completed, partial, failed, cancelled.
    fn tally(&self, kind: Kind) -> [usize; 5] {
        let mut tally = [0; 5];
        for item in self.items.iter().filter(|item| item.kind == kind) {
            let end = match self.state {
                State::Pending | State::Processing => 0,
                State::Cancelled => 4,
                _ if item.failing.is_empty() => 1,
                _ if item.failing.len() < item.segments => 2,
                _ => 3,
            };
            for (place, count) in tally.iter_mut().enumerate() {
                *count += usize::from(place == 0 || place == end);
            }
        }
        tally
    }
}

/// Why a segment failed that was made to.
pub(super) const WHY_FAILED: &str = "The model gave no usable answer.";
