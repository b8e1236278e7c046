//! Media, and the segments that they are cut into.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::agenda::{Step, after};
use super::media::{Kind, stretches};
use super::rules::{Answered, absent, conflict, count, flag, invalid};
use super::runs::Run;
use super::{Account, listing, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::files::{self, FileCall};

/// Milliseconds that the plain processing of a medium takes.
const PROCESSING: u64 = 150;
/// What a path keeps as it is.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Seconds that a signed URL is good for.
const SIGNED: u64 = 3600;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Video {
    pub(super) id: String,
    pub(super) title: String,
    /// The name of the file, which says what it is.
    pub(super) file: String,
    pub(super) uri: String,
    pub(super) kind: Kind,
    /// None for the playground.
    pub(super) index: Option<String>,
    /// Length in seconds; 0 for an image.
    pub(super) seconds: f64,
    pub(super) created: Moment,
    pub(super) updated: Option<Moment>,
    /// `not_processed`, `processing`, `processed`.
    pub(super) status: String,
    pub(super) cuts: Vec<CutUp>,
}

/// A medium cut in one way.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct CutUp {
    /// Seconds of a segment.
    step: u64,
    pub(super) segments: Vec<Segment>,
}

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Segment {
    pub(super) id: String,
    /// Its place in the cut, from 0.
    pub(super) number: usize,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Video {
    /// The place of the cut into segments of `step` seconds, made if there is none; and whether it was.
    pub(super) fn cut(&mut self, step: u64, draw: &mut Draw) -> (usize, bool) {
        if let Some(place) = self.cuts.iter().position(|cut| cut.step == step) {
            return (place, false);
        }
        let pieces = match self.kind {
            Kind::Image => vec![(0.0, 0.0)],
            _ => stretches(self.seconds, step as f64),
        };
        let segments = pieces.into_iter().enumerate().map(|(number, (start, end))| Segment {
            id: format!("seg_{}", draw.hex(24)),
            number,
            start,
            end,
        });
        self.cuts.push(CutUp { step, segments: segments.collect() });
        (self.cuts.len() - 1, true)
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.cuts.iter().flat_map(|cut| &cut.segments)
    }

    /// The address of what was cut out of it.
    pub(super) fn segment_uri(&self, segment: &Segment, ending: &str) -> String {
        format!("gs://videovector-segments/{}/{}.{ending}", self.id, segment.id)
    }
}

impl Account {
    pub(super) fn video(&self, id: &str) -> Result<&Video, Answer> {
        self.videos.get(id).ok_or_else(|| absent("video"))
    }

    /// A medium in the shape of `Video` or `VideoWithDetails`.
    pub(super) fn video_json(&self, schema: &str, video: &Video) -> Value {
        let runs: Vec<&Run> = self.runs_over(&video.id).collect();
        let keys = runs.first().map(|run| run.prompt.field_names());
        let status: Vec<Value> = runs.iter().filter_map(|run| run.progress(video)).collect();
        let mut body = shape::of(
            schema,
            json!({
                "video_id": video.id, "title": video.title, "video_uri": video.uri, "status": video.status,
                "created_at": video.created.to_string(), "updated_at": video.updated.map(|at| at.to_string()),
                "media_type": video.kind.as_str(), "metadata_keys": keys,
                "duration_seconds": (video.kind != Kind::Image).then_some(video.seconds),
            }),
        );
        if !status.is_empty() {
            body["processing_status"] = Value::Array(status);
        }
        if schema == "VideoWithDetails" {
            let first = video.segments().next();
            body["first_thumbnail"] = json!(first.map(|segment| video.segment_uri(segment, "jpg")));
        }
        body
    }

    pub(super) fn get_video(&self, call: &Call) -> Answered {
        self.video(call.id("video_id")).map(|video| self.video_json("Video", video))
    }

    pub(super) fn list_playground(&self, call: &Call) -> Answered {
        let loose = self.videos.newest().filter(|(_, video)| video.index.is_none());
        listing::page(call, loose, |video| self.video_json("Video", video))
    }

    pub(super) fn list_video_runs(&self, call: &Call) -> Answered {
        let video = self.video(call.id("video_id"))?;
        let limit = count(call, "limit", 200);
        Ok(self.runs_over(&video.id).take(limit).map(Run::to_json).collect())
    }

    /// The media of a batch; those that are not there are left out.
    fn batch(&self, call: &Call) -> Vec<&Video> {
        let ids = call.field("video_ids").and_then(Value::as_array).into_iter().flatten();
        ids.filter_map(Value::as_str).filter_map(|id| self.videos.get(id)).collect()
    }

    pub(super) fn batch_get(&self, call: &Call) -> Answered {
        let found = self.batch(call).into_iter();
        Ok(found.map(|video| self.video_json("VideoWithDetails", video)).collect())
    }

    pub(super) fn batch_status(&self, call: &Call) -> Answered {
        let found = self.batch(call).into_iter().map(|video| {
            let mut body = self.video_json("Video", video);
            let part = |body: &mut Value, name: &str| body[name].take();
            json!({ "video_id": video.id, "status": video.status,
                "processing_status": part(&mut body, "processing_status") })
        });
        Ok(found.collect())
    }

    pub(super) fn batch_segments(&self, call: &Call) -> Answered {
        let targets = call.field("targets").and_then(Value::as_array);
        match (targets, call.field("video_ids")) {
            (Some(_), Some(_)) => {
                Err(invalid("targets", "video_ids and targets exclude each other."))
            }
            (None, None) => Err(invalid("video_ids", "Either video_ids or targets is required.")),
            (None, Some(_)) => {
                let found = self.batch(call).into_iter();
                Ok(found.map(|video| self.segments_of(video, None)).collect())
            }
            (Some(targets), None) => {
                let of = |target: &Value| {
                    let video = self.video(target["video_id"].as_str().unwrap_or_default())?;
                    let run = target["run_id"].as_str().map(|id| self.run(id)).transpose()?;
                    Ok(self.segments_of(video, run))
                };
                targets.iter().map(of).collect()
            }
        }
    }

    fn segments_of(&self, video: &Video, run: Option<&Run>) -> Value {
        let segments = self.seen_by(video, run).into_iter();
        let segments: Vec<Value> =
            segments.map(|(segment, run)| self.segment_json(video, segment, run)).collect();
        json!({ "video_id": video.id, "run_id": run.map(|run| &run.id), "segments": segments })
    }

    /// The segments of a run; or without one those of every cut, each with the latest run over it.
    fn seen_by<'a>(
        &'a self,
        video: &'a Video,
        run: Option<&'a Run>,
    ) -> Vec<(&'a Segment, Option<&'a Run>)> {
        if let Some(run) = run {
            return run.segments(video).map(|segment| (segment, Some(run))).collect();
        }
        let cuts = video.cuts.iter().enumerate().flat_map(|(place, cut)| {
            let over = |run: &&Run| run.item(&video.id).is_some_and(|item| item.cut == place);
            let latest = self.runs_over(&video.id).find(over);
            cut.segments.iter().map(move |segment| (segment, latest))
        });
        cuts.collect()
    }

    pub(super) fn list_segments(&self, call: &Call) -> Answered {
        let video = self.video(call.id("video_id"))?;
        let latest = flag(call, "latest_run", false);
        let run = match call.query("run_id") {
            Some(id) => Some(self.run(id)?),
            None if latest => self.runs_over(&video.id).next(),
            None => None,
        };
        let none = latest && run.is_none();
        let segments = if none { Vec::new() } else { self.seen_by(video, run) };
        listing::page(call, listing::numbered(segments.into_iter()), |(segment, run)| {
            self.segment_json(video, segment, run)
        })
    }

    fn segment_json(&self, video: &Video, segment: &Segment, run: Option<&Run>) -> Value {
        let picture = |ending| video.segment_uri(segment, ending);
        let mut body = shape::of(
            "Segment",
            json!({
                "segment_id": segment.id, "video_id": video.id, "start_time": segment.start, "end_time": segment.end,
                "gcs_uri": picture("mp4"), "thumbnail_gcs_uri": picture("jpg"), "thumbnail_available": true,
                "created_at": video.created.to_string(),
            }),
        );
        if let Some(run) = run {
            shape::lay_over(&mut body, run.segment_state(video, segment));
        } else if video.status == "processed" {
            shape::lay_over(&mut body, json!({ "processed": true, "segment_status": "processed" }));
        }
        body
    }

    pub(super) fn process_video(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let id = call.id("video_id");
        if let Some(prompt) = call.query("prompt_id") {
            self.prompt(prompt)?;
        }
        let busy = self.runs_over(id).any(Run::is_open);
        let video = self.videos.get_mut(id).ok_or_else(|| absent("video"))?;
        if busy || video.status == "processing" {
            return Err(conflict("The video is being processed already."));
        }
        let step = count(call, "segment_duration", 10);
        match call.query("prompt_id") {
            Some(prompt) => {
                let options = Map::from_iter([
                    ("prompt_id".to_owned(), json!(prompt)),
                    ("target".to_owned(), json!({ "type": "videos", "video_ids": [id] })),
                    ("video_segmentation_type".to_owned(), json!("fixed")),
                    ("video_segment_duration".to_owned(), json!(step)),
                ]);
                self.start_run(options, call.now, draw)?;
            }
            None => {
                video.cut(step as u64, draw);
                video.status = "processing".to_owned();
                video.updated = Some(call.now);
                self.agenda.plan(after(call.now, PROCESSING), Step::Process(id.to_owned()));
                let video = self.video(id)?;
                let (index, data) =
                    (video.index.clone(), json!({ "video_id": id, "title": video.title }));
                self.tell("media.processing.started", index.as_deref(), data, call.now, draw);
            }
        }
        Ok(json!({ "message": "Processing has started." }))
    }

    pub(super) fn end_processing(&mut self, id: &str, at: Moment, draw: &mut Draw) {
        let Some(video) = self.videos.get_mut(id) else { return };
        video.status = "processed".to_owned();
        video.updated = Some(at);
        let (index, data) = (video.index.clone(), json!({ "video_id": id, "title": video.title }));
        self.tell("media.processing.completed", index.as_deref(), data, at, draw);
    }

    pub(super) fn sign_url(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let uri = call.field("gcs_uri").and_then(Value::as_str).unwrap_or_default();
        let Some(path) = uri.strip_prefix("gs://").filter(|path| path.contains('/')) else {
            return Err(invalid("gcs_uri", "gcs_uri is gs://bucket/path."));
        };
        let kept = self.signed.get(uri).filter(|(_, end)| call.now < *end);
        let fresh = call.field("force_refresh") == Some(&Value::Bool(true));
        let (url, end) = match kept.filter(|_| !fresh) {
            Some(kept) => kept.clone(),
            None => {
                let (path, signature) = (utf8_percent_encode(path, PATH), draw.letters(43));
                let url =
                    format!("{}/files/videovector/{path}?signature={signature}", call.files_origin);
                let signed = (url, call.now.plus(SIGNED));
                self.signed.retain(|_, (_, end)| call.now < *end);
                self.signed.insert(uri.to_owned(), signed.clone());
                signed
            }
        };
        Ok(json!({ "signed_url": url, "expires_at": end.to_string() }))
    }

    /// Opens a signed URL: bytes that stand for the stored file.
    pub(crate) fn file(&self, call: &FileCall) -> Answer {
        let signature = call.query("signature").unwrap_or_default();
        let asked = format!("/files/videovector/{}?signature={signature}", call.path);
        let good = self.signed.values().any(|(url, end)| call.now < *end && url.ends_with(&asked));
        if call.method == "GET" && good {
            return Answer::of(200, "application/octet-stream", "bytes of the emulator");
        }
        files::refuse(403, "AccessDenied", "The URL is not signed, or no longer good.")
    }

    /// Every run that had this medium, latest first.
    pub(super) fn runs_over<'a>(&'a self, video: &'a str) -> impl Iterator<Item = &'a Run> {
        self.runs.iter().rev().filter(move |run| run.item(video).is_some())
    }
}
