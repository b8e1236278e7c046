//! One call of an operation, read from the wire.

use std::collections::BTreeMap;
use std::sync::Arc;

use framekey_catalog::Operation;
use serde_json::{Map, Value};

use crate::clock::Moment;
use crate::form::Form;
use crate::limits::Used;
use crate::switches::Switches;

/// A call as the services' rules see it.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    /// The base URL that the call came to.
    pub(crate) base_url: String,
    /// The second origin, where presigned addresses are.
    pub(crate) files_origin: String,
    pub(crate) path: BTreeMap<&'static str, String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_range: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    /// The JSON body; null for none.
    pub(crate) body: Value,
    pub(crate) form: Form,
    pub(crate) now: Moment,
    pub(crate) switches: Arc<Switches>,
    /// What was used of the service's rate limits, for the operation that tells it.
    pub(crate) limits: Vec<Used>,
}

impl Call {
    /// A call that says nothing yet.
    pub(crate) fn new(
        operation: &'static Operation,
        base_url: String,
        files_origin: String,
        now: Moment,
        switches: Arc<Switches>,
    ) -> Self {
        Call {
            operation,
            base_url,
            files_origin,
            path: BTreeMap::new(),
            query: Vec::new(),
            content_range: None,
            idempotency_key: None,
            body: Value::Null,
            form: Form::default(),
            now,
            switches,
            limits: Vec::new(),
        }
    }

    /// A path parameter by its name in the template.
    pub(crate) fn id(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The first query parameter of a name.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All query parameters of a name.
    pub(crate) fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A field of the JSON body.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// The JSON body as an object; empty where it is none.
    pub(crate) fn object(&self) -> Map<String, Value> {
        self.body.as_object().cloned().unwrap_or_default()
    }
}
