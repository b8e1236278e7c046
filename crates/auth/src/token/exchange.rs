//! One attempt on the wire: a key or a refresh token goes out, a token comes back.

use std::time::Duration;

use framekey_catalog::{Operation, Service};
use framekey_runtime::{
    Body, Error, ErrorKind, Json, Object, Request, Seconds, Secret, Session, Time, Value,
};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};

use super::flight::{Fault, Means, Order};
use super::life;

/// A token answer larger than this is not one.
const LARGEST_ANSWER: usize = 64 << 10;
/// Room for one of the usual size at once: a buffer that grows leaves its old places as they are.
const USUAL_ANSWER: usize = 4 << 10;

/// What an exchange gives.
pub(super) struct Granted {
    /// `Bearer …`.
    pub(super) header: Secret,
    pub(super) life: Duration,
    pub(super) refresh: Option<Secret>,
    /// When it was asked for; or found, if it was.
    pub(super) sent: Time,
    /// How old it was then, if it was found in a store.
    pub(super) found: Option<Duration>,
}

/// Why it gave nothing.
pub(super) struct Denied {
    pub(super) fault: Fault,
    /// Without the secret that was sent, should the service have echoed it: the room hides it.
    pub(super) error: Error,
}

/// Makes one attempt, within its limit.
pub(super) async fn attempt(
    session: &Session,
    order: Order,
    secret: &Secret,
) -> Result<Granted, Denied> {
    let clock = &session.platform().clock;
    let sent = clock.now();
    let work = Box::pin(exchange(session, order.means, secret, sent));
    match select(work, clock.sleep(order.limit)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(Denied {
            fault: Fault::Unknown,
            error: Error::new(
                ErrorKind::Timeout,
                "timeout.deadline",
                format!("no token answer within {} s", Seconds(order.limit)),
            ),
        }),
    }
}

async fn exchange(
    session: &Session,
    means: Means,
    secret: &Secret,
    sent: Time,
) -> Result<Granted, Denied> {
    let (id, field) = match means {
        Means::Key => ("access_tokens.create", "apiKey"),
        Means::Refresh => ("access_tokens.refresh", "refreshToken"),
    };
    let mut body = Object::new();
    body.insert(field.to_owned(), Value::String(secret.expose().to_owned()));
    let operation = find(id).map_err(|error| Denied { fault: Fault::Unsent, error })?;
    let mut request = Request { path: operation.path.to_owned(), ..Request::default() };
    request.headers.push("content-type", "application/json");
    let json = session.platform().json.as_ref();
    let mut body = Value::Object(body);
    // Overwritten when the last attempt lets go of it.
    request.body = Body::Bytes(Secret::new(json.write(&body)).into_bytes());
    drop(taken(&mut body, field));
    // As a stream, so that its size can be bounded.
    request.streamed = true;
    let answer = match session.send(operation, request).await {
        Ok(answer) => answer,
        Err(error) => return Err(denied(error)),
    };
    let mut bytes = Vec::with_capacity(USUAL_ANSWER);
    bytes.extend_from_slice(&answer.body);
    if let Some(mut stream) = answer.stream {
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(denied)?;
            if bytes.len() + piece.len() > LARGEST_ANSWER {
                let error = bad("is larger than 64 KiB");
                return Err(Denied { fault: Fault::Unknown, error });
            }
            bytes.extend_from_slice(&piece);
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => read(json, &Secret::new(text), sent),
        Err(_) => Err(Denied { fault: Fault::Unknown, error: bad("is not JSON") }),
    }
}

/// Takes a text out of an object, so that nothing is left of it there.
fn taken(object: &mut Value, name: &str) -> Option<Secret> {
    match object.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Some(Secret::new(text)),
        _ => None,
    }
}

fn find(id: &str) -> Result<&'static Operation, Error> {
    framekey_catalog::find(Service::ApiVideo, id).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "internal", format!("no operation {id} in the table"))
    })
}

fn denied(error: Error) -> Denied {
    let said = error.server().is_some_and(|said| said.code.is_some() || said.message.is_some());
    let fault = match error.status() {
        // Without a readable body it may be a proxy's word, and is not to be relied on.
        Some(400 | 401 | 403) if said => Fault::Refused,
        Some(429) => Fault::Unsent,
        None if matches!(error.code(), "net.connect" | "net.tls") => Fault::Unsent,
        _ => Fault::Unknown,
    };
    Denied { fault, error }
}

fn bad(why: &str) -> Error {
    Error::new(ErrorKind::Decode, "decode.body", format!("the token answer {why}"))
}

/// Reads a token answer. Its texts are never quoted in errors.
fn read(json: &dyn Json, body: &Secret, sent: Time) -> Result<Granted, Denied> {
    let odd = |why: &str| Denied { fault: Fault::Unknown, error: bad(why) };
    let mut answer = json.read(body.expose().as_bytes()).ok_or_else(|| odd("is not JSON"))?;
    let mut secret = |name: &str| taken(&mut answer, name).filter(|text| !text.expose().is_empty());
    let access = secret("access_token").ok_or_else(|| odd("has no access_token"))?;
    let refresh = secret("refresh_token");
    let access = access.expose();
    if access.bytes().any(|b| !(0x21..0x7f).contains(&b)) {
        return Err(odd("has an access_token that a header cannot carry"));
    }
    // One that is left out is `bearer`: the service's document has that as its default.
    let kind = answer.get("token_type").map_or(Some("bearer"), Value::as_str);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(odd("has a token_type that is not Bearer"));
    }
    let life = lifetime(answer.get("expires_in")).ok_or_else(|| Denied {
        fault: Fault::Unusable,
        error: bad("has an expires_in that is not a positive number of seconds"),
    })?;
    let header = Secret::new(["Bearer ", access].concat());
    Ok(Granted { header, life, refresh, sent, found: None })
}

fn lifetime(given: Option<&Value>) -> Option<Duration> {
    match given {
        None | Some(Value::Null) => Some(life::DEFAULT),
        Some(value) => Seconds::read(value).filter(|life| !life.is_zero()),
    }
}
