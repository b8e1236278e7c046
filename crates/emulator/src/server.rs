//! From HTTP to a call and back.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use framekey_catalog::{Operation, Scheme, Service};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::answer::{Answer, no_route, refuse};
use crate::call::Call;
use crate::credential::Given;
use crate::form::{self, Form};
use crate::journal::{Entry, sha256_hex};
use crate::world::{Place, World};
use crate::{control, router};

/// Bodies that are not forms are refused beyond this.
const LARGEST_BODY: usize = 16 << 20;

pub(crate) async fn serve(
    listener: TcpListener,
    world: Arc<World>,
    stopped: oneshot::Receiver<()>,
) {
    let app = Router::new().fallback(handle).with_state(world);
    let served = axum::serve(listener, app).with_graceful_shutdown(async move {
        // Dropping the sender says the same as sending.
        let _ = stopped.await;
    });
    // The listener is ours until the end; accept errors are retried by axum.
    let _ = served.await;
}

async fn handle(State(world): State<Arc<World>>, request: Request) -> Response {
    let answer = if request.method() == Method::OPTIONS {
        Answer::empty(204)
    } else {
        let path = request.uri().path().to_owned();
        match path.strip_prefix("/__emulator/") {
            Some(switch) => controlled(&world, request, switch).await,
            None => served(&world, request, &path).await,
        }
    };
    to_response(answer)
}

async fn controlled(world: &World, request: Request, switch: &str) -> Answer {
    let method = request.method().clone();
    match axum::body::to_bytes(request.into_body(), LARGEST_BODY).await {
        Ok(body) => control::answer(world, method.as_str(), switch, &body),
        Err(_) => Answer::empty(413),
    }
}

/// The place of a path, and the rest of it.
fn place(path: &str) -> Option<(Place, &str)> {
    Place::ALL.into_iter().find_map(|place| {
        let rest = path.strip_prefix(place.prefix())?;
        rest.starts_with('/').then_some((place, rest))
    })
}

async fn served(world: &World, request: Request, path: &str) -> Answer {
    let Some((place, rest)) = place(path) else {
        return Answer::json(
            404,
            &serde_json::json!({ "error": "no service is here; GET /__emulator/info says where they are" }),
        );
    };
    let method = request.method().as_str().to_owned();
    let query = pairs(request.uri().query().unwrap_or_default());
    let found = router::find(place.service(), &method, rest);
    let operation = found.as_ref().map(|(operation, _)| *operation);
    let given = given(request.headers(), &query, operation);
    let mut entry = Entry {
        number: 0,
        service: Some(place.service()),
        sandbox: place == Place::Sandbox,
        operation: operation.map(|operation| operation.id),
        method,
        path: operation.map(|operation| operation.path),
        query_names: query.iter().map(|(name, _)| name.clone()).collect(),
        status: 0,
        body_bytes: 0,
        body_sha256: String::new(),
        credential: given.presented(),
        time: world.now().seconds(),
    };
    let answer = match found {
        None => no_route(place.service()),
        Some((operation, path)) => match read(request, operation.service, &mut entry).await {
            Err(refused) => refused,
            Ok((body, form, content_range)) => {
                let base_url = place.base_url(world.address());
                let now = world.now();
                let call =
                    Call { operation, base_url, path, query, content_range, body, form, now };
                world.carry_out(place, &call, &given)
            }
        },
    };
    entry.status = answer.status;
    world.note(entry);
    answer
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
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
        authorization: text(headers, "authorization"),
        api_key: text(headers, "x-api-key"),
        token,
    }
}

type Body3 = (Value, Form, Option<String>);

async fn read(request: Request, service: Service, entry: &mut Entry) -> Result<Body3, Answer> {
    let content_type = text(request.headers(), "content-type").unwrap_or_default();
    let content_range = text(request.headers(), "content-range");
    let bad = |why: &str| refuse(service, 400, bad_body_code(service), why, None);
    if content_type.starts_with("multipart/form-data") {
        let form = form::read(request.into_body(), &content_type).await.map_err(|why| bad(&why))?;
        entry.body_bytes = form.size();
        let hashes: Vec<&str> = form.files.iter().map(|file| file.sha256.as_str()).collect();
        entry.body_sha256 = hashes.join(" ");
        return Ok((Value::Null, form, content_range));
    }
    let bytes = axum::body::to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| {
        refuse(service, 413, bad_body_code(service), "The body is larger than 16 MiB.", None)
    })?;
    if bytes.is_empty() {
        return Ok((Value::Null, Form::default(), content_range));
    }
    entry.body_bytes = bytes.len() as u64;
    entry.body_sha256 = sha256_hex(&bytes);
    let body = serde_json::from_slice(&bytes).map_err(|_| bad("The body is not valid JSON."))?;
    Ok((body, Form::default(), content_range))
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

fn to_response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.media.is_empty() {
        headers.insert("content-type", HeaderValue::from_static(answer.media));
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    // Pages of any origin may call: it is a test bed on loopback.
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    headers.insert(
        "access-control-allow-headers",
        HeaderValue::from_static(
            "authorization, content-type, content-range, idempotency-key, x-api-key, \
             av-origin-client, av-origin-app, av-origin-sdk",
        ),
    );
    headers.insert(
        "access-control-allow-methods",
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
    );
    headers.insert("access-control-expose-headers", HeaderValue::from_static("*"));
    headers.insert("access-control-max-age", HeaderValue::from_static("600"));
    response
}
