//! A typed call in the making.

use serde::Serialize;
use serde_json::Value;

use framekey_catalog::{Body as BodyRow, Operation};

use super::Form;
use super::form::unfit;
use crate::{Body, Error, ErrorKind, Request, Response, Session, encode};

/// One segment of a path, encoded.
///
/// # Errors
/// `usage.bad_id` for a text that is empty, `.` or `..`; it names the argument.
pub fn encode_path(
    operation: &'static Operation,
    argument: &str,
    value: &impl std::fmt::Display,
) -> Result<String, Error> {
    encode::path_segment(&value.to_string()).map_err(|fault| {
        let message = format!("argument `{argument}`: {}", fault.message());
        Error::new(fault.kind(), fault.code(), message).during(operation)
    })
}

/// The request of one operation. The first fault is kept and comes out when it is sent.
#[derive(Debug)]
pub struct RequestBuilder {
    operation: &'static Operation,
    request: Request,
    fault: Option<Error>,
}

impl RequestBuilder {
    /// A request to an encoded path below the base URL.
    #[must_use]
    pub fn new(operation: &'static Operation, path: String) -> Self {
        RequestBuilder { operation, request: Request { path, ..Request::default() }, fault: None }
    }

    /// A query parameter: a scalar, or a list that repeats the name. `None` is left out.
    #[must_use]
    pub fn query(mut self, wire: &str, value: &impl Serialize) -> Self {
        let query = &mut self.request.query;
        let added = json(wire, value).and_then(|value| match value {
            Value::Null => Ok(()),
            Value::Array(items) => items.iter().try_for_each(|item| pair(query, wire, item)),
            value => pair(query, wire, &value),
        });
        self.note(added)
    }

    /// A query parameter whose keys are written as `name[key]`, lists as `name[key][]`.
    #[must_use]
    pub fn deep_query(mut self, wire: &str, value: &impl Serialize) -> Self {
        let added = json(wire, value).and_then(|value| deep(&mut self.request.query, wire, &value));
        self.note(added)
    }

    /// A header parameter. `None` is left out.
    #[must_use]
    pub fn header(mut self, wire: &str, value: &impl Serialize) -> Self {
        let added = json(wire, value).map(|value| {
            if let Some(text) = encode::scalar_text(&value) {
                self.request.headers.push(wire, text);
            }
        });
        self.note(added)
    }

    /// The JSON body. Keys are sorted, as the other door sorts them. An optional body without a
    /// field is not sent.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        let stream =
            self.operation.stream.and_then(|stream| stream.when).map(|field| (field, false));
        self.body(body, stream)
    }

    /// The JSON body, with the field set that asks for a stream.
    #[must_use]
    pub fn json_streamed(mut self, body: &impl Serialize) -> Self {
        self.request.streamed = true;
        let stream =
            self.operation.stream.and_then(|stream| stream.when).map(|field| (field, true));
        self.body(body, stream)
    }

    fn body(mut self, body: &impl Serialize, stream: Option<(&str, bool)>) -> Self {
        let added = json("body", body).map(|mut body| {
            if let (Some((field, on)), Value::Object(fields)) = (stream, &mut body) {
                // A service may stream unless it is told not to. What the caller wrote stands.
                if on {
                    fields.insert(field.to_owned(), true.into());
                } else {
                    fields.entry(field).or_insert(false.into());
                }
            }
            let optional = matches!(self.operation.body, BodyRow::Json { required: false, .. });
            let empty = body.as_object().is_some_and(serde_json::Map::is_empty);
            if !(optional && empty) {
                self.request.headers.push("content-type", "application/json");
                self.request.body = Body::Bytes(body.to_string().into());
            }
        });
        self.note(added)
    }

    /// The form.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        let added = form.finish().map(|form| self.request.body = Body::Multipart(form));
        self.note(added)
    }

    /// Hands the answer over as a stream.
    #[must_use]
    pub fn streamed(mut self) -> Self {
        self.request.streamed = true;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// The first fault of the arguments, or what [`Session::send`] says.
    pub async fn send(self, session: &Session) -> Result<Response, Error> {
        match self.fault {
            Some(fault) => Err(fault.during(self.operation)),
            None => session.send(self.operation, self.request).await,
        }
    }

    fn note(mut self, outcome: Result<(), Error>) -> Self {
        if let Err(fault) = outcome {
            self.fault.get_or_insert(fault);
        }
        self
    }
}

fn json(what: &str, value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|_| unfit(what))
}

fn pair(query: &mut String, wire: &str, value: &Value) -> Result<(), Error> {
    let text = encode::scalar_text(value).ok_or_else(|| {
        Error::new(
            ErrorKind::Usage,
            "usage.bad_value",
            format!("`{wire}` takes texts, numbers and flags"),
        )
    })?;
    encode::query_pair(query, wire, &text);
    Ok(())
}

fn deep(query: &mut String, name: &str, value: &Value) -> Result<(), Error> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => {
            items.iter().try_for_each(|item| deep(query, &format!("{name}[]"), item))
        }
        Value::Object(entries) => entries
            .iter()
            .try_for_each(|(key, value)| deep(query, &format!("{name}[{key}]"), value)),
        scalar => pair(query, name, scalar),
    }
}
