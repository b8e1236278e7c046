//! From a method and a path to an operation: literal segments win over parameters.

use std::collections::BTreeMap;

use framekey_catalog::{Operation, Service};
use percent_encoding::percent_decode_str;

/// An operation and the parameters of its path, decoded.
pub(crate) type Found = (&'static Operation, BTreeMap<&'static str, String>);

/// Finds the operation of a path below the service's base.
pub(crate) fn find(service: Service, method: &str, path: &str) -> Option<Found> {
    let segments: Vec<&str> = path.split('/').collect();
    framekey_catalog::operations(service)
        .iter()
        .filter(|operation| operation.method.as_str() == method)
        .filter_map(|operation| Some((literals(operation), matched(operation, &segments)?)))
        .max_by_key(|(literals, _)| *literals)
        .map(|(_, found)| found)
}

fn literals(operation: &Operation) -> usize {
    operation.path.split('/').filter(|segment| !segment.starts_with('{')).count()
}

fn matched(operation: &'static Operation, segments: &[&str]) -> Option<Found> {
    let template: Vec<&'static str> = operation.path.split('/').collect();
    if template.len() != segments.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (want, have) in template.into_iter().zip(segments) {
        match want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !have.is_empty() => {
                values.insert(name, percent_decode_str(have).decode_utf8_lossy().into_owned());
            }
            Some(_) => return None,
            None if want == *have => {}
            None => return None,
        }
    }
    Some((operation, values))
}

#[cfg(test)]
mod tests {
    use super::find;
    use framekey_catalog::Service;

    #[test]
    fn every_template_leads_to_its_own_operation() {
        for operation in framekey_catalog::all() {
            let path = operation.path.replace(['{', '}'], "x");
            let (found, _) = find(operation.service, operation.method.as_str(), &path).unwrap();
            assert_eq!(found.id, operation.id, "{path}");
        }
    }

    #[test]
    fn a_literal_wins_and_ids_are_decoded() {
        let (batch, _) = find(Service::VideoVector, "POST", "/videos/batch").unwrap();
        assert_eq!(batch.id, "videos.batch_get");
        let (get, values) = find(Service::ApiVideo, "GET", "/videos/a%2Fb").unwrap();
        assert_eq!((get.id, values["videoId"].as_str()), ("videos.get", "a/b"));
        assert!(find(Service::ApiVideo, "GET", "/videos/").is_none());
        assert!(find(Service::ApiVideo, "PATCH", "/tags").is_none());
    }
}
