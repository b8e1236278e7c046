//! Requests held against the document: what is required, and what a value may be.

use framekey_catalog::{Body, FieldKind, Operation, Place, Service};
use serde_json::{Value, json};

use super::resolve;
use crate::answer::{Answer, flat, nested, problem};
use crate::call::Call;

/// A required parameter, field or file that is not there, refused as the service does.
pub(crate) fn missing(call: &Call) -> Option<Answer> {
    let operation = call.operation;
    let param = operation.params.iter().find(|param| {
        param.required && param.place == Place::Query && !has_query(call, param.wire)
    });
    if let Some(param) = param {
        return Some(not_given(operation, "request-invalid-query-parameter", param.wire));
    }
    let (Body::Json { fields, .. } | Body::Multipart { fields }) = &operation.body else {
        return None;
    };
    let is_form = matches!(operation.body, Body::Multipart { .. });
    let field = fields.iter().filter(|field| field.required).find(|field| match field.kind {
        FieldKind::File => call.form.files.is_empty(),
        _ if is_form => call.form.field(field.wire).is_none(),
        _ => call.body.get(field.wire).is_none(),
    })?;
    let kind =
        if field.kind == FieldKind::File { "uploaded-file-no-file" } else { "attribute-required" };
    Some(not_given(operation, kind, field.wire))
}

fn has_query(call: &Call, wire: &str) -> bool {
    call.query.iter().any(|(name, _)| {
        name.strip_prefix(wire).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    })
}

fn not_given(operation: &Operation, problem_kind: &str, name: &str) -> Answer {
    let message = format!("{name} is required and was not given.");
    match operation.service {
        Service::ApiVideo => problem(400, problem_kind, &message, Some(name)),
        Service::TwelveLabs => flat(400, "parameter_not_provided", &message),
        Service::VideoVector => {
            nested(422, "validation_error", &message, &json!({ "parameter": name }))
        }
    }
}

/// Type, enum, bounds, required properties and items: what the documents use in request bodies.
pub(crate) fn fits(service: Service, schema: &'static Value, value: &Value) -> bool {
    let schema = resolve(service, schema);
    if value.is_null() && schema["nullable"] == true {
        return true;
    }
    if let Some(allowed) = schema["enum"].as_array() {
        return allowed.contains(value);
    }
    let bound = |name: &str| schema[name].as_f64();
    let within = |size: f64, least: &str, most: &str| {
        bound(least).is_none_or(|least| size >= least)
            && bound(most).is_none_or(|most| size <= most)
    };
    match schema["type"].as_str() {
        Some("string") => value
            .as_str()
            .is_some_and(|text| within(text.chars().count() as f64, "minLength", "maxLength")),
        Some("boolean") => value.is_boolean(),
        Some("integer") if !(value.is_i64() || value.is_u64()) => false,
        Some("integer" | "number") => {
            value.as_f64().is_some_and(|number| within(number, "minimum", "maximum"))
        }
        Some("array") => value.as_array().is_some_and(|items| {
            within(items.len() as f64, "minItems", "maxItems")
                && items.iter().all(|item| fits(service, &schema["items"], item))
        }),
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            value.is_object()
                && required.filter_map(Value::as_str).all(|name| value.get(name).is_some())
                && value.as_object().into_iter().flatten().all(|(name, value)| {
                    let own = schema["properties"].get(name);
                    // `true`, or nothing, lets a field of any other name be anything.
                    own.or_else(|| schema.get("additionalProperties"))
                        .is_none_or(|inner| inner.is_boolean() || fits(service, inner, value))
                })
        }
        _ => true,
    }
}
