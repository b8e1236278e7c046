//! What a live run really sends: a transport that notes each request on its way.

use std::sync::{Arc, Mutex, PoisonError};

use framekey::catalog::{self, Service};
use framekey::runtime::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

use super::expect::Seen;

/// Notes requests and passes them on.
pub(crate) struct Recorder {
    service: Service,
    below: Arc<dyn Transport>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Recorder {
    pub(crate) fn new(
        service: Service,
        below: Arc<dyn Transport>,
        seen: Arc<Mutex<Vec<Seen>>>,
    ) -> Self {
        Recorder { service, below, seen }
    }
}

impl Transport for Recorder {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let noted = Seen {
            operation: operation(self.service, &request),
            credential: credential(&request).to_owned(),
            status: None,
        };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(noted);
        self.below.send(request)
    }
}

fn credential(request: &HttpRequest) -> &'static str {
    let authorization = request.headers.get("authorization").unwrap_or_default();
    if authorization.starts_with("Basic ") {
        "basic"
    } else if authorization.starts_with("Bearer ") {
        "bearer"
    } else if request.headers.get("x-api-key").is_some() {
        "api_key"
    } else if request.url.contains("token=") {
        "upload_token"
    } else {
        "none"
    }
}

/// The operation whose template fits the end of the path; literal segments count more than parameters.
fn operation(service: Service, request: &HttpRequest) -> String {
    let path = request.url.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    catalog::operations(service)
        .iter()
        .filter(|row| row.method.as_str() == request.method)
        .filter_map(|row| {
            let template: Vec<&str> = row.path.split('/').skip(1).collect();
            let tail = segments.get(segments.len().checked_sub(template.len())?..)?;
            let literal = template.iter().filter(|want| !want.starts_with('{')).count();
            let fits =
                template.iter().zip(tail).all(|(want, have)| want.starts_with('{') || want == have);
            fits.then_some(((template.len(), literal), row.id))
        })
        .max()
        .map_or_else(|| format!("{} ?", request.method), |(_, id)| id.to_owned())
}
