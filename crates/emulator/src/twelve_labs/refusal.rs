//! Refusals: the body has the shape that the document gives the operation, and there are four of them.

use framekey_catalog::Service;
use serde_json::{Value, json};

use crate::answer::{Answer, flat};
use crate::call::Call;
use crate::schemas;

/// An answer, or the answer that says why not.
pub(super) type Outcome = Result<Answer, Answer>;

/// The name of the schema that an operation has for a status; for one that is not listed, that of
/// the first failure that is.
fn shape(call: &Call, status: u16) -> &'static str {
    let responses = &schemas::of(Service::TwelveLabs)["operations"][call.operation.id]["responses"];
    let name = |response: &'static Value| {
        response["schema"]["$ref"].as_str().and_then(|reference| reference.rsplit('/').next())
    };
    let all = responses.as_object().into_iter().flatten();
    let failures = all.filter(|(listed, _)| !listed.starts_with('2')).map(|(_, answer)| answer);
    name(&responses[status.to_string()])
        .or_else(|| failures.into_iter().find_map(name))
        .unwrap_or("Error")
}

/// Refuses a call in the shape of its operation.
pub(super) fn refuse(call: &Call, status: u16, code: &str, message: &str) -> Answer {
    match shape(call, status) {
        "NestedError" => {
            Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
        }
        "ErrorWithDocs" => {
            let docs_url = format!("https://docs.twelvelabs.io/v1.3/api-reference/errors#{code}");
            Answer::json(status, &json!({ "code": code, "message": message, "docs_url": docs_url }))
        }
        "LegacyError" => Answer::json(status, &json!({ "error_code": status, "message": message })),
        _ => flat(status, code, message),
    }
}

/// A parameter or field that is not what it should be.
pub(super) fn invalid(call: &Call, name: &str, should: &str) -> Answer {
    refuse(call, 400, "parameter_invalid", &format!("The {name} parameter is invalid: {should}."))
}

/// A parameter or field that is needed and not there.
pub(super) fn not_provided(call: &Call, name: &str) -> Answer {
    let message = format!("The {name} parameter is required but was not provided.");
    refuse(call, 400, "parameter_not_provided", &message)
}

/// No such thing.
pub(super) fn unknown(call: &Call, what: &str, id: &str) -> Answer {
    refuse(call, 404, "resource_not_exist", &format!("The {what} {id} does not exist."))
}

/// Something that the body names and that is not there: 404 where the document lists it, else 400.
pub(super) fn unknown_in_body(call: &Call, what: &str, id: &str) -> Answer {
    let responses = &schemas::of(Service::TwelveLabs)["operations"][call.operation.id]["responses"];
    let status = if responses.get("404").is_some() { 404 } else { 400 };
    refuse(call, status, "resource_not_exist", &format!("The {what} {id} does not exist."))
}
