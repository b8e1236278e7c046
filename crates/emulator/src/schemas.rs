//! The schemas of the three services, read once.

pub(crate) mod check;

use std::sync::LazyLock;

use framekey_catalog::{Operation, Service};
use serde_json::Value;

static SCHEMAS: LazyLock<[Value; 3]> = LazyLock::new(|| {
    // The catalog's own generated texts: a test reads all three.
    Service::ALL
        .map(|service| serde_json::from_str(framekey_catalog::schemas(service)).unwrap_or_default())
});

pub(crate) fn of(service: Service) -> &'static Value {
    let [api_video, twelve_labs, videovector] = &*SCHEMAS;
    match service {
        Service::ApiVideo => api_video,
        Service::TwelveLabs => twelve_labs,
        Service::VideoVector => videovector,
    }
}

/// The first success answer that the document lists: status, media type, schema.
pub(crate) fn success(operation: &Operation) -> (u16, &'static str, &'static Value) {
    let responses = &of(operation.service)["operations"][operation.id]["responses"];
    let listed =
        responses.as_object().into_iter().flatten().find(|(status, _)| status.starts_with('2'));
    let Some((status, response)) = listed else { return (200, "", &Value::Null) };
    let status = status.parse().unwrap_or(200);
    (status, response["media"].as_str().unwrap_or(""), &response["schema"])
}

/// The schema of a media type among the success answers; null for none.
pub(crate) fn of_media(operation: &Operation, media: &str) -> &'static Value {
    let responses = &of(operation.service)["operations"][operation.id]["responses"];
    let good = responses.as_object().into_iter().flatten();
    let mut good = good.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
    let schema = good.find_map(|answer| {
        if answer["media"] == media { answer.get("schema") } else { answer["others"].get(media) }
    });
    schema.unwrap_or(&Value::Null)
}

/// The variant of a union that bears a tag.
pub(crate) fn variant(
    service: Service,
    union: &'static Value,
    tag: &str,
) -> Option<&'static Value> {
    let target = resolve(service, union)["discriminator"]["mapping"][tag].as_str()?;
    of(service)["schemas"].get(target.rsplit('/').next()?)
}

/// The schema of the request body; null for none.
pub(crate) fn request(operation: &Operation) -> &'static Value {
    resolve(operation.service, &of(operation.service)["operations"][operation.id]["request"])
}

/// Follows references.
pub(crate) fn resolve(service: Service, schema: &'static Value) -> &'static Value {
    let mut schema = schema;
    while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        schema = &of(service)["schemas"][reference.rsplit('/').next().unwrap_or_default()];
    }
    schema
}

#[cfg(test)]
mod tests {
    use framekey_catalog::Service;

    #[test]
    fn the_schemas_of_all_three_are_read() {
        for service in Service::ALL {
            assert!(
                super::of(service)["schemas"].as_object().is_some_and(|schemas| schemas.len() > 70)
            );
        }
    }
}
