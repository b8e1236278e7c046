//! Faults that a test plants.

use framekey_catalog::Service;
use serde_json::Value;

use crate::answer::Answer;

/// An answer that replaces the true one.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The service.
    pub service: Service,
    /// The operation's id.
    pub operation: String,
    /// The calls of the operation that it meets, from 1; empty: all.
    pub calls: Vec<u64>,
    /// The status to answer.
    pub status: u16,
    /// The body to answer.
    pub body: Value,
    /// Whether the operation is carried out before.
    pub after_commit: bool,
}

impl Fault {
    /// Every call of `operation` answers `status` with `body` and is not carried out.
    pub fn always(
        service: Service,
        operation: impl Into<String>,
        status: u16,
        body: Value,
    ) -> Self {
        Fault {
            service,
            operation: operation.into(),
            calls: Vec::new(),
            status,
            body,
            after_commit: false,
        }
    }

    pub(crate) fn meets(&self, service: Service, operation: &str, call: u64) -> bool {
        self.service == service
            && self.operation == operation
            && (self.calls.is_empty() || self.calls.contains(&call))
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::json(self.status, &self.body)
    }

    /// Reads `{service, operation, calls?, status, body?, after_commit?}`.
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let service = text("service")
            .and_then(Service::from_slug)
            .ok_or("`service` is api-video, twelve-labs or videovector")?;
        let operation = text("operation").ok_or("`operation` is missing")?;
        framekey_catalog::find(service, operation)
            .ok_or("`operation` is not an operation of the service")?;
        let status = value
            .get("status")
            .and_then(Value::as_u64)
            .and_then(|status| u16::try_from(status).ok());
        let status = status
            .filter(|status| (200..600).contains(status))
            .ok_or("`status` is a number from 200 to 599")?;
        let calls = value
            .get("calls")
            .and_then(Value::as_array)
            .map(|calls| calls.iter().filter_map(Value::as_u64).collect());
        Ok(Fault {
            service,
            operation: operation.to_owned(),
            calls: calls.unwrap_or_default(),
            status,
            body: value.get("body").cloned().unwrap_or_default(),
            after_commit: value.get("after_commit").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}
