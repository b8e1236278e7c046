//! Accepts connections, and tells the control plane's requests from the services'.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::clock::pause;
use crate::connection::{self, Line};
use crate::fault::{Body, End, Reply};
use crate::request::Arrives;
use crate::world::World;
use crate::{control, request};

/// A client that never ends its request must not keep the emulator.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bodies that are not forms are refused beyond this.
pub(crate) const LARGEST_BODY: usize = 16 << 20;

/// A state has all that the services keep.
const LARGEST_STATE: usize = 1 << 30;

/// Serves until `stopped`, then waits for the requests in progress, for two seconds at most.
pub(crate) async fn serve(
    listeners: [TcpListener; 2],
    world: Arc<World>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Dropping the sender says the same as sending.
            _ = &mut stopped => break,
            accepted = accept(&listeners) => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, Arc::clone(&world), stopping.clone()));
                }
                // No descriptor is left: those who are here must go first.
                Err(_) => pause(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listeners);
    let _ = stop.send(());
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(PATIENCE, all).await;
}

/// The next connection to either origin.
async fn accept([one, other]: &[TcpListener; 2]) -> std::io::Result<(TcpStream, SocketAddr)> {
    tokio::select! {
        accepted = one.accept() => accepted,
        accepted = other.accept() => accepted,
    }
}

/// Answers a request, or says how its connection ends.
pub(crate) async fn handle(
    world: &World,
    request: Request<impl Arrives>,
    line: &Line,
) -> Result<Response<Body>, End> {
    if request.method() == Method::OPTIONS {
        return Ok(preflight());
    }
    let reply = match request.uri().path().strip_prefix("/__emulator/") {
        Some(switch) => {
            let switch = switch.to_owned();
            Reply::whole(controlled(world, request, &switch).await)
        }
        None => request::serve(world, request, line).await?,
    };
    Ok(respond(reply))
}

async fn controlled(world: &World, request: Request<impl Arrives>, switch: &str) -> Answer {
    let method = request.method().clone();
    let limit = if switch == "state" { LARGEST_STATE } else { LARGEST_BODY };
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => control::answer(world, method.as_str(), switch, &body.to_bytes()),
        Err(_) => Answer::json(
            413,
            &serde_json::json!({ "error": format!("larger than {} MiB", limit >> 20) }),
        ),
    }
}

fn respond(reply: Reply) -> Response<Body> {
    let Reply { answer, body } = reply;
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.media.is_empty() {
        headers.insert("content-type", HeaderValue::from_static(answer.media));
    }
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name.as_ref());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    // Pages of any origin may call: it is a test bed on loopback.
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    headers.insert("access-control-expose-headers", HeaderValue::from_static("*"));
    response
}

fn preflight() -> Response<Body> {
    let mut response = respond(Reply::whole(Answer::of(204, "", Bytes::new())));
    let headers = response.headers_mut();
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
    headers.insert("access-control-max-age", HeaderValue::from_static("600"));
    response
}
