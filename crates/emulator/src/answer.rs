//! Answers, and the error bodies of each service's own shapes.

use std::borrow::Cow;

use bytes::Bytes;
use framekey_catalog::Service;
use serde_json::{Value, json};

use crate::courier::Letter;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media: &'static str,
    pub(crate) body: Bytes,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    /// A webhook call that is to be made first: what comes of it is the answer.
    pub(crate) errand: Option<Box<Letter>>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Answer::of(status, "application/json", body.to_string())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Answer::of(status, "", Bytes::new())
    }

    pub(crate) fn of(status: u16, media: &'static str, body: impl Into<Bytes>) -> Self {
        Answer { status, media, body: body.into(), headers: Vec::new(), errand: None }
    }

    /// What ends each event, where the answer is a stream of them.
    pub(crate) fn events(&self) -> Option<&'static str> {
        match self.media {
            "application/x-ndjson" => Some("\n"),
            "text/event-stream" => Some("\n\n"),
            _ => None,
        }
    }

    pub(crate) fn errand(mut self, letter: Letter) -> Self {
        self.errand = Some(Box::new(letter));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// api.video: a problem object (`type`, `title`, `name`, `status`; `problems` on 400).
pub(crate) fn problem(status: u16, kind: &str, title: &str, name: Option<&str>) -> Answer {
    let mut body = json!({
        "type": format!("https://docs.api.video/reference/{kind}"), "title": title, "status": status,
    });
    if let Some(name) = name.or((status == 400).then_some("")) {
        body["name"] = json!(name);
    }
    if status == 400 {
        body["problems"] = json!([body]);
    }
    Answer::json(status, &body)
}

/// Twelve Labs: a flat body with a text code.
pub(crate) fn flat(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "code": code, "message": message }))
}

/// VideoVector: a nested body.
pub(crate) fn nested(status: u16, code: &str, message: &str, details: &Value) -> Answer {
    Answer::json(
        status,
        &json!({ "error": { "code": code, "message": message, "details": details } }),
    )
}

/// A refusal in the shape of `service`, for what all services refuse alike.
pub(crate) fn refuse(
    service: Service,
    status: u16,
    code: &str,
    message: &str,
    name: Option<&str>,
) -> Answer {
    match service {
        Service::ApiVideo => problem(status, code, message, name),
        Service::TwelveLabs => flat(status, code, message),
        Service::VideoVector => nested(status, code, message, &json!({ "parameter": name })),
    }
}

/// No such object.
pub(crate) fn not_found(service: Service, what: &str) -> Answer {
    let message = format!("The requested {what} was not found.");
    match service {
        Service::ApiVideo => problem(404, "resource-not-found", &message, Some("")),
        Service::TwelveLabs => flat(404, "resource_not_exist", &message),
        Service::VideoVector => nested(404, "not_found", &message, &Value::Null),
    }
}

/// No such route.
pub(crate) fn no_route(service: Service) -> Answer {
    match service {
        Service::ApiVideo => {
            problem(404, "unrecognized-request-url", "Unrecognized request URL.", None)
        }
        Service::TwelveLabs => {
            flat(404, "endpoint_not_found", "The path does not match any endpoint.")
        }
        Service::VideoVector => Answer::json(404, &json!({ "detail": "Not Found" })),
    }
}

/// The route exists, the method does not.
pub(crate) fn wrong_method(service: Service, allowed: &str) -> Answer {
    let message = format!("The method is not allowed here; allowed: {allowed}.");
    let answer = match service {
        Service::ApiVideo => problem(405, "method-not-allowed", &message, None),
        Service::TwelveLabs => flat(405, "method_not_allowed", &message),
        Service::VideoVector => Answer::json(405, &json!({ "detail": "Method Not Allowed" })),
    };
    answer.header("allow", allowed)
}
