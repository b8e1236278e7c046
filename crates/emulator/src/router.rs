//! From a method and a path to an operation: literal segments win over parameters.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use framekey_catalog::{Operation, Service};
use percent_encoding::percent_decode_str;

/// Where a method and a path lead.
pub(crate) enum Route {
    /// To an operation; with the parameters of its path, decoded.
    Found(&'static Operation, BTreeMap<&'static str, String>),
    /// To a path that has other methods only, which are listed.
    Method(String),
    /// Nowhere.
    None,
}

/// What may follow in a path.
#[derive(Default)]
struct Node {
    literals: HashMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    operations: Vec<&'static Operation>,
}

static ROOTS: LazyLock<[Node; 3]> = LazyLock::new(|| Service::ALL.map(tree));

fn tree(service: Service) -> Node {
    let mut root = Node::default();
    for operation in framekey_catalog::operations(service) {
        let mut node = &mut root;
        for segment in operation.path.split('/') {
            node = match parameter(segment) {
                Some(_) => node.parameter.get_or_insert_default(),
                None => node.literals.entry(segment).or_default(),
            };
        }
        node.operations.push(operation);
    }
    root
}

/// Finds the operation of a path below the service's base.
pub(crate) fn find(service: Service, method: &str, path: &str) -> Route {
    let [api_video, twelve_labs, videovector] = &*ROOTS;
    let root = match service {
        Service::ApiVideo => api_video,
        Service::TwelveLabs => twelve_labs,
        Service::VideoVector => videovector,
    };
    let segments: Vec<&str> = path.split('/').collect();
    let Some(operation) = walk(root, &segments, &|row| row.method.as_str() == method) else {
        return match walk(root, &segments, &|_| true) {
            Some(other) => Route::Method(methods(service, other.path)),
            None => Route::None,
        };
    };
    let values = operation.path.split('/').zip(&segments).filter_map(|(want, have)| {
        Some((parameter(want)?, percent_decode_str(have).decode_utf8_lossy().into_owned()))
    });
    Route::Found(operation, values.collect())
}

fn methods(service: Service, path: &str) -> String {
    let rows = framekey_catalog::operations(service).iter().filter(|row| row.path == path);
    rows.map(|row| row.method.as_str()).collect::<Vec<_>>().join(", ")
}

/// A literal that leads nowhere gives way to a parameter.
fn walk(
    node: &Node,
    segments: &[&str],
    fits: &dyn Fn(&Operation) -> bool,
) -> Option<&'static Operation> {
    let Some((first, rest)) = segments.split_first() else {
        return node.operations.iter().find(|row| fits(row)).copied();
    };
    let literal = node.literals.get(first).and_then(|next| walk(next, rest, fits));
    literal.or_else(|| {
        let next = node.parameter.as_ref().filter(|_| !first.is_empty())?;
        walk(next, rest, fits)
    })
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use framekey_catalog::{Operation, Service};

    use super::Route;

    type Found = (&'static Operation, BTreeMap<&'static str, String>);

    fn find(service: Service, method: &str, path: &str) -> Option<Found> {
        match super::find(service, method, path) {
            Route::Found(operation, values) => Some((operation, values)),
            Route::Method(_) | Route::None => None,
        }
    }

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
        let (asset, values) =
            find(Service::TwelveLabs, "DELETE", "/assets/multipart-uploads").unwrap();
        assert_eq!((asset.id, values["asset_id"].as_str()), ("assets.delete", "multipart-uploads"));
    }
}
