//! From a request to a call, to its answer, and to the journal.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use framekey_catalog::{Body, Operation, Scheme, Service};
use futures_util::{Stream, StreamExt as _};
use http_body_util::BodyDataStream;
use hyper::body::Body as HttpBody;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::answer::{Answer, no_route, refuse, wrong_method};
use crate::call::Call;
use crate::connection::Line;
use crate::courier;
use crate::credential::Given;
use crate::fault::{End, Reply, reply};
use crate::files;
use crate::form::{self, Form, Unread};
use crate::journal::{Entry, sha256_hex};
use crate::router::{self, Route};
use crate::server::LARGEST_BODY;
use crate::world::{Met, Place, World};

/// A body may pause so long between two pieces.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// A body as it arrives: hyper's, or one that a fuzzer made.
pub(crate) trait Arrives:
    HttpBody<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + Unpin + 'static
{
}

impl<B> Arrives for B where
    B: HttpBody<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + Unpin + 'static
{
}

/// The place of a path, and the rest of it.
fn place(path: &str) -> Option<(Place, &str)> {
    Place::ALL.into_iter().find_map(|place| {
        let rest = path.strip_prefix(place.prefix())?;
        rest.starts_with('/').then_some((place, rest))
    })
}

pub(crate) async fn serve(
    world: &World,
    request: Request<impl Arrives>,
    line: &Line,
) -> Result<Reply, End> {
    let (head, body) = request.into_parts();
    if let Some(path) = head.uri.path().strip_prefix(files::PREFIX) {
        return file(world, &head, path, body, line).await;
    }
    let Some((place, rest)) = place(head.uri.path()) else {
        return Ok(Reply::whole(Answer::json(
            404,
            &serde_json::json!({ "error": "no service is here; GET /__emulator/info says where they are" }),
        )));
    };
    let service = place.service();
    let query = pairs(head.uri.query().unwrap_or_default());
    let route = router::find(service, head.method.as_str(), rest);
    let operation = match &route {
        Route::Found(operation, _) => Some(*operation),
        Route::Method(_) | Route::None => None,
    };
    let given = given(&head.headers, &query, operation);
    let mut entry = Entry {
        service: Some(service),
        sandbox: place == Place::Sandbox,
        operation: operation.map(|operation| operation.id),
        path: operation.map(|operation| operation.path),
        ..Entry::of(&head, &query, &given, line, world.now())
    };
    let (operation, path) = match route {
        Route::Found(operation, path) => (operation, path),
        Route::Method(allowed) => return Ok(noted(world, entry, wrong_method(service, &allowed))),
        Route::None => return Ok(noted(world, entry, no_route(service))),
    };
    let (body, form) = match read(&head.headers, body, operation, &mut entry).await {
        Ok(read) => read,
        Err(refused) => return Ok(noted(world, entry, refused)),
    };
    let call = Call {
        operation,
        base_url: format!("{}{}", world.origin(line.scheme()), place.prefix()),
        files_origin: world.files_origin(line.scheme()),
        path,
        query,
        content_range: text(&head.headers, "content-range"),
        idempotency_key: text(&head.headers, "idempotency-key").filter(|key| !key.is_empty()),
        body,
        form,
        now: world.now(),
        switches: world.switches(),
        limits: Vec::new(),
    };
    let mut met = line.look_at(|| world.carry_out(place, &call, &given)).await;
    if let Some(letter) = met.answer.errand.take() {
        let done = courier::errand(world, *letter).await;
        world.keep(&call, &given, &done);
        met.answer = Answer { headers: met.answer.headers, ..done };
    }
    deliver(world, &head, entry, met, line).await
}

/// A request to the second origin.
async fn file(
    world: &World,
    head: &Parts,
    path: &str,
    body: impl Arrives,
    line: &Line,
) -> Result<Reply, End> {
    let query = pairs(head.uri.query().unwrap_or_default());
    let given = given(&head.headers, &query, None);
    let now = world.now();
    let mut entry = files::entry(Entry::of(head, &query, &given, line, now));
    match files::read(head.method.as_str(), path, query, patient(body), now).await {
        Ok(call) => {
            entry.body_bytes = call.size;
            entry.body_sha256.clone_from(&call.sha256);
            let met = line.look_at(|| world.file(&call)).await;
            deliver(world, head, entry, met, line).await
        }
        Err(refused) => Ok(noted(world, entry, refused)),
    }
}

/// Notes what came of a request, and lets the fault that it met happen.
async fn deliver(
    world: &World,
    head: &Parts,
    mut entry: Entry,
    Met { fault, answer }: Met,
    line: &Line,
) -> Result<Reply, End> {
    let Some(fault) = fault else { return Ok(noted(world, entry, answer)) };
    // Noted before it is met: some faults never end.
    entry.status = fault.status.unwrap_or(if fault.replaces() { 0 } else { answer.status });
    let answer = world.stamped(entry.service, answer);
    world.note(entry);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let own = [world.origin(line.scheme()), world.files_origin(line.scheme())];
    reply(&fault, answer, target, &own, line).await
}

fn noted(world: &World, mut entry: Entry, answer: Answer) -> Reply {
    let answer = world.stamped(entry.service, answer);
    entry.status = answer.status;
    entry.answer_bytes = answer.body.len() as u64;
    world.note(entry);
    Reply::whole(answer)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A header that came twice is one with a comma, as HTTP has it: two credentials are none.
fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let all: Vec<&str> = headers.get_all(name).iter().filter_map(|one| one.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn given(
    headers: &HeaderMap,
    query: &[(String, String)],
    operation: Option<&'static Operation>,
) -> Given {
    let by_token = operation.and_then(|operation| {
        operation.security.iter().find_map(|scheme| match scheme {
            Scheme::ApiKeyQuery(name) => Some(*name),
            _ => None,
        })
    });
    let token = by_token
        .and_then(|wanted| query.iter().find(|(name, _)| name == wanted))
        .map(|(_, value)| value.clone());
    Given {
        authorization: joined(headers, "authorization"),
        api_key: joined(headers, "x-api-key"),
        token,
    }
}

/// Reads a body: JSON as a value, a form part by part.
async fn read(
    headers: &HeaderMap,
    body: impl Arrives,
    operation: &Operation,
    entry: &mut Entry,
) -> Result<(Value, Form), Answer> {
    if body.is_end_stream() {
        return Ok((Value::Null, Form::default()));
    }
    let service = operation.service;
    let content_type = text(headers, "content-type").unwrap_or_default();
    let takes_json = matches!(operation.body, Body::Json { .. });
    let takes_form = matches!(operation.body, Body::Multipart { .. });
    let should_be = |media: &str| {
        let message = format!("The Content-Type of the body should be {media}.");
        refuse(service, 415, bad_body_code(service), &message, None)
    };
    let announced = body.size_hint().lower();
    let too_large = |limit: &str| {
        let message = format!("The body is larger than {limit}.");
        refuse(service, 413, bad_body_code(service), &message, None)
    };
    let bad = |why: &str| refuse(service, 400, bad_body_code(service), why, None);
    let body = patient(body);
    if content_type.starts_with("multipart/form-data") {
        if announced > form::LARGEST {
            return Err(too_large("5 GiB"));
        }
        if takes_json {
            return Err(should_be("application/json"));
        }
        let unread =
            |Unread { status, why }| refuse(service, status, bad_body_code(service), &why, None);
        let form = form::read(body, &content_type).await.map_err(unread)?;
        entry.body_bytes = form.size();
        let hashes: Vec<&str> = form.files.iter().map(|file| file.sha256.as_str()).collect();
        entry.body_sha256 = hashes.join(" ");
        return Ok((Value::Null, form));
    }
    if announced > LARGEST_BODY as u64 {
        return Err(too_large("16 MiB"));
    }
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| bad("The body did not come to its end."))?;
        if bytes.len() + piece.len() > LARGEST_BODY {
            return Err(too_large("16 MiB"));
        }
        bytes.extend_from_slice(&piece);
    }
    if bytes.is_empty() {
        return Ok((Value::Null, Form::default()));
    }
    if takes_form {
        return Err(should_be("multipart/form-data"));
    }
    if takes_json && !is_json(&content_type) {
        return Err(should_be("application/json"));
    }
    entry.body_bytes = bytes.len() as u64;
    entry.body_sha256 = sha256_hex(&bytes);
    let body = serde_json::from_slice(&bytes).map_err(|_| bad("The body is not valid JSON."))?;
    Ok((body, Form::default()))
}

/// `application/json`, `application/merge-patch+json`, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media.starts_with("application/") && media.ends_with("+json")
}

/// The pieces of a body, as long as they keep coming.
fn patient(body: impl Arrives) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
    let pieces = BodyDataStream::new(body);
    futures_util::stream::unfold(pieces, |mut pieces| async {
        let piece = match tokio::time::timeout(BODY_PATIENCE, pieces.next()).await {
            Ok(piece) => piece?.map_err(std::io::Error::other),
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        };
        Some((piece, pieces))
    })
}

fn bad_body_code(service: Service) -> &'static str {
    match service {
        Service::ApiVideo => "invalid-attribute",
        Service::TwelveLabs => "parameter_invalid",
        Service::VideoVector => "invalid_request",
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decode =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}
