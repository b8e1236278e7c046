//! What came out of a prompt run.

use serde_json::{Value, json};

use super::extraction::as_text;
use super::rules::{Answered, absent};
use super::runs::{Run, WHY_FAILED};
use super::videos::{Segment, Video};
use super::{Account, USER, listing, shape};
use crate::answer::Answer;
use crate::call::Call;

/// Tokens of a text, as they are commonly reckoned.
fn tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}

impl Account {
    /// A medium of a run, with the run.
    fn run_and_video(&self, run: &str, video: &str) -> Result<(&Run, &Video), Answer> {
        let run = self.run(run)?;
        run.item(video).ok_or_else(|| absent("video of this run"))?;
        Ok((run, self.video(video)?))
    }

    pub(super) fn list_results(&self, call: &Call) -> Answered {
        let video = call.query("video_id").unwrap_or_default();
        let (run, video) = self.run_and_video(call.id("run_id"), video)?;
        let found =
            run.segments(video).filter_map(|segment| Some((segment, run.found(video, segment)?)));
        listing::page(call, listing::numbered(found), |(segment, metadata)| {
            result(run, video, segment, &metadata)
        })
    }

    pub(super) fn get_video_result(&self, call: &Call) -> Answered {
        let (run, video) = self.run_and_video(call.id("run_id"), call.id("video_id"))?;
        let metadata = run.found_of_whole(video).ok_or_else(|| absent("video result"))?;
        let item = run.item(&video.id);
        let (segments, failed) = item.map_or((0, 0), |item| (item.segments, item.failing.len()));
        let mut result = shape::of("PromptRunVideoResult", of_run(run, video));
        shape::lay_over(
            &mut result,
            json!({
                "result_id": format!("{}:{}", run.id, video.id), "status": "completed", "metadata_text": as_text(&metadata),
                "metadata": metadata, "successful_segment_count": segments - failed, "failed_segment_count": failed,
                "gcs_uri": video.uri, "started_at": run.created.to_string(),
                "completed_at": run.ended.map(|at| at.to_string()), "embedding_status": "completed",
            }),
        );
        Ok(result)
    }

    pub(super) fn failed_segments(&self, call: &Call) -> Answered {
        let run = self.run(call.id("run_id"))?;
        let counts = |failures: usize| {
            let known = json!({ "field_extraction": failures });
            shape::of("PromptRunFailureOperationCounts", known)
        };
        let failing = run.items.iter().filter(|item| !item.failing.is_empty() && !run.is_open());
        let videos: Vec<Value> = failing
            .map(|item| {
                let video = self.videos.get(&item.video);
                let segments = video.into_iter().flat_map(|video| run.segments(video));
                let segments: Vec<Value> = segments
                    .filter(|segment| item.failing.contains(&segment.id))
                    .map(failed)
                    .collect();
                json!({
                    "video_id": item.video, "failed_segments": segments.len(),
                    "operation_counts": counts(segments.len()), "segments": segments,
                })
            })
            .collect();
        let failures = if run.is_open() { 0 } else { run.failures() };
        Ok(json!({
            "run_id": run.id, "status": run.state.as_str(), "videos_with_failures": videos.len(),
            "failed_segments": failures, "operation_counts": counts(failures), "videos": videos,
        }))
    }

    /// One call for each segment that was looked at.
    pub(super) fn llm_calls(&self, call: &Call) -> Answered {
        let run = self.run(call.id("run_id"))?;
        let media = run.items.iter().filter_map(|item| self.videos.get(&item.video));
        let calls = media.flat_map(|video| {
            let segments: Vec<&Segment> = run.segments(video).collect();
            segments.into_iter().filter_map(move |segment| llm_call(run, video, segment))
        });
        Ok(calls.collect())
    }

    /// The tokens of all calls of a run.
    pub(super) fn tokens_of(&self, run: &str) -> usize {
        let Some(run) = self.runs.get(run) else { return 0 };
        let media = run.items.iter().filter_map(|item| self.videos.get(&item.video));
        let each = media
            .flat_map(|video| run.segments(video).filter_map(|segment| run.found(video, segment)));
        each.map(|found| tokens(run.prompt.instructions()) + tokens(&as_text(&found))).sum()
    }
}

/// What every result of a run says of it.
fn of_run(run: &Run, video: &Video) -> Value {
    json!({
        "run_id": run.id, "prompt_id": run.prompt.id, "prompt_run_id": run.id, "video_id": video.id,
        "video_name": video.title, "source_index_id": video.index, "executed_at": run.created.to_string(),
    })
}

fn result(run: &Run, video: &Video, segment: &Segment, metadata: &Value) -> Value {
    let mut result = shape::of("SegmentRunResult", of_run(run, video));
    shape::lay_over(&mut result, run.steps_taken());
    shape::lay_over(
        &mut result,
        json!({
            "result_id": format!("{}:{}", run.id, segment.id), "segment_id": segment.id,
            "start_time": segment.start, "end_time": segment.end, "metadata": metadata,
            "metadata_text": as_text(metadata), "gcs_uri": video.segment_uri(segment, "mp4"),
            "thumbnail_gcs_uri": video.segment_uri(segment, "jpg"), "thumbnail_available": true,
            "schema_used": run.prompt.schema().to_string(),
        }),
    );
    result
}

fn failed(segment: &Segment) -> Value {
    shape::of(
        "PromptRunFailedSegment",
        json!({
            "segment_id": segment.id, "failed_operations": ["field_extraction"],
            "field_extraction_error": WHY_FAILED, "failure_stage": "field_extraction",
            "failure_message": WHY_FAILED, "failure_code": "empty_model_answer", "retryable": true,
            "start_time": segment.start, "end_time": segment.end,
        }),
    )
}

fn llm_call(run: &Run, video: &Video, segment: &Segment) -> Option<Value> {
    if run.is_open() {
        return None;
    }
    let found = run.found(video, segment).map(|found| found.to_string());
    let prompt = run.prompt.instructions();
    let (input, output) = (tokens(prompt), found.as_deref().map_or(0, tokens));
    Some(shape::of(
        "LlmCall",
        json!({
            "llm_call_id": format!("{}:{}", run.id, segment.id), "prompt_run_id": run.id, "prompt_id": run.prompt.id,
            "video_id": video.id, "segment_id": segment.id, "user_id": USER, "model": run.model(),
            "purpose": "field_extraction", "status": if found.is_some() { "completed" } else { "failed" },
            "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
            "video_seconds": segment.end - segment.start, "segment_start_time": segment.start,
            "segment_end_time": segment.end, "prompt_text": prompt, "response_text": found,
            "schema_used": run.prompt.schema().to_string(), "invoked_at": run.created.to_string(),
            "completed_at": run.ended.map(|at| at.to_string()), "created_at": run.created.to_string(),
            "duration_ms": 150,
        }),
    ))
}
