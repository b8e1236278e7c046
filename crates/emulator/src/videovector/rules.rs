//! What the service refuses, in its two shapes: its own nested body, and its framework's `detail`.

use framekey_catalog::{Place, Service};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, nested};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::schemas::{self, check};

/// A body, or a refusal.
pub(super) type Answered = Result<Value, Answer>;

/// No such object.
pub(super) fn absent(what: &str) -> Answer {
    crate::answer::not_found(Service::VideoVector, what)
}

/// A field of the body that the service does not take.
pub(super) fn invalid(parameter: &str, message: &str) -> Answer {
    nested(422, "validation_error", message, &json!({ "parameter": parameter }))
}

/// The object is not in a state for this.
pub(super) fn conflict(message: &str) -> Answer {
    nested(409, "conflict", message, &Value::Null)
}

/// Not with this credential, or not to this object.
pub(super) fn forbidden(message: &str) -> Answer {
    nested(403, "insufficient_permissions", message, &Value::Null)
}

/// The query parameters held against the document, refused as the framework does it.
pub(super) fn wrong_query(call: &Call) -> Option<Answer> {
    let params = &schemas::of(Service::VideoVector)["operations"][call.operation.id]["params"];
    let wrong = call.operation.params.iter().filter(|param| param.place == Place::Query);
    let wrong = wrong.filter_map(|param| {
        let Some(text) = call.query(param.wire) else {
            return param.required.then(|| item(param.wire, "missing", "Field required", None));
        };
        let (kind, message) = misfit(&params[param.wire], text)?;
        Some(item(param.wire, kind, &message, Some(text)))
    });
    let wrong: Vec<Value> = wrong.collect();
    (!wrong.is_empty()).then(|| Answer::json(422, &json!({ "detail": wrong })))
}

fn item(name: &str, kind: &str, message: &str, input: Option<&str>) -> Value {
    json!({ "type": kind, "loc": ["query", name], "msg": message, "input": input })
}

fn misfit(schema: &'static Value, text: &str) -> Option<(&'static str, String)> {
    let schema = schemas::resolve(Service::VideoVector, schema);
    if let Some(allowed) = schema["enum"].as_array() {
        // Its own client writes the states of jobs in capitals.
        let known =
            allowed.iter().filter_map(Value::as_str).any(|one| one.eq_ignore_ascii_case(text));
        let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        return (!known).then(|| ("enum", format!("Input should be one of {}", names.join(", "))));
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), _) => {
            let Ok(number) = text.parse::<i64>() else {
                return Some(("int_parsing", "Input should be a valid integer".to_owned()));
            };
            let bound = |name: &str| schema[name].as_i64();
            if let Some(least) = bound("minimum").filter(|least| number < *least) {
                let message = format!("Input should be greater than or equal to {least}");
                return Some(("greater_than_equal", message));
            }
            let most = bound("maximum").filter(|most| number > *most)?;
            Some(("less_than_equal", format!("Input should be less than or equal to {most}")))
        }
        (Some("boolean"), _) => truth(text)
            .is_none()
            .then(|| ("bool_parsing", "Input should be a valid boolean".to_owned())),
        (Some("string"), Some("date-time")) => time(text)
            .is_none()
            .then(|| ("datetime_parsing", "Input should be a valid datetime".to_owned())),
        _ => None,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A query parameter that is true or false.
pub(super) fn flag(call: &Call, name: &str, default: bool) -> bool {
    call.query(name).and_then(truth).unwrap_or(default)
}

/// A query parameter that is a count; it was held against its bounds before.
pub(super) fn count(call: &Call, name: &str, default: usize) -> usize {
    call.query(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A moment as RFC 3339, or a date as the start of its day.
pub(super) fn time(text: &str) -> Option<Moment> {
    let stamp = text.parse::<Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()?;
    u64::try_from(stamp.as_second())
        .ok()
        .map(|seconds| Moment(std::time::Duration::from_secs(seconds)))
}

/// A JSON body that is no object where the document has one.
pub(super) fn no_object(call: &Call) -> Option<Answer> {
    let wants_object = schemas::request(call.operation)["type"] == "object";
    (wants_object && !call.body.is_null() && !call.body.is_object()).then(|| {
        let detail = json!([{ "type": "model_attributes_type", "loc": ["body"],
            "msg": "Input should be a valid dictionary or object", "input": null }]);
        Answer::json(422, &json!({ "detail": detail }))
    })
}

/// What may be null although the document does not say so: a key without an end.
const NULLABLE: (&str, &str) = ("api_keys.create", "expires_in_days");

/// A field of the body that is not what the document says.
pub(super) fn wrong_field(call: &Call) -> Option<Answer> {
    let service = Service::VideoVector;
    let request = schemas::resolve(service, schemas::request(call.operation));
    let mut fields = request["properties"].as_object()?.iter();
    let (name, _) = fields.find(|(name, schema)| {
        let is_left_out =
            |value: &Value| value.is_null() && (call.operation.id, name.as_str()) == NULLABLE;
        call.body
            .get(*name)
            .is_some_and(|value| !is_left_out(value) && !check::fits(service, schema, value))
    })?;
    let message =
        format!("{name} is not what it should be; see the reference for its type and limits.");
    Some(invalid(name, &message))
}

/// The service's own refusals bear an id and a time.
pub(crate) fn stamped(answer: Answer, now: Moment, draw: &mut Draw) -> Answer {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    match body.get_mut("error").and_then(Value::as_object_mut) {
        Some(error) => {
            error.insert("request_id".to_owned(), json!(format!("req_{}", draw.hex(24))));
            error.insert("timestamp".to_owned(), json!(now.to_string()));
            Answer { body: body.to_string().into(), ..answer }
        }
        None => answer,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_date_and_a_moment_are_times() {
        assert_eq!(super::time("1970-01-02").unwrap().seconds(), 86_400);
        assert_eq!(super::time("1970-01-01T00:00:01+00:00").unwrap().seconds(), 1);
        assert!(super::time("yesterday").is_none());
    }

    #[test]
    fn a_refusal_is_stamped_and_a_detail_is_left_alone() {
        let now = crate::clock::Moment(std::time::Duration::ZERO);
        let of = |answer| {
            let answer = super::stamped(answer, now, &mut crate::draw::Draw::new(1));
            serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()
        };
        let request_id = &of(super::conflict("no"))["error"]["request_id"];
        assert!(request_id.as_str().unwrap().starts_with("req_"));
        let detail = json!({ "detail": "Not Found" });
        assert_eq!(of(crate::answer::Answer::json(404, &detail)), detail);
    }
}
