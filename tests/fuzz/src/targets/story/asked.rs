//! One request of a story, from its text. `=SERVICE OPERATION` is the emulator's own example of a
//! call, of which the lines that follow change arguments (`NAME=VALUE`, `-NAME`); anything else is
//! `METHOD TARGET`, headers, a blank line and a body.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use framekey::dynamic::{self, File};
use framekey_catalog::{Body as BodyRow, FieldKind, Operation, Service};
use framekey_emulator::fuzz::Bench;
use framekey_runtime::{Body, Multipart, SerdeJson, Source};
use http_body_util::Full;
use hyper::Request;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

/// A request, and what is known of it.
pub(super) struct Asked {
    pub(super) operation: Option<&'static Operation>,
    pub(super) service: Option<Service>,
    pub(super) request: Request<Full<Bytes>>,
}

const BASES: [(&str, Service); 4] = [
    ("/api-video-sandbox/", Service::ApiVideo),
    ("/api-video/", Service::ApiVideo),
    ("/twelve-labs/v1.3/", Service::TwelveLabs),
    ("/videovector/api/v2/", Service::VideoVector),
];

/// Nothing where it is no request that HTTP could carry.
pub(super) fn asked(bench: &Bench, text: &str) -> Option<Asked> {
    let (operation, method, target, headers, body) = match text.strip_prefix('=') {
        Some(text) => example(bench, text)?,
        None => by_hand(text)?,
    };
    let service =
        BASES.iter().find(|(base, _)| target.starts_with(base)).map(|(_, service)| *service);
    // It would knock at a port of this machine that is somebody else's.
    if target.contains("/test") {
        return None;
    }
    let mut request = Request::builder().method(method.as_str()).uri(&target);
    let has_own = |name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if let Some(service) = service.filter(|_| !has_own("authorization") && !has_own("x-api-key")) {
        let (name, value) = credential(bench, service, target.starts_with("/api-video-sandbox/"));
        request = request.header(name, value);
    }
    for (name, value) in headers {
        let name = HeaderName::try_from(name).ok()?;
        request = request.header(name, HeaderValue::try_from(value).ok()?);
    }
    let request = request.body(Full::new(body)).ok()?;
    Some(Asked { operation, service, request })
}

type Parts = (Option<&'static Operation>, String, String, Vec<(String, String)>, Bytes);

fn by_hand(text: &str) -> Option<Parts> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let headers = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    let body = Bytes::copy_from_slice(body.as_bytes());
    Some((None, method.to_owned(), target.to_owned(), headers.collect(), body))
}

fn example(bench: &Bench, text: &str) -> Option<Parts> {
    let mut lines = text.lines();
    let (slug, id) = lines.next()?.split_once(' ')?;
    let operation = framekey_catalog::find(Service::from_slug(slug)?, id)?;
    let Value::Object(mut arguments) = bench.example(operation) else { return None };
    for line in lines {
        if let Some(name) = line.strip_prefix('-') {
            arguments.remove(name);
        } else if let Some((name, value)) = line.split_once('=') {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            arguments.insert(name.to_owned(), value);
        }
    }
    let files = files(operation, &arguments);
    let made = dynamic::request(operation, arguments, files, &SerdeJson).ok()?;
    let mut headers: Vec<(String, String)> = Vec::new();
    headers.extend(made.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    let body = match made.body {
        Body::Empty => Bytes::new(),
        Body::Bytes(bytes) => bytes,
        Body::Multipart(form) => {
            headers
                .push(("content-type".to_owned(), "multipart/form-data; boundary=edge".to_owned()));
            written(&form)
        }
    };
    let (base, _) = BASES
        .iter()
        .rev()
        .find(|(base, service)| *service == operation.service && !base.contains("sandbox"))?;
    let mut target = format!("{}{}", base.trim_end_matches('/'), made.path);
    if !made.query.is_empty() {
        target = format!("{target}?{}", made.query);
    }
    Some((Some(operation), operation.method.as_str().to_owned(), target, headers, body))
}

/// A small file for each part that has to be one.
fn files(operation: &Operation, given: &serde_json::Map<String, Value>) -> Vec<File> {
    let BodyRow::Multipart { fields } = operation.body else { return Vec::new() };
    let missing = fields.iter().filter(|field| {
        field.required && field.kind == FieldKind::File && !given.contains_key(field.name)
    });
    missing
        .map(|field| File {
            argument: field.name.to_owned(),
            file_name: Some("clip.mp4".to_owned()),
            content_type: None,
            source: Source::Bytes(Bytes::from_static(b"the bytes of a file")),
        })
        .collect()
}

fn written(form: &Multipart) -> Bytes {
    let mut bytes = Vec::new();
    for part in &form.parts {
        bytes.extend_from_slice(part.head("edge").as_bytes());
        if let Source::Bytes(piece) = &part.source {
            bytes.extend_from_slice(piece);
        }
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"--edge--\r\n");
    bytes.into()
}

fn credential(bench: &Bench, service: Service, sandbox: bool) -> (&'static str, String) {
    let ready = bench.credentials();
    let key = if sandbox { &ready.api_video_sandbox_key } else { &ready.api_video_key };
    match service {
        Service::ApiVideo => {
            ("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:"))))
        }
        Service::TwelveLabs => ("x-api-key", ready.twelve_labs_key),
        Service::VideoVector => ("authorization", format!("Bearer {}", ready.videovector_jwt)),
    }
}
