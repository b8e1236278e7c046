//! The operations that progenitor cannot take as they are, and why.

use super::methods::{Answer, Method};
use crate::generate::document::Style;

/// Why the method is not progenitor's alone; empty: it is.
pub(crate) fn reasons(method: &Method<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    if method.operation.body.as_ref().is_some_and(|body| body.multipart) {
        reasons.push("its body is multipart/form-data".to_owned());
    }
    let deep: Vec<&str> = method
        .operation
        .params
        .iter()
        .filter(|param| param.style == Style::Deep)
        .map(|param| param.wire.as_str())
        .collect();
    if !deep.is_empty() {
        reasons.push(format!("query parameters in the deepObject style ({})", deep.join(", ")));
    }
    if let Answer::Events(_, kind) = &method.answer {
        reasons.push(format!("it answers a stream ({kind:?})"));
    }
    if let Some(media) = method.operation.stream.as_ref().and_then(|stream| stream.when.as_ref()) {
        reasons
            .push(format!("with `{media}` it answers a stream, for which it has a second method"));
    }
    reasons
}
