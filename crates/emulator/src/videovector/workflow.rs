//! The short way: upload, define, process, search, with names and plain words in place of ids.

use serde_json::{Map, Value, json};

use super::prompts::Prompt;
use super::rules::{Answered, absent, conflict, invalid};
use super::runs::Run;
use super::search::Scope;
use super::{Account, conditions, listing, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// A search goes no further than this.
const WINDOW: usize = 100;
/// Where a search's cursor is read.
const PAGE: &str = "workflow.get_search_page";

/// A single text or a list of texts.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => {
            Some(many.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// A prompt that a plain instruction would become.
fn drafted(instruction: &str) -> Map<String, Value> {
    let name: String = instruction.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
    let schema = json!({ "type": "object", "required": ["answer"], "properties": {
        "answer": { "type": "string", "description": instruction },
        "tags": { "type": "array", "items": { "type": "string" } },
    }});
    Map::from_iter([
        ("name".to_owned(), json!(name.chars().take(100).collect::<String>())),
        ("description".to_owned(), json!(instruction.chars().take(500).collect::<String>())),
        ("prompt_text".to_owned(), json!(format!("For each segment: {instruction}"))),
        ("json_schema".to_owned(), schema),
    ])
}

impl Account {
    /// The index of `index_id` or `index_name`; 404 where there is none of the name.
    fn named_index(&self, body: &Value) -> Result<Option<String>, Answer> {
        let text = |name: &str| body[name].as_str().filter(|text| !text.trim().is_empty());
        match (text("index_id"), text("index_name")) {
            (Some(_), Some(_)) => {
                Err(invalid("index_name", "index_id and index_name exclude each other."))
            }
            (Some(id), None) => self.index(id).map(|index| Some(index.id.clone())),
            (None, Some(name)) => {
                let mut named = self.indexes.iter().filter(|index| index.name == name);
                let first = named.next().ok_or_else(|| absent("index"))?;
                match named.next() {
                    Some(_) => Err(conflict("Several indexes have this name: give index_id.")),
                    None => Ok(Some(first.id.clone())),
                }
            }
            (None, None) => Ok(None),
        }
    }

    /// An index of a name that no index has is made on the way.
    pub(super) fn workflow_upload(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let name = call.field("index_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_new = call.field("index_id").is_none()
            && !self.indexes.iter().any(|index| index.name == name);
        let index = if is_new && !name.trim().is_empty() {
            if name.chars().count() > 255 {
                return Err(invalid("index_name", "index_name has at most 255 characters."));
            }
            // Only a good file makes an index.
            let job = self.upload(call, None, draw)?;
            let id = self.add_index(&name, call.now, draw);
            let job = job["job_id"].as_str().and_then(|job| self.jobs.get_mut(job));
            return job.ok_or_else(|| absent("import job")).map(|job| job.goes_to(id));
        } else {
            self.named_index(&call.body)?
        };
        self.upload(call, index, draw)
    }

    pub(super) fn workflow_define(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let instruction = call.field("instruction").and_then(Value::as_str).unwrap_or_default();
        if instruction.trim().is_empty() {
            return Err(invalid("instruction", "instruction is not empty."));
        }
        let fields = drafted(instruction);
        let definition = shape::of("WorkflowPromptDefinition", Value::Object(fields.clone()));
        let save = call.field("save") != Some(&Value::Bool(false));
        let prompt = save.then(|| self.add_prompt(fields, call.now, draw));
        Ok(json!({
            "prompt_id": prompt.as_ref().map(|prompt| &prompt.id), "saved": save, "definition": definition,
            "prompt": prompt.as_ref().map(Prompt::to_json),
        }))
    }

    pub(super) fn workflow_process(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let text = |name: &str| {
            call.field(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
        };
        let target = self.process_target(call)?;
        let mut options = self.process_options(call)?;
        options.insert("target".to_owned(), target);
        let (id, inline) = match (text("prompt_id"), text("prompt_instruction")) {
            (Some(id), None) => (self.prompt(id)?.id.clone(), false),
            (None, Some(instruction)) => {
                (self.add_prompt(drafted(instruction), call.now, draw).id, true)
            }
            _ => {
                return Err(invalid(
                    "prompt_id",
                    "Exactly one of prompt_id and prompt_instruction is required.",
                ));
            }
        };
        options.insert("prompt_id".to_owned(), json!(id));
        let run = match self.start_run(options, call.now, draw) {
            Ok(run) => run,
            Err(refused) => {
                // A prompt that was made for a run that did not begin is not kept.
                if inline {
                    self.prompts.take(&id);
                }
                return Err(refused);
            }
        };
        Ok(json!({
            "prompt": self.prompt(&id)?.to_json(), "run": self.run(&run).map(Run::to_json)?,
            "status_url": format!("/api/v2/prompt-runs/{run}"), "prompt_created_inline": inline,
        }))
    }

    fn process_target(&self, call: &Call) -> Result<Value, Answer> {
        let index = self.named_index(&call.body)?;
        let videos = texts(call.field("video_ids"));
        match call.field("import_job_id").and_then(Value::as_str) {
            Some(_) if index.is_some() || videos.is_some() => {
                Err(invalid("import_job_id", "import_job_id goes with no other target."))
            }
            Some(id) => {
                let job = self.job(id)?;
                if job.is_open() {
                    return Err(conflict("The import job is not over yet."));
                }
                Ok(json!({ "type": "videos", "video_ids": job.videos() }))
            }
            None => Ok(match (videos, index) {
                (Some(videos), index) => {
                    json!({ "type": "videos", "video_ids": videos, "index_id": index })
                }
                (None, Some(index)) => json!({ "type": "index", "index_id": index }),
                (None, None) => json!({ "type": "playground" }),
            }),
        }
    }

    fn process_options(&self, call: &Call) -> Result<Map<String, Value>, Answer> {
        let mut options = Map::new();
        let length = call.field("fixed_segment_duration_seconds");
        match call.field("segmentation_mode").and_then(Value::as_str) {
            Some("fixed") => {
                for kind in ["video", "audio"] {
                    options.insert(format!("{kind}_segmentation_type"), json!("fixed"));
                    options.insert(
                        format!("{kind}_segment_duration"),
                        json!(length.unwrap_or(&json!(10))),
                    );
                }
            }
            _ if length.is_some() => {
                let name = "fixed_segment_duration_seconds";
                return Err(invalid(
                    name,
                    "fixed_segment_duration_seconds goes with segmentation_mode fixed only.",
                ));
            }
            Some(mode) => {
                options.insert("video_segmentation_type".to_owned(), json!(mode));
            }
            None => {}
        }
        for (given, option) in [
            ("advanced_transcription", "enable_transcription"),
            ("create_image_embeddings", "enable_image_embedding"),
        ] {
            if let Some(value) = call.field(given) {
                options.insert(option.to_owned(), value.clone());
            }
        }
        Ok(options)
    }

    pub(super) fn workflow_search(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let found = self.searched(&call.body, 0, call.now)?;
        self.used("searches", 1.0, call.now, &json!({ "operation": call.operation.id }), draw);
        Ok(found)
    }

    /// The cursor holds the whole question, and when it was asked: pages stay the same.
    pub(super) fn workflow_page(&self, call: &Call) -> Answered {
        let place = listing::place_of(PAGE, call.query("cursor").unwrap_or_default())?;
        let number = |name: &str| place[name].as_u64().unwrap_or_default();
        let asked = Moment(std::time::Duration::from_millis(number("asked")));
        self.searched(&place["body"], usize::try_from(number("from")).unwrap_or(WINDOW), asked)
    }

    fn searched(&self, body: &Value, from: usize, asked: Moment) -> Answered {
        let query = body["query"].as_str().filter(|text| !text.trim().is_empty());
        let filters = body["filters"].as_array().filter(|filters| !filters.is_empty());
        if query.is_some() == filters.is_some() {
            return Err(invalid("query", "Exactly one of query and filters is required."));
        }
        let index = self.named_index(body)?;
        let (videos, runs) = (texts(body.get("video_ids")), texts(body.get("prompt_run_ids")));
        let everywhere = index.is_none() && videos.is_none() && runs.is_none();
        // Without any of these all that the account has is searched.
        let runs = if everywhere {
            Some(self.runs.iter().map(|run| run.id.clone()).collect())
        } else {
            runs
        };
        let scope = Scope { indexes: index.clone().map(|id| vec![id]), runs, videos, until: asked };
        let tests = conditions::read(filters.map_or(&[], Vec::as_slice))?;
        let mut hits: Vec<(f64, Value)> = Vec::new();
        for spot in self.spots(&scope) {
            let score = query.map(|query| spot.nearness(query, None));
            if tests.iter().all(|test| test.holds(&spot.metadata)) {
                let mut hit = spot.to_json("SearchResult");
                hit["similarity_score"] = json!(score);
                hits.push((score.unwrap_or_default(), hit));
            }
        }
        hits.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let level = body["result_level"].as_str().unwrap_or("segment");
        if level == "video" {
            let mut seen = std::collections::HashSet::new();
            hits.retain(|(_, hit)| seen.insert(hit["video_id"].to_string()));
            hits.iter_mut().for_each(|(_, hit)| of_video(hit));
        }
        let truncated = hits.len() > WINDOW;
        hits.truncate(WINDOW);
        let total = hits.len();
        let limit =
            body["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10);
        let data: Vec<Value> =
            hits.into_iter().skip(from).take(limit).map(|(_, hit)| hit).collect();
        let end = from + data.len();
        let next = (end < total && !data.is_empty()).then(|| {
            let asked = u64::try_from(asked.0.as_millis()).unwrap_or(u64::MAX);
            listing::cursor(PAGE, &json!({ "body": body, "from": end, "asked": asked }))
        });
        Ok(json!({
            "mode": if query.is_some() { "vector" } else { "condition" }, "result_level": level,
            "scope": { "index_id": index, "video_ids": body["video_ids"], "prompt_run_ids": body["prompt_run_ids"] },
            "coverage": { "hits": total }, "warnings": [],
            "pagination": {
                "limit": limit, "count": data.len(), "has_more": next.is_some(), "next_cursor": next,
                "result_window": WINDOW, "truncated": truncated,
            },
            "data": data,
        }))
    }
}

/// A hit of a segment as a hit of its medium, with the segment to represent it.
fn of_video(hit: &mut Value) {
    let fields = json!({
        "result_type": "video", "preview_segment_id": hit["segment_id"], "preview_start_time": hit["start_time"],
        "preview_end_time": hit["end_time"], "preview_segment_uri": hit["gcs_uri"],
        "result_id": hit["video_id"], "segment_id": null, "start_time": null, "end_time": null,
    });
    shape::lay_over(hit, fields);
}
