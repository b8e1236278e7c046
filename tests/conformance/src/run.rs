//! Runs cases: each step is a call of the dynamic door, its answer held against the document and
//! against what is known of it.

use std::collections::BTreeMap;

use anyhow::Result;
use framekey::catalog::Operation;
use framekey::dynamic::File;
use framekey::runtime::{Bytes, Source};
use framekey::{CallOptions, Error, Service};
use serde_json::Value;

use crate::case::{Case, Live, Step};
use crate::document::Document;
use crate::expect::{differs, filled, text_filled};
use crate::place::Place;
use crate::tap::Seen;

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All as it should be.
    Ok,
    /// Not run, and why.
    Skipped(String),
    /// Another answer: operation, its method and path, and the sentence.
    Differs(String, String),
}

const LACKING: [&str; 3] = ["auth.conflict", "auth.missing", "auth.wrong_kind"];

/// Runs a case at a place.
pub async fn case(
    place: &mut Place,
    document: &Document,
    service: Service,
    case: &Case,
) -> Outcome {
    let mut saved = place.saved();
    for step in &case.steps {
        let what = match framekey::catalog::find(service, &step.call) {
            Some(operation) => {
                format!("{} ({} {})", operation.id, operation.method.as_str(), operation.path)
            }
            None => "the control plane".to_owned(),
        };
        match run(place, document, service, step, &mut saved).await {
            Ok(None) => {}
            Ok(Some(why)) => return Outcome::Differs(what, why),
            Err(error) => match error.downcast_ref::<Error>() {
                // The account has another kind of credential than the step wants.
                Some(lacks) if LACKING.contains(&lacks.code()) => {
                    return Outcome::Skipped(lacks.to_string());
                }
                _ => return Outcome::Differs(what, format!("no answer: {error:#}")),
            },
        }
    }
    Outcome::Ok
}

/// `None` where all is as it should be.
async fn run(
    place: &mut Place,
    document: &Document,
    service: Service,
    step: &Step,
    saved: &mut BTreeMap<String, Value>,
) -> Result<Option<String>> {
    for (what, body) in &step.control {
        place.control(what, body)?;
    }
    let Some(operation) = framekey::catalog::find(service, &step.call) else { return Ok(None) };
    let fill = |value: &Value| filled(value, saved).map_err(anyhow::Error::msg);
    let credential = match &step.credential {
        Some(text) => Some(text_filled(text, saved).map_err(anyhow::Error::msg)?),
        None => None,
    };
    let arguments = step.with.iter().map(|(name, value)| Ok((name.clone(), fill(value)?)));
    let arguments = arguments.collect::<Result<_>>()?;
    let files = step.files.iter().map(|(argument, file)| File {
        argument: argument.clone(),
        file_name: Some(file.name.clone()),
        content_type: None,
        source: Source::Bytes(Bytes::from(vec![0; file.size])),
    });
    let (client, other) = place.client(credential.as_deref())?;
    place.tap.arm(other, step.wire.clone());
    let outcome = client.call(&step.call, arguments, files.collect(), CallOptions::default()).await;
    let seen = match (place.tap.seen(), outcome) {
        // The exchange has an answer of its own, which is not the operation's.
        (Some(_), Err(error)) if error.code().starts_with("auth.exchange") => {
            return Err(error.into());
        }
        (Some(seen), _) => seen,
        (None, Err(error)) => return Err(error.into()),
        (None, Ok(_)) => anyhow::bail!("nothing went over the wire"),
    };
    let body = step.body.iter().map(|(at, value)| Ok((at.clone(), fill(value)?)));
    let step = Step { body: body.collect::<Result<_>>()?, ..step.clone() };
    for (name, at) in &step.save {
        if let Some(value) = seen.body.pointer(at) {
            saved.insert(name.clone(), value.clone());
        }
    }
    Ok(differs(&seen, &step).or_else(|| against_document(document, operation, &seen)))
}

/// Against the schema of the status, where the document lists it and the body is JSON.
fn against_document(document: &Document, operation: &Operation, seen: &Seen) -> Option<String> {
    let listed = document.response(operation, seen.status)?;
    let schema = listed.get("schema").filter(|_| listed["media"] == "application/json")?;
    if !seen.has_body {
        // Some refusals come without, although the document has one.
        return (seen.status < 400).then(|| "expected a body, service said nothing".to_owned());
    }
    let validator = document.validator(schema);
    let fault = validator.iter_errors(&seen.body).next()?;
    let at = fault.instance_path.to_string();
    let rule = fault.schema_path.to_string();
    Some(format!(
        "expected what the document has for {}, service said something else at `{at}` (by {rule})",
        seen.status
    ))
}

/// Why a case is not run at the service itself; `None` where it may.
#[must_use]
pub fn skip_live(case: &Case, write: bool) -> Option<&'static str> {
    match case.live {
        Live::Reads => None,
        Live::Writes if write => None,
        Live::Writes => Some("it writes; run with --write"),
        Live::Never => Some("it needs the emulator's clock, switches or credentials"),
    }
}
