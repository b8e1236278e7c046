//! Starts, estimates, stops and ends prompt runs.

use serde_json::{Map, Value, json};

use super::Account;
use super::agenda::{Step, after};
use super::media::{Kind, marked};
use super::rules::{Answered, absent, conflict, count, invalid};
use super::runs::{Item, Run, State};
use crate::answer::{Answer, nested};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Milliseconds from start to work, and from work to end.
const WAITING: u64 = 50;
const WORKING: u64 = 150;
/// MT for a second of media.
const PRICE: f64 = 0.01;
const MODELS: [&str; 4] =
    ["gemini-3-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"];

/// Seconds of a segment of this kind, by the options of a run.
fn step(options: &Map<String, Value>, kind: Kind) -> Result<u64, Answer> {
    let name = match kind {
        Kind::Video => "video",
        Kind::Audio => "audio",
        Kind::Image => return Ok(1),
    };
    let way = options.get(&format!("{name}_segmentation_type")).and_then(Value::as_str);
    let length = format!("{name}_segment_duration");
    match way {
        Some("fixed") => options.get(&length).and_then(Value::as_u64).ok_or_else(|| {
            invalid(&length, &format!("{length} is required with {name}_segmentation_type fixed."))
        }),
        Some("content_aware") => Ok(15),
        _ if kind == Kind::Audio => Ok(15),
        _ => Ok(10),
    }
}

impl Account {
    pub(super) fn run(&self, id: &str) -> Result<&Run, Answer> {
        self.runs.get(id).ok_or_else(|| absent("prompt run"))
    }

    /// The media that a run is asked for.
    fn targeted(&self, target: &Value) -> Result<Vec<String>, Answer> {
        let in_index = |index: Option<&str>| -> Vec<String> {
            let inside = self.videos.iter().filter(|video| video.index.as_deref() == index);
            inside.map(|video| video.id.clone()).collect()
        };
        let found = match target["type"].as_str() {
            Some("index") => {
                let id = target["index_id"].as_str();
                let id = id.ok_or_else(|| {
                    invalid("target.index_id", "target.index_id is required with type index.")
                })?;
                self.index(id)?;
                in_index(Some(id))
            }
            Some("videos") => {
                let ids = target["video_ids"].as_array().filter(|ids| !ids.is_empty());
                let ids = ids.ok_or_else(|| {
                    invalid(
                        "target.video_ids",
                        "target.video_ids has at least one id with type videos.",
                    )
                })?;
                let ids: Vec<String> =
                    ids.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                for id in &ids {
                    self.video(id)?;
                }
                ids
            }
            _ => in_index(None),
        };
        if found.is_empty() {
            return Err(invalid("target", "There are no media in the target."));
        }
        Ok(found)
    }

    fn checked(options: &Map<String, Value>) -> Result<(), Answer> {
        step(options, Kind::Video)?;
        step(options, Kind::Audio)?;
        match options.get("processing_model").and_then(Value::as_str) {
            Some(model) if !MODELS.contains(&model) => {
                let message = format!("processing_model is one of {}.", MODELS.join(", "));
                Err(invalid("processing_model", &message))
            }
            _ => Ok(()),
        }
    }

    fn price(&self, videos: &[String]) -> (f64, f64) {
        let seconds: f64 =
            videos.iter().filter_map(|id| self.videos.get(id)).map(|video| video.seconds).sum();
        // In whole thousandths, as an invoice has it.
        let price = (seconds.max(1.0) * PRICE * 1000.0).round() / 1000.0;
        (seconds, price)
    }

    pub(super) fn estimate_run(&self, call: &Call) -> Answered {
        let options = call.object();
        Self::checked(&options)?;
        self.prompt(options.get("prompt_id").and_then(Value::as_str).unwrap_or_default())?;
        let videos = self.targeted(options.get("target").unwrap_or(&Value::Null))?;
        let (seconds, price) = self.price(&videos);
        Ok(json!({
            "estimated_mt": price, "sufficient_balance": self.balance >= price,
            "current_balance_mt": self.balance,
            "breakdown": { "media": videos.len(), "seconds": seconds, "mt_per_second": PRICE },
        }))
    }

    pub(super) fn execute_run(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let id = self.start_run(call.object(), call.now, draw)?;
        self.run(&id).map(Run::to_json)
    }

    /// Starts a run and gives its id.
    pub(super) fn start_run(
        &mut self,
        options: Map<String, Value>,
        now: Moment,
        draw: &mut Draw,
    ) -> Result<String, Answer> {
        Self::checked(&options)?;
        let prompt =
            self.prompt(options.get("prompt_id").and_then(Value::as_str).unwrap_or_default())?;
        let prompt = prompt.clone();
        let videos = self.targeted(options.get("target").unwrap_or(&Value::Null))?;
        let (_, cost) = self.price(&videos);
        if cost > self.balance {
            let details = json!({ "estimated_mt": cost, "current_balance_mt": self.balance });
            return Err(nested(
                402,
                "insufficient_balance",
                "The balance does not cover the run.",
                &details,
            ));
        }
        self.balance -= cost;
        let mut items = Vec::new();
        let mut new_cuts = false;
        for id in videos {
            let Some(video) = self.videos.get_mut(&id) else { continue };
            let (cut, is_new) = video.cut(step(&options, video.kind)?, draw);
            new_cuts |= is_new;
            let segments = video.cuts.get(cut).map_or(&[][..], |cut| &cut.segments);
            let failing = segments.first().filter(|_| marked(&video.file, "flaky"));
            items.push(Item {
                video: id,
                index: video.index.clone(),
                kind: video.kind,
                seconds: video.seconds,
                cut,
                segments: segments.len(),
                failing: failing.map(|segment| segment.id.clone()).into_iter().collect(),
            });
            video.status = "processing".to_owned();
            video.updated = Some(now);
        }
        let id = format!("run_{}", draw.hex(24));
        let run = Run {
            id: id.clone(),
            prompt,
            options,
            items,
            state: State::Pending,
            created: now,
            ended: None,
            stop_asked: None,
            cost,
            new_cuts,
            retries: Vec::new(),
        };
        self.runs.add(&id, run);
        self.agenda.plan(after(now, WAITING), Step::Run(id.clone()));
        Ok(id)
    }

    /// The next state of a run.
    pub(super) fn go_on_running(&mut self, id: &str, at: Moment, draw: &mut Draw) {
        let Some(run) = self.runs.get_mut(id) else { return };
        match run.state {
            State::Pending => {
                run.state = State::Processing;
                self.agenda.plan(after(at, WORKING), Step::Run(id.to_owned()));
                self.tell_of_run(id, "prompt_run.started", at, draw);
                self.tell_of_run(id, "prompt_run.progress", at, draw);
            }
            State::Processing => self.end_run(id, at, draw),
            _ => {}
        }
    }

    fn end_run(&mut self, id: &str, at: Moment, draw: &mut Draw) {
        let Some(run) = self.runs.get_mut(id) else { return };
        let segments: usize = run.items.iter().map(|item| item.segments).sum();
        run.ended = Some(at);
        let (state, event) = match run.failures() {
            _ if run.stop_asked.is_some() => (State::Cancelled, "prompt_run.cancelled"),
            0 => (State::Completed, "prompt_run.completed"),
            failures if failures < segments => {
                (State::WithFailures, "prompt_run.partial_completed")
            }
            _ => (State::Failed, "prompt_run.failed"),
        };
        run.state = state;
        let (cost, seconds) = (run.cost, run.seconds());
        let videos: Vec<(String, bool)> = run
            .items
            .iter()
            .map(|item| (item.video.clone(), item.failing.len() < item.segments))
            .collect();
        let (model, tokens) = (run.model().to_owned(), self.tokens_of(id));
        if run_is_free(state) {
            self.balance += cost;
        } else {
            self.used("processing_seconds", seconds, at, &json!({ "run_id": id }), draw);
            self.used("segments_created", segments as f64, at, &json!({ "run_id": id }), draw);
            self.used(
                "llm_tokens",
                tokens as f64,
                at,
                &json!({ "run_id": id, "model": model }),
                draw,
            );
        }
        for (id, well) in videos {
            let Some(video) = self.videos.get_mut(&id) else { continue };
            let (status, event) = match state {
                State::Cancelled => ("not_processed", None),
                _ if well => ("processed", Some("media.processing.completed")),
                _ => ("failed", Some("media.processing.failed")),
            };
            video.status = status.to_owned();
            video.updated = Some(at);
            let (index, data) =
                (video.index.clone(), json!({ "video_id": id, "title": video.title }));
            if let Some(event) = event {
                self.tell(event, index.as_deref(), data, at, draw);
            }
        }
        self.tell_of_run(id, event, at, draw);
    }

    fn tell_of_run(&mut self, id: &str, event: &str, at: Moment, draw: &mut Draw) {
        let Some(run) = self.runs.get(id) else { return };
        let index = run.items.iter().find_map(|item| item.index.clone());
        let data =
            json!({ "run_id": run.id, "prompt_id": run.prompt.id, "status": run.state.as_str() });
        self.tell(event, index.as_deref(), data, at, draw);
    }

    pub(super) fn list_runs(&self, call: &Call) -> Answered {
        let limit = count(call, "limit", 200);
        Ok(self.runs.iter().rev().take(limit).map(Run::to_json).collect())
    }

    pub(super) fn get_run(&self, call: &Call) -> Answered {
        self.run(call.id("run_id")).map(Run::to_json)
    }

    /// A run that has not begun ends at once; one at work is asked to stop.
    pub(super) fn cancel_run(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let id = call.id("run_id");
        let run = self.runs.get_mut(id).ok_or_else(|| absent("prompt run"))?;
        if !run.is_open() {
            return Err(conflict("The run is over."));
        }
        run.stop_asked.get_or_insert(call.now);
        if run.state == State::Pending {
            self.end_run(id, call.now, draw);
        }
        self.run(id).map(Run::to_json)
    }
}

fn run_is_free(state: State) -> bool {
    matches!(state, State::Cancelled | State::Failed)
}
