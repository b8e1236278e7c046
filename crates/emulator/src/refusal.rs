//! What is wrong with a request whatever the operation, in each service's own words and shape.

use framekey_catalog::Service;
use serde_json::json;

use crate::answer::Answer;
use crate::body::Unreadable;
use crate::router::NoRoute;
use crate::{api_video, twelve_labs, videovector};

/// No operation has that path, or not with that method.
pub(crate) fn no_route(service: Service, why: NoRoute) -> Answer {
    let status = if why == NoRoute::Path { 404 } else { 405 };
    match service {
        Service::ApiVideo => Answer::json(
            status,
            json!({
                "type": api_video::problem_type("unrecognized-request-url"),
                "title": "This URL and method name nothing that can be asked for.",
                "status": status,
            }),
        ),
        Service::TwelveLabs => {
            twelve_labs::refusal(status, "api_not_exist", "No operation has this path and method.")
        }
        Service::VideoVector => {
            let detail = if status == 404 { "Not Found" } else { "Method Not Allowed" };
            Answer::json(status, json!({ "detail": detail }))
        }
    }
}

/// The body cannot be read.
pub(crate) fn unreadable(service: Service, why: &Unreadable) -> Answer {
    let (status, text) = match why {
        Unreadable::Broken(text) => (400, text.as_str()),
        Unreadable::TooLong => (413, "the body is too long"),
    };
    match service {
        Service::ApiVideo => api_video::problem(status, "invalid-attribute", text, ""),
        Service::TwelveLabs => twelve_labs::refusal(status, "parameter_invalid", text),
        Service::VideoVector => videovector::refusal(status, "invalid_request", text, json!(null)),
    }
}

/// A required parameter or field is not there. `place` is `query`, `header` or `body`.
pub(crate) fn missing(service: Service, place: &'static str, name: &str) -> Answer {
    match service {
        Service::ApiVideo => {
            let kind =
                if place == "query" { "request-invalid-query-parameter" } else { "attribute-required" };
            api_video::problem(400, kind, &format!("\"{name}\" is required."), name)
        }
        Service::TwelveLabs => twelve_labs::refusal(
            400,
            "parameter_not_provided",
            &format!("The parameter {name} is required and was not given."),
        ),
        Service::VideoVector => videovector::invalid(place, name, "is required"),
    }
}
