//! One analysis over many assets.

use serde_json::{Value, json};

use super::Account;
use super::analyze_tasks::{self, cancel, is_final};
use super::list::{self, Test};
use super::question::is_label;
use super::refusal::{Outcome, invalid, refuse, unknown};
use super::store::{Thing, object};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// Seconds for which a batch works, and for which it is kept.
const LIFE: u64 = 86_400;
const KEPT: u64 = 30 * 86_400;
/// Batches that may work at a time.
const ACTIVE: usize = 5;

impl Account {
    /// Ends what has run out of time, and forgets what is too old.
    fn settle(&mut self, now: Moment) {
        let old: Vec<String> = self
            .batches
            .all()
            .filter(|batch| batch.age(now).as_secs() >= LIFE)
            .map(|batch| batch.id.clone())
            .collect();
        for task in self.analyses.all_mut().filter(|task| old.contains(&task.owner)) {
            if !is_final(analyze_tasks::status(task, now)) {
                let end = task.created.plus(LIFE);
                cancel(task, "batch_expired", end);
            }
        }
        let is_kept = |thing: &Thing| thing.age(now).as_secs() < KEPT;
        self.analyses.retain(|task| task.owner.is_empty() || is_kept(task));
        self.batches.retain(is_kept);
    }

    fn batch_status(&self, batch: &Thing, now: Moment) -> &'static str {
        let tasks = self.analyses.of(&batch.id);
        let done = |task: &&Thing| is_final(analyze_tasks::status(task, now));
        if batch.kept.contains_key("canceled") {
            let since = now.0.saturating_sub(batch.kept_moment("canceled").0);
            return if since.as_secs() < 1 { "canceling" } else { "canceled" };
        }
        if tasks.iter().any(|task| task.kept_text("why") == "batch_expired") {
            return "expired";
        }
        match (tasks.iter().all(done), batch.age(now).as_secs()) {
            (true, _) => "completed",
            (false, 0) => "pending",
            (false, _) => "processing",
        }
    }

    fn show_batch(&self, batch: &Thing, now: Moment) -> Value {
        let tasks = self.analyses.of(&batch.id);
        let count = |wanted: &[&str]| {
            let status = |task: &&&Thing| wanted.contains(&analyze_tasks::status(task, now));
            tasks.iter().filter(status).count()
        };
        let status = self.batch_status(batch, now);
        let mut value = Value::Object(batch.shown.clone());
        let created = batch.created;
        value["batch_id"] = json!(batch.id);
        value["status"] = json!(status);
        value["created_at"] = json!(created.to_string());
        value["expires_at"] = json!(created.plus(LIFE).to_string());
        value["queued_items"] = json!(count(&["queued", "pending"]));
        value["processing_items"] = json!(count(&["processing"]));
        value["ready_items"] = json!(count(&["ready"]));
        value["failed_items"] = json!(count(&["failed"]));
        value["canceled_items"] = json!(count(&["canceled"]));
        match status {
            "completed" => value["completed_at"] = json!(created.plus(3).to_string()),
            "canceled" => {
                value["canceled_at"] = json!(batch.kept_moment("canceled").plus(1).to_string());
            }
            "expired" => value["expired_at"] = json!(created.plus(LIFE).to_string()),
            _ => {}
        }
        value
    }

    pub(super) fn batches(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        self.settle(call.now);
        match call.operation.verb {
            "create" => return self.create_batch(call, draw),
            "list" => {
                let filters = [
                    ("status", Test::Same, "/status"),
                    ("analysis_mode", Test::Same, "/analysis_mode"),
                ];
                let write = |batch| self.show_batch(batch, call.now);
                return list::page(call, self.batches.of(""), &filters, write);
            }
            _ => {}
        }
        let id = call.id("batch_id");
        let batch = self.batches.get(id).ok_or_else(|| unknown(call, "batch", id))?;
        let status = self.batch_status(batch, call.now);
        let is_over = ["completed", "canceled", "expired"].contains(&status);
        match call.operation.verb {
            "get" => {}
            "get_results" => return Ok(self.results(call)),
            "cancel" => {
                if is_over {
                    let message = format!("The batch is {status} already.");
                    return Err(refuse(call, 409, "batch_already_terminal", &message));
                }
                for task in self.analyses.all_mut().filter(|task| task.owner == id) {
                    if !is_final(analyze_tasks::status(task, call.now)) {
                        cancel(task, "batch_canceled", call.now);
                    }
                }
                if let Some(batch) = self.batches.get_mut(id) {
                    batch.kept.entry("canceled").or_insert_with(|| json!(call.now));
                }
            }
            _ => {
                if !is_over {
                    let message = format!("The batch is {status}; cancel it or wait for its end.");
                    return Err(refuse(call, 409, "batch_not_terminal", &message));
                }
                self.batches.remove(id);
                self.analyses.retain(|task| task.owner != id);
                return Ok(Answer::empty(200));
            }
        }
        let shown = self.batches.get(id).map(|batch| self.show_batch(batch, call.now));
        let status = if call.operation.verb == "cancel" { 202 } else { 200 };
        Ok(Answer::json(status, &shown.unwrap_or_default()))
    }

    /// A line for each item, in the order of the request.
    fn results(&self, call: &Call) -> Answer {
        let lines = self.analyses.of(call.id("batch_id")).into_iter().map(|task| {
            let status = analyze_tasks::status(task, call.now);
            // Results know no `pending`.
            let told = if status == "pending" { "queued" } else { status };
            let custom = task.shown.get("custom_id").cloned().unwrap_or_default();
            let mut line = json!({ "task_id": task.id, "custom_id": custom, "status": told });
            match status {
                "ready" => line["data"] = analyze_tasks::result(task),
                "failed" => line["error"] = analyze_tasks::error(task, status).unwrap_or_default(),
                _ => {}
            }
            format!("{line}\n")
        });
        Answer::of(200, "application/jsonl", lines.collect::<String>())
    }

    fn create_batch(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let active = self.batches.all().filter(|batch| {
            ["pending", "processing", "canceling"].contains(&self.batch_status(batch, call.now))
        });
        if active.count() >= ACTIVE {
            let message = "Five batches are active already; wait for one to end.";
            return Err(refuse(call, 429, "too_many_requests", message));
        }
        let requests =
            call.field("requests").and_then(Value::as_array).cloned().unwrap_or_default();
        let defaults = object(call.field("defaults").cloned().unwrap_or_default());
        let mut labels: Vec<&str> = Vec::new();
        let mut questions = Vec::new();
        for (at, item) in requests.iter().enumerate() {
            if let Some(label) = item["custom_id"].as_str() {
                if !is_label(label) || labels.contains(&label) {
                    let should = "1 to 64 letters, digits, hyphens and underscores, different for every item";
                    return Err(invalid(call, &format!("requests[{at}].custom_id"), should));
                }
                labels.push(label);
            }
            // An item overrides the defaults field by field.
            let mut question = defaults.clone();
            question.extend(object(item.clone()));
            // Batches call a prompt with images just a prompt.
            if let Some(prompt) = question.remove("prompt") {
                question.insert("prompt_v2".to_owned(), prompt);
            }
            question.insert("analysis_mode".to_owned(), call.body["analysis_mode"].clone());
            question.insert("model_name".to_owned(), call.body["model_name"].clone());
            let question = Value::Object(question);
            self.check_question(call, &question)?;
            questions.push(question);
        }
        let shown = json!({
            "analysis_mode": call.body["analysis_mode"], "model_name": call.body["model_name"],
            "total_items": questions.len(),
        });
        let id = draw.hex(24);
        self.batches.add(id.clone(), "", shown, Value::Null, call.now);
        let items: Vec<Value> = questions
            .iter()
            .map(|question| {
                let task = self.add_analysis(question, &id, call.now, draw);
                json!({ "task_id": task, "custom_id": question["custom_id"] })
            })
            .collect();
        let body = json!({
            "batch_id": id, "status": "pending", "total_items": items.len(), "created_at": call.now.to_string(),
            "expires_at": call.now.plus(LIFE).to_string(), "items": items,
        });
        Ok(Answer::json(201, &body))
    }
}
