//! Exports: what an index or a run holds as one JSON document, for download or into a connector.

use serde_json::{Value, json};

use super::agenda::{Step, after};
use super::rules::{Answered, absent, conflict, count, invalid};
use super::search::{Scope, ids};
use super::{Account, USER, shape};
use crate::answer::{Answer, nested};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Milliseconds from start to work and from work to end.
const STEP: u64 = 50;
/// No document is larger.
const LARGEST: usize = 64 << 20;
/// Seconds that a minted URL is good for.
const MINTED: u64 = 300;

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Export {
    id: String,
    /// `index` or `prompt_run`.
    kind: String,
    target: String,
    runs: Option<Vec<String>>,
    connector: Option<String>,
    base_path: Option<String>,
    subpath: Option<String>,
    uri: Option<String>,
    created: Moment,
    ended: Option<Moment>,
    state: String,
    why_failed: Option<String>,
    document: String,
}

/// A URL that downloads without a credential, by its token.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Minted {
    export: String,
    until: Moment,
}

impl Export {
    fn is_done(&self) -> bool {
        self.state == "completed"
    }

    fn destination(&self) -> &'static str {
        if self.connector.is_some() { "connector" } else { "download" }
    }

    fn to_json(&self) -> Value {
        let queue = match self.state.as_str() {
            "pending" => "queued",
            "processing" => "running",
            "completed" => "succeeded",
            _ => "failed",
        };
        let kept = self.is_done() && self.connector.is_none();
        let started = self.state != "pending";
        shape::of(
            "Export",
            json!({
                "export_id": self.id, "user_id": USER, "export_type": self.kind, "target_id": self.target,
                "status": self.state, "queue_status": queue, "created_at": self.created.to_string(),
                "started_at": started.then(|| after(self.created, STEP).to_string()),
                "completed_at": self.ended.map(|at| at.to_string()), "attempts": u8::from(started), "max_attempts": 3,
                "download_url": kept.then(|| format!("/api/v2/exports/{}/download", self.id)),
                "gcs_uri": kept.then(|| format!("gs://videovector-exports/{USER}/{}.json", self.id)),
                "file_size_bytes": self.is_done().then_some(self.document.len()),
                "error_message": self.why_failed, "last_error": self.why_failed,
                "export_params": self.runs.as_ref().map(|runs| json!({ "prompt_run_ids": runs })),
                "destination_type": self.destination(), "destination_connector_id": self.connector,
                "destination_base_path": self.base_path, "destination_subpath": self.subpath,
                "destination_uri": self.uri.as_ref().filter(|_| self.is_done()),
            }),
        )
    }
}

impl Account {
    pub(super) fn export_index(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let index = self.index(call.id("index_id"))?.id.clone();
        let runs = ids(call, "prompt_run_ids").filter(|runs| !runs.is_empty());
        for id in runs.iter().flatten() {
            if !self.run(id)?.is_over(&index) {
                return Err(invalid(
                    "prompt_run_ids",
                    "A run of prompt_run_ids is not of this index.",
                ));
            }
        }
        self.begin_export(call, "index", &index, runs, draw)
    }

    pub(super) fn export_run(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let run = self.run(call.id("run_id"))?.id.clone();
        self.begin_export(call, "prompt_run", &run, None, draw)
    }

    fn begin_export(
        &mut self,
        call: &Call,
        kind: &str,
        target: &str,
        runs: Option<Vec<String>>,
        draw: &mut Draw,
    ) -> Answered {
        let id = format!("exp_{}", draw.hex(24));
        let text = |name: &str| call.field(name).and_then(Value::as_str);
        let (connector, subpath) = (text("destination_connector_id"), text("destination_subpath"));
        let (base_path, uri) = match connector {
            Some(connector) => {
                let connector = self.connector_for(connector, "export")?;
                let base = connector.base_path();
                let path = [base, subpath].into_iter().flatten().map(|path| path.trim_matches('/'));
                let path: Vec<&str> = path.filter(|path| !path.is_empty()).collect();
                if path.iter().any(|path| path.split('/').any(|one| one == "..")) {
                    return Err(invalid(
                        "destination_subpath",
                        "destination_subpath stays below its folder.",
                    ));
                }
                let file = format!("{id}.json");
                let path: Vec<&str> = path.into_iter().chain([file.as_str()]).collect();
                (base.map(str::to_owned), Some(connector.uri(&path.join("/"))))
            }
            None if subpath.is_some() => {
                return Err(invalid(
                    "destination_subpath",
                    "destination_subpath goes with a connector only.",
                ));
            }
            None => (None, None),
        };
        let export = Export {
            id: id.clone(),
            kind: kind.to_owned(),
            target: target.to_owned(),
            runs,
            connector: connector.map(str::to_owned),
            base_path,
            subpath: subpath.map(str::to_owned),
            uri,
            created: call.now,
            ended: None,
            state: "pending".to_owned(),
            why_failed: None,
            document: String::new(),
        };
        self.exports.add(&id, export);
        self.agenda.plan(after(call.now, STEP), Step::Export(id.clone()));
        Ok(json!({ "export_id": id, "status": "pending" }))
    }

    /// The next state of an export.
    pub(super) fn go_on_exporting(&mut self, id: &str, at: Moment, draw: &mut Draw) {
        let Some(export) = self.exports.get_mut(id) else { return };
        if export.state == "pending" {
            export.state = "processing".to_owned();
            self.agenda.plan(after(at, STEP), Step::Export(id.to_owned()));
            return;
        }
        let document = self.document(id, at);
        let Some(export) = self.exports.get_mut(id) else { return };
        export.ended = Some(at);
        let event = if document.len() > LARGEST {
            export.state = "failed".to_owned();
            export.why_failed = Some("The document is larger than 64 MiB.".to_owned());
            "export.failed"
        } else {
            export.state = "completed".to_owned();
            export.document = document;
            "export.ready"
        };
        let data = json!({ "export_id": id, "status": export.state, "target_id": export.target });
        let index = (export.kind == "index").then(|| export.target.clone());
        self.tell(event, index.as_deref(), data, at, draw);
    }

    fn document(&self, id: &str, at: Moment) -> String {
        let Some(export) = self.exports.get(id) else { return String::new() };
        let (indexes, runs) = match export.kind.as_str() {
            "index" => (Some(vec![export.target.clone()]), export.runs.clone()),
            _ => (None, Some(vec![export.target.clone()])),
        };
        let spots = self.spots(&Scope { indexes, runs, videos: None, until: at });
        let segments: Vec<Value> = spots
            .iter()
            .map(|spot| {
                json!({
                    "video_id": spot.video.id, "video_name": spot.video.title, "segment_id": spot.segment.id,
                    "start_time": spot.segment.start, "end_time": spot.segment.end, "run_id": spot.run.id,
                    "prompt_id": spot.run.prompt.id, "metadata": spot.metadata,
                })
            })
            .collect();
        let document = json!({
            "export_id": export.id, "export_type": export.kind, "target_id": export.target,
            "exported_at": at.to_string(), "segment_count": segments.len(), "segments": segments,
        });
        document.to_string()
    }

    fn export(&self, id: &str) -> Result<&Export, Answer> {
        self.exports.get(id).ok_or_else(|| absent("export"))
    }

    pub(super) fn list_exports(&self, call: &Call) -> Answered {
        let newest = self.exports.iter().rev().take(count(call, "limit", 50));
        Ok(newest.map(Export::to_json).collect())
    }

    pub(super) fn get_export(&self, call: &Call) -> Answered {
        self.export(call.id("export_id")).map(Export::to_json)
    }

    pub(super) fn mint_url(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let export = self.export(call.id("export_id"))?;
        let kept = export.is_done() && export.connector.is_none();
        let token = kept.then(|| format!("v1.{}.{}", draw.letters(32), draw.letters(43)));
        let url = token
            .as_ref()
            .map(|token| format!("{}/exports/{}/download?token={token}", call.base_url, export.id));
        let body = json!({
            "export_id": export.id, "status": export.state, "destination_type": export.destination(),
            "destination_connector_id": export.connector, "download_url": url,
        });
        let id = export.id.clone();
        self.minted.retain(|_, minted| minted.until > call.now);
        if let Some(token) = token {
            self.minted.insert(token, Minted { export: id, until: call.now.plus(MINTED) });
        }
        Ok(body)
    }

    /// A minted token stands in for a credential, for one export and a while.
    pub(super) fn check_token(&self, call: &Call, token: &str) -> Result<(), Answer> {
        let minted = self.minted.get(token).filter(|minted| minted.export == call.id("export_id"));
        match minted {
            Some(minted) if call.now < minted.until => Ok(()),
            _ => Err(nested(
                401,
                "invalid_download_token",
                "The download URL is not valid or has expired.",
                &Value::Null,
            )),
        }
    }

    pub(super) fn download(&self, call: &Call) -> Result<Answer, Answer> {
        let export = self.export(call.id("export_id"))?;
        if export.connector.is_some() {
            return Err(conflict("The export was written to a connector."));
        }
        if !export.is_done() {
            return Err(conflict("The export is not completed."));
        }
        let name = format!("attachment; filename=\"{}.json\"", export.id);
        Ok(Answer::of(200, "application/json", export.document.clone())
            .header("content-disposition", name))
    }
}
