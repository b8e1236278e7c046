//! From an operation to its rules.

use framekey_catalog::Body;
use serde_json::json;

use super::connectors::form_as_body;
use super::rules::Answered;
use super::{Account, Caller, rules};
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;
use crate::schemas::check;

impl Account {
    /// The answer of a call that its caller may make.
    pub(super) fn ruled(&mut self, call: &Call, caller: &Caller, draw: &mut Draw) -> Answer {
        let formed;
        let call = if matches!(call.operation.body, Body::Multipart { .. }) {
            formed = Call { body: form_as_body(call), ..call.clone() };
            &formed
        } else {
            call
        };
        let refused = rules::wrong_query(call).or_else(|| rules::no_object(call));
        let refused = refused.or_else(|| check::missing(call)).or_else(|| rules::wrong_field(call));
        if let Some(refused) = refused {
            return refused;
        }
        match call.operation.id {
            "api_keys.create" => self.keys.create(call, draw),
            "api_keys.list" => self.keys.list(call),
            "api_keys.get" => self.keys.get(call),
            "api_keys.rotate" => self.keys.rotate(call, draw),
            "api_keys.revoke" => self.keys.revoke(call),
            "api_keys.delete" => self.keys.delete(call),
            "exports.download" => self.download(call).unwrap_or_else(|refused| refused),
            "webhooks.test" => match self.test_webhook(call, draw) {
                Ok(letter) => Answer::empty(202).errand(letter),
                Err(refused) => refused,
            },
            _ => match self.body(call, caller, draw) {
                Ok(body) => Answer::json(200, &body),
                Err(refused) => refused,
            },
        }
    }

    fn body(&mut self, call: &Call, caller: &Caller, draw: &mut Draw) -> Answered {
        match call.operation.id {
            "auth.validate" => Ok(self.describe(caller)),
            "auth.report_activity" => Ok(
                json!({ "accepted": true, "event_id": call.field("event_id"), "state": "ready" }),
            ),
            "mcp.get_status" => Self::mcp_status(),
            "mcp.get_config" => self.mcp_config(call, draw),
            "mcp.list_tools" => Self::mcp_tools(),
            "mcp.run_playground" => self.mcp_run(call, caller, draw),
            "connectors.create_gcs" => self.create_connector("gcs", call, draw),
            "connectors.create_s3" => self.create_connector("s3", call, draw),
            "connectors.create_azure" => self.create_connector("azure", call, draw),
            "connectors.list" => self.list_connectors(),
            "connectors.get" => self.get_connector(call),
            "connectors.delete" => self.delete_connector(call),
            "connectors.test" => self.test_connector(call),
            "connectors.browse" => self.browse_connector(call),
            "exports.create_for_index" => self.export_index(call, draw),
            "exports.create_for_prompt_run" => self.export_run(call, draw),
            "exports.list" => self.list_exports(call),
            "exports.get" => self.get_export(call),
            "exports.create_download_url" => self.mint_url(call, draw),
            "import_jobs.create" => self.create_import(call, draw),
            "import_jobs.list" => self.list_imports(call),
            "import_jobs.get" => self.get_import(call),
            "import_jobs.list_outputs" => self.list_outputs(call),
            "import_jobs.list_files" => self.list_files(call),
            "import_jobs.retry" => self.retry_import(call),
            "import_jobs.cancel" => self.cancel_import(call),
            "indexes.create" => self.create_index(call, draw),
            "indexes.list" => self.list_indexes(call),
            "indexes.get" => self.get_index(call),
            "indexes.delete" => self.delete_index(call, draw),
            "indexes.get_deletion" => self.deletion("index_id", call.id("index_id")),
            "indexes.list_videos" => self.list_index_videos(call),
            "indexes.list_prompt_runs" => self.list_index_runs(call),
            "prompt_runs.execute" => self.execute_run(call, draw),
            "prompt_runs.estimate" => self.estimate_run(call),
            "prompt_runs.list" => self.list_runs(call),
            "prompt_runs.get" => self.get_run(call),
            "prompt_runs.list_results" => self.list_results(call),
            "prompt_runs.list_llm_calls" => self.llm_calls(call),
            "prompt_runs.get_video_result" => self.get_video_result(call),
            "prompt_runs.list_failed_segments" => self.failed_segments(call),
            "prompt_runs.retry_segment" => self.retry_segment(call, draw),
            "prompt_runs.get_segment_retry" => self.get_retry(call),
            "prompt_runs.cancel" => self.cancel_run(call, draw),
            "prompts.create" => self.create_prompt(call, draw),
            "prompts.list" => self.list_prompts(call),
            "prompts.get" => self.get_prompt(call),
            "prompts.update" => self.update_prompt(call),
            "prompts.delete" => self.delete_prompt(call),
            "prompts.test_schema" => Self::test_schema(call),
            "prompts.get_usage" => self.prompt_usage(call),
            "rate_limits.get_status" | "rate_limits.refresh" => self.rate_limits(call),
            "search.text" => self.search_text(call, draw),
            "search.image" => self.search_image(call, draw),
            "search.multimodal" => self.search_both(call, draw),
            "search.filter" | "search.filter_playground" => self.search_filter(call),
            "search.multi_run" => self.search_runs(call, draw),
            "search.playground" => self.search_playground(call, draw),
            "usage.get_current" => self.current_usage(call),
            "usage.get_history" => self.usage_history(call),
            "usage.get_details" => self.usage_details(call),
            "usage.get_breakdown" => self.usage_breakdown(call),
            "usage.list_metric_types" => Self::metric_types(),
            "videos.create" => self.create_video(call, draw),
            "videos.upload" => self.upload_video(call, draw),
            "videos.get" => self.get_video(call),
            "videos.delete" => self.delete_video(call, draw),
            "videos.get_deletion" => self.deletion("video_id", call.id("video_id")),
            "videos.process" => self.process_video(call, draw),
            "videos.list_segments" => self.list_segments(call),
            "videos.batch_get" => self.batch_get(call),
            "videos.batch_get_status" => self.batch_status(call),
            "videos.batch_list_segments" => self.batch_segments(call),
            "videos.create_signed_url" => self.sign_url(call, draw),
            "videos.list_prompt_runs" => self.list_video_runs(call),
            "videos.list_playground" => self.list_playground(call),
            "webhooks.create" => self.create_webhook(call, draw),
            "webhooks.list" => self.list_webhooks(),
            "webhooks.list_events" => Self::list_events(),
            "webhooks.get" => self.get_webhook(call),
            "webhooks.update" => self.update_webhook(call),
            "webhooks.delete" => self.delete_webhook(call),
            "webhooks.rotate_secret" => self.rotate_secret(call, draw),
            "webhooks.list_deliveries" => self.list_deliveries(call),
            "webhooks.get_delivery" => self.get_delivery(call),
            "webhooks.retry_delivery" => self.retry_delivery(call),
            "workflow.upload" => self.workflow_upload(call, draw),
            "workflow.define" => self.workflow_define(call, draw),
            "workflow.process" => self.workflow_process(call, draw),
            "workflow.search" => self.workflow_search(call, draw),
            "workflow.get_search_page" => self.workflow_page(call),
            unknown => Err(rules::absent(unknown)),
        }
    }
}
