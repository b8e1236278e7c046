//! Import jobs: how every medium comes in, from an upload, an address or a connector.

use serde_json::{Value, json};

use super::agenda::{Step, after};
use super::connectors::files;
use super::media::Kind;
use super::rules::{Answered, absent, conflict, flag, invalid};
use super::source_file::File;
use super::videos::Video;
use super::{Account, USER, listing, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Milliseconds in each of the states pending, scanning, importing.
const STEP: u64 = 50;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Job {
    pub(super) id: String,
    source: String,
    pub(super) connector: Option<String>,
    index: Option<String>,
    prefix: String,
    pattern: String,
    recursive: bool,
    created: Moment,
    started: Option<Moment>,
    ended: Option<Moment>,
    state: String,
    files: Vec<File>,
}

impl Job {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "scanning" | "importing")
    }

    /// Gives the job an index before anything has come in.
    pub(super) fn goes_to(&mut self, index: String) -> Value {
        self.index = Some(index);
        self.to_json()
    }

    fn count(&self, state: &str) -> usize {
        self.files.iter().filter(|file| file.state == state).count()
    }

    fn outputs(&self) -> Vec<Value> {
        self.files.iter().enumerate().flat_map(|(place, file)| file.outputs(place)).collect()
    }

    /// The media that are in.
    pub(super) fn videos(&self) -> Vec<&str> {
        let done = self.files.iter().filter(|file| file.state == "imported");
        done.flat_map(|file| file.parts.iter().map(|part| part.video.as_str())).collect()
    }

    fn to_json(&self) -> Value {
        let moment = |at: Option<Moment>| at.map(|at| at.to_string());
        let parts = |state: &str| -> usize {
            let of = self.files.iter().filter(|file| state.is_empty() || file.state == state);
            of.map(|file| file.parts.len()).sum()
        };
        let of_state = |state: &'static str| {
            self.files.iter().enumerate().filter(move |(_, file)| file.state == state)
        };
        let bytes: u64 = of_state("imported").map(|(_, file)| file.bytes).sum();
        let outputs = self.outputs();
        let first: Vec<&Value> = outputs.iter().take(100).collect();
        let next =
            (outputs.len() > 100).then(|| listing::cursor("import_jobs.list_outputs", &json!(99)));
        let failed: Vec<Value> =
            of_state("failed").take(100).map(|(place, file)| file.to_json(place)).collect();
        let skipped: Vec<Value> = of_state("skipped")
            .map(|(_, file)| json!({ "path": file.path, "reason": file.reason }))
            .collect();
        shape::of(
            "ImportJob",
            json!({
                "job_id": self.id, "status": self.state, "phase": self.is_open().then_some(&self.state),
                "source_kind": self.source, "connector_id": self.connector, "target_index_id": self.index,
                "source_prefix": self.prefix, "file_pattern": self.pattern, "recursive": self.recursive,
                "created_at": self.created.to_string(), "started_at": moment(self.started),
                "completed_at": moment(self.ended), "video_ids": self.videos(),
                "error_message": (self.state == "failed").then_some("No file could be imported."),
                "progress": {
                    "total_files": self.files.len(), "imported": self.count("imported"),
                    "failed": self.count("failed"), "skipped": self.count("skipped"),
                    "bytes_transferred": bytes, "current_file": null, "parts_total": parts(""),
                    "parts_completed": parts("imported"), "parts_failed": parts("failed"),
                },
                "outputs": { "items": first, "next_cursor": next, "total": outputs.len() },
                "execution": shape::of("ImportExecution", json!({})),
                "failed_files": failed, "skipped_files": skipped,
            }),
        )
    }
}

impl Account {
    /// A file that was uploaded, into an index or the playground.
    pub(super) fn upload(
        &mut self,
        call: &Call,
        index: Option<String>,
        draw: &mut Draw,
    ) -> Answered {
        let Some(uploaded) = call.form.files.first() else {
            return Err(invalid("file", "file is required and was not given."));
        };
        if Kind::of(&uploaded.name).is_none() {
            return Err(invalid("file", "The type of the file is not supported."));
        }
        let title = call.field("title").and_then(Value::as_str);
        let uri = format!("gs://videovector-media/{USER}/{}", uploaded.name);
        let file = File::new(&uploaded.name, title, uri, uploaded.size, draw);
        Ok(self.begin_import("upload", index, vec![file], call.now, draw))
    }

    pub(super) fn upload_video(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let index = call.field("index_id").and_then(Value::as_str);
        let index = index.map(|id| self.index(id).map(|index| index.id.clone())).transpose()?;
        self.upload(call, index, draw)
    }

    /// A file at an address in Google's storage.
    pub(super) fn create_video(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let text = |name: &str| call.field(name).and_then(Value::as_str);
        let uri = text("video_uri").unwrap_or_default();
        let path =
            uri.strip_prefix("gs://").and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
        let Some(path) = path.filter(|path| Kind::of(path).is_some()) else {
            return Err(invalid("video_uri", "video_uri is gs://bucket/path of a supported file."));
        };
        let index = self.index(text("index_id").unwrap_or_default())?.id.clone();
        if let Some(connector) = text("source_connector_id") {
            self.connector_for(connector, "import")?;
        }
        let file = File::new(path, text("title"), uri.to_owned(), 0, draw);
        Ok(self.begin_import("gcs_uri", Some(index), vec![file], call.now, draw))
    }

    pub(super) fn create_import(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let text = |name: &str| call.field(name).and_then(Value::as_str);
        let connector = text("connector_id").unwrap_or_default();
        self.connector_for(connector, "import")?;
        let index = self.index(text("index_id").unwrap_or_default())?.id.clone();
        self.begin_import("connector", Some(index), Vec::new(), call.now, draw);
        let job = self.jobs.last_mut().ok_or_else(|| absent("import job"))?;
        job.connector = Some(connector.to_owned());
        job.prefix = text("source_prefix").unwrap_or_default().to_owned();
        job.pattern = text("file_pattern").unwrap_or("*").to_owned();
        job.recursive = call.field("recursive") != Some(&Value::Bool(false));
        Ok(job.to_json())
    }

    fn begin_import(
        &mut self,
        source: &str,
        index: Option<String>,
        files: Vec<File>,
        now: Moment,
        draw: &mut Draw,
    ) -> Value {
        let job = Job {
            id: format!("job_{}", draw.hex(24)),
            source: source.to_owned(),
            connector: None,
            index,
            prefix: String::new(),
            pattern: "*".to_owned(),
            recursive: true,
            created: now,
            started: None,
            ended: None,
            state: "pending".to_owned(),
            files,
        };
        let body = job.to_json();
        self.agenda.plan(after(now, STEP), Step::Import(job.id.clone()));
        self.jobs.add(&job.id.clone(), job);
        body
    }

    /// The next state of a job.
    pub(super) fn go_on_importing(&mut self, id: &str, at: Moment, draw: &mut Draw) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        match job.state.as_str() {
            "pending" => {
                job.state = "scanning".to_owned();
                job.started = Some(at);
                self.agenda.plan(after(at, STEP), Step::Import(id.to_owned()));
                self.tell_of_job(id, "import_job.started", at, draw);
            }
            "scanning" => {
                job.state = "importing".to_owned();
                let connector = job.connector.as_ref().and_then(|id| self.connectors.get(id));
                if let Some(connector) = connector.filter(|_| job.files.is_empty()) {
                    for (path, bytes) in files(&job.prefix, &job.pattern, job.recursive) {
                        let mut file = File::new(path, None, connector.uri(path), bytes, draw);
                        if connector.skips_known_files() && connector.imported.contains(path) {
                            file.state = "skipped".to_owned();
                            file.reason = Some("already_imported".to_owned());
                            file.parts.clear();
                        }
                        job.files.push(file);
                    }
                }
                self.agenda.plan(after(at, STEP), Step::Import(id.to_owned()));
                self.tell_of_job(id, "import_job.progress", at, draw);
            }
            "importing" => self.end_import(id, at, draw),
            _ => {}
        }
    }

    fn end_import(&mut self, id: &str, at: Moment, draw: &mut Draw) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        let mut media = Vec::new();
        let mut bytes = 0;
        for file in job.files.iter_mut().filter(|file| file.state == "pending") {
            file.attempts += 1;
            if let Some(why) = file.trouble() {
                file.state = "failed".to_owned();
                file.reason = Some(why.to_owned());
                continue;
            }
            file.state = "imported".to_owned();
            file.reason = None;
            bytes += file.bytes;
            let connector = job.connector.as_ref().and_then(|id| self.connectors.get_mut(id));
            if let Some(connector) = connector {
                connector.imported.insert(file.path.clone());
            }
            for (place, part) in file.parts.iter().enumerate() {
                media.push(Video {
                    id: part.video.clone(),
                    title: file.title_of(place),
                    file: file.path.clone(),
                    uri: file.uri.clone(),
                    kind: Kind::of(&file.path).unwrap_or(Kind::Video),
                    index: job.index.clone(),
                    seconds: part.end - part.start,
                    created: at,
                    updated: None,
                    status: "not_processed".to_owned(),
                    cuts: Vec::new(),
                });
            }
        }
        let (failed, done) = (job.count("failed"), job.count("imported"));
        let (state, event) = match (failed, done) {
            (0, _) => ("completed", "import_job.completed"),
            (_, 0) => ("failed", "import_job.failed"),
            _ => ("completed", "import_job.partial_completed"),
        };
        job.state = state.to_owned();
        job.ended = Some(at);
        // The index may be gone by now: then nothing comes of it.
        let index = job.index.clone().filter(|id| self.indexes.get(id).is_none());
        if index.is_none() {
            self.used("videos_uploaded", media.len() as f64, at, &json!({ "job_id": id }), draw);
            self.used("storage_bytes", bytes as f64, at, &json!({ "job_id": id }), draw);
            for video in media {
                let data = json!({ "video_id": video.id, "title": video.title, "job_id": id });
                let index = video.index.clone();
                self.videos.add(&video.id.clone(), video);
                self.tell("media.created", index.as_deref(), data, at, draw);
            }
        }
        self.tell_of_job(id, event, at, draw);
    }

    fn tell_of_job(&mut self, id: &str, event: &str, at: Moment, draw: &mut Draw) {
        let Some(job) = self.jobs.get(id) else { return };
        let (index, data) = (job.index.clone(), json!({ "job_id": job.id, "status": job.state }));
        self.tell(event, index.as_deref(), data, at, draw);
    }

    pub(super) fn job(&self, id: &str) -> Result<&Job, Answer> {
        self.jobs.get(id).ok_or_else(|| absent("import job"))
    }

    pub(super) fn list_imports(&self, call: &Call) -> Answered {
        let wanted = call.query("status");
        let seen = self.jobs.iter().rev();
        let seen =
            seen.filter(|job| wanted.is_none_or(|state| state.eq_ignore_ascii_case(&job.state)));
        Ok(seen.map(Job::to_json).collect())
    }

    pub(super) fn get_import(&self, call: &Call) -> Answered {
        self.job(call.id("job_id")).map(Job::to_json)
    }

    pub(super) fn list_outputs(&self, call: &Call) -> Answered {
        listing::parts(call, self.job(call.id("job_id"))?.outputs(), |output| output)
    }

    pub(super) fn list_files(&self, call: &Call) -> Answered {
        let failed = flag(call, "failed_only", false);
        let all = self.job(call.id("job_id"))?.files.iter().enumerate();
        let seen = all.filter(|(_, file)| !failed || file.state == "failed").collect();
        listing::parts(call, seen, |(place, file): (usize, &File)| file.to_json(place))
    }

    pub(super) fn retry_import(&mut self, call: &Call) -> Answered {
        let job = self.jobs.get_mut(call.id("job_id")).ok_or_else(|| absent("import job"))?;
        if job.is_open()
            || !job.files.iter().any(|file| matches!(file.state.as_str(), "failed" | "pending"))
        {
            return Err(conflict("Nothing of the job is left to be tried again."));
        }
        for file in job.files.iter_mut().filter(|file| file.state == "failed") {
            file.state = "pending".to_owned();
            file.reason = None;
        }
        job.state = "importing".to_owned();
        job.ended = None;
        self.agenda.plan(after(call.now, STEP), Step::Import(job.id.clone()));
        Ok(job.to_json())
    }

    pub(super) fn cancel_import(&mut self, call: &Call) -> Answered {
        let job = self.jobs.get_mut(call.id("job_id")).ok_or_else(|| absent("import job"))?;
        if !job.is_open() {
            return Err(invalid("job_id", "The job is over and cannot be cancelled."));
        }
        job.state = "cancelled".to_owned();
        job.ended = Some(call.now);
        Ok(job.to_json())
    }
}
