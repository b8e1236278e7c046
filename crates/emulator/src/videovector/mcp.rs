//! What the service offers to AI clients: its MCP server's state, configuration and tools.

use std::collections::BTreeMap;

use framekey_catalog::{Body, Operation, Place, Service};
use serde_json::{Map, Value, json};

use super::rules::{Answered, absent, invalid};
use super::{Account, Caller};
use crate::answer::Answer;
use crate::call::Call;
use crate::draw::Draw;
use crate::form::Form;

const PLATFORMS: [&str; 4] = ["claude-desktop", "claude-code", "cursor", "vscode"];
const PACKAGE: &str = "videovector-mcp-server";

/// The operations that are tools: those without files, but for keys and for this resource.
fn tools() -> impl Iterator<Item = &'static Operation> {
    framekey_catalog::operations(Service::VideoVector).iter().filter(|row| {
        let kept = !matches!(row.body, Body::Multipart { .. });
        kept && !row.id.starts_with("api_keys.")
            && !row.id.starts_with("mcp.")
            && row.id != "exports.download"
    })
}

fn tool_name(row: &Operation) -> String {
    row.id.replace('.', "_")
}

fn input_schema(row: &Operation) -> Value {
    let params = row.params.iter().filter(|param| param.place != Place::Header);
    let mut names: Vec<(&str, bool)> = params.map(|param| (param.wire, param.required)).collect();
    if let Body::Json { fields, .. } = &row.body {
        names.extend(fields.iter().map(|field| (field.wire, field.required)));
    }
    let required: Vec<&str> =
        names.iter().filter(|(_, required)| *required).map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        names.iter().map(|(name, _)| ((*name).to_owned(), json!({}))).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

impl Account {
    pub(super) fn mcp_status() -> Answered {
        Ok(json!({
            "server_name": "videovector", "server_version": "2.0.2", "package_name": PACKAGE,
            "npm_install_command": format!("npm install -g {PACKAGE}"),
            "documentation_url": "https://docs.example/mcp", "tools_count": tools().count(),
            "supported_platforms": PLATFORMS,
        }))
    }

    /// Holds a key that reads; one is made where there is none.
    pub(super) fn mcp_config(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let platform = call.query("platform").unwrap_or("claude-desktop");
        if !PLATFORMS.contains(&platform) {
            return Err(invalid(
                "platform",
                &format!("platform is one of {}.", PLATFORMS.join(", ")),
            ));
        }
        let key = self.keys.one_that_reads(call.now, draw);
        Ok(json!({
            "platform": platform,
            "config": { "mcpServers": { "videovector": {
                "command": "npx", "args": ["-y", PACKAGE],
                "env": { "VIDEOVECTOR_API_KEY": key, "VIDEOVECTOR_BASE_URL": call.base_url },
            } } },
        }))
    }

    pub(super) fn mcp_tools() -> Answered {
        let mut categories: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in tools() {
            categories.entry(row.resource).or_default().push(tool_name(row));
        }
        let tools: Vec<Value> = tools()
            .map(|row| json!({ "name": tool_name(row), "category": row.resource, "inputSchema": input_schema(row) }))
            .collect();
        Ok(json!({ "total_count": tools.len(), "tools": tools, "categories": categories }))
    }

    /// Runs a tool as the caller, for real.
    pub(super) fn mcp_run(&mut self, call: &Call, caller: &Caller, draw: &mut Draw) -> Answered {
        let name = call.field("tool_name").and_then(Value::as_str).unwrap_or_default();
        let row = tools().find(|row| tool_name(row) == name).ok_or_else(|| absent("tool"))?;
        let mut arguments =
            call.field("arguments").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut inner = Call {
            idempotency_key: None,
            operation: row,
            path: BTreeMap::new(),
            query: Vec::new(),
            form: Form::default(),
            ..call.clone()
        };
        for param in row.params {
            let Some(value) = arguments.remove(param.wire) else { continue };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match param.place {
                Place::Path => {
                    inner.path.insert(param.wire, text);
                }
                Place::Query => inner.query.push((param.wire.to_owned(), text)),
                Place::Header => {}
            }
        }
        inner.body = Value::Object(arguments);
        let answer = match self.may(&inner, caller) {
            Ok(()) => self.ruled(&inner, caller, draw),
            Err(refused) => refused,
        };
        Ok(told(name, &answer))
    }
}

fn told(name: &str, answer: &Answer) -> Value {
    let success = (200..300).contains(&answer.status);
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut told = json!({ "tool_name": name, "success": success, "execution_time_ms": 1.0 });
    told[if success { "result" } else { "error" }] = body;
    told
}
