//! api.video's access token of one hour, exchanged for the API key and kept alive.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use framekey_catalog::{Bearer, Operation, Scheme, Service};
use framekey_runtime::{
    Applied, Body, BoxFuture, CredentialKind, Error, ErrorKind, Repair, Request, Secret, Session,
    Time,
};
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use serde_json::{Value, json};

use crate::{Credential, Provenance};

/// How an expired access token is renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// By exchanging the key again; the refresh token is dropped as soon as it is read.
    #[default]
    Exchange,
    /// By the refresh token, and by the key where that is refused.
    RefreshFirst,
}

/// The lifetime where the service does not say one (its documentation: 3600 s).
const DEFAULT_LIFE: f64 = 3600.0;
/// No lifetime is believed beyond this.
const LONGEST_LIFE: f64 = 86_400.0;

/// Exchanges an API key for a bearer token of one hour. All callers share one exchange, and one
/// token; a token that the service refuses is replaced once.
pub struct DisposableTokenCredential(Arc<Cell>);

struct Cell {
    /// Sends the exchange; without credentials, bound to the same origin as the calls.
    session: Session,
    key: Secret,
    renewal: Renewal,
    from: Provenance,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    generation: u64,
    token: Option<Arc<Token>>,
    refresh: Option<Secret>,
    flight: Option<Flight>,
}

type Flight = Shared<BoxFuture<'static, Result<Arc<Token>, Error>>>;

struct Token {
    generation: u64,
    header: Secret,
    sent: Time,
    life: Duration,
}

impl Token {
    /// Measured from when the exchange was sent, on the clock that ran further: safe against slow
    /// answers, suspended machines and clocks that are set forward.
    fn is_good(&self, now: Time) -> bool {
        let elapsed = now
            .monotonic
            .saturating_sub(self.sent.monotonic)
            .max(now.wall.saturating_sub(self.sent.wall));
        let skew = (self.life / 100).clamp(Duration::from_secs(1), Duration::from_secs(30));
        elapsed + skew < self.life
    }
}

impl DisposableTokenCredential {
    /// A cleaned key, and a session without credentials to exchange it by.
    #[must_use]
    pub fn new(key: Secret, renewal: Renewal, from: Provenance, session: Session) -> Self {
        DisposableTokenCredential(Arc::new(Cell {
            session,
            key,
            renewal,
            from,
            state: Mutex::default(),
        }))
    }

    fn current(&self) -> Result<Arc<Token>, Flight> {
        let now = self.0.session.platform().clock.now();
        let mut state = self.0.lock();
        if let Some(token) = state.token.as_ref().filter(|token| token.is_good(now)) {
            return Ok(Arc::clone(token));
        }
        if let Some(flight) = &state.flight {
            return Err(flight.clone());
        }
        let cell = Arc::clone(&self.0);
        let work: BoxFuture<'static, _> = Box::pin(async move { cell.renew().await });
        let flight = work.shared();
        state.flight = Some(flight.clone());
        // Detached, so that a caller who gives up does not take the others' token along.
        let detached = flight.clone();
        self.0.session.platform().spawn.spawn(Box::pin(async move { drop(detached.await) }));
        Err(flight)
    }
}

impl Cell {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing that panics runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(self: Arc<Self>) -> Result<Arc<Token>, Error> {
        let outcome = self.fetch().await;
        let mut state = self.lock();
        state.flight = None;
        let (mut token, refresh) = outcome?;
        state.generation += 1;
        token.generation = state.generation;
        let token = Arc::new(token);
        state.token = Some(Arc::clone(&token));
        state.refresh = refresh.filter(|_| self.renewal == Renewal::RefreshFirst);
        Ok(token)
    }

    async fn fetch(&self) -> Result<(Token, Option<Secret>), Error> {
        // Taken out before it is used: a refresh token is presented once.
        let refresh = self.lock().refresh.take();
        if let Some(refresh) = refresh {
            let body = json!({ "refreshToken": refresh.expose() });
            match self.post("access_tokens.refresh", &body).await {
                Err(error) if matches!(error.status(), Some(400 | 401 | 403)) => {}
                outcome => return outcome,
            }
        }
        self.post("access_tokens.create", &json!({ "apiKey": self.key.expose() })).await.map_err(|error| {
            match error.status() {
                Some(status @ (400 | 401 | 403)) => {
                    let said = error.server().and_then(|server| server.code.clone()).unwrap_or_default();
                    Error::new(
                        ErrorKind::Authentication,
                        "auth.exchange_refused",
                        format!(
                            "api.video refused to exchange the API key from {} for an access token ({status}, {said}). \
                             Sandbox and production have keys of their own; is this one for this host?",
                            self.from
                        ),
                    )
                    .with_answer(status, error.server().cloned().unwrap_or_default(), None)
                }
                _ => Error::new(
                    ErrorKind::Credential,
                    "auth.exchange_unavailable",
                    format!("could not obtain an access token: {}", error.message()),
                ),
            }
            .because(error)
        })
    }

    async fn post(&self, id: &str, body: &Value) -> Result<(Token, Option<Secret>), Error> {
        let operation = find(id)?;
        let mut request = Request { path: operation.path.to_owned(), ..Request::default() };
        request.headers.push("content-type", "application/json");
        request.body = Body::Bytes(body.to_string().into());
        let sent = self.session.platform().clock.now();
        let response = self.session.send(operation, request).await?;
        read_token(&response.body, sent)
    }
}

fn find(id: &str) -> Result<&'static Operation, Error> {
    framekey_catalog::find(Service::ApiVideo, id).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "internal", format!("no operation {id} in the table"))
    })
}

/// Reads a token answer. Its texts are never quoted in errors.
fn read_token(body: &[u8], sent: Time) -> Result<(Token, Option<Secret>), Error> {
    let bad =
        |why: &str| Error::new(ErrorKind::Decode, "decode.body", format!("the token answer {why}"));
    let answer: Value = serde_json::from_slice(body).map_err(|_| bad("is not JSON"))?;
    let text =
        |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let access = text("access_token").ok_or_else(|| bad("has no access_token"))?;
    if access.bytes().any(|b| !(0x21..0x7f).contains(&b)) {
        return Err(bad("has an access_token that a header cannot carry"));
    }
    if !text("token_type").unwrap_or("Bearer").eq_ignore_ascii_case("bearer") {
        return Err(bad("has a token_type that is not Bearer"));
    }
    let life = match answer.get("expires_in") {
        None | Some(Value::Null) => DEFAULT_LIFE,
        Some(Value::String(text)) => text.trim().parse().unwrap_or(f64::NAN),
        Some(value) => value.as_f64().unwrap_or(f64::NAN),
    };
    if life.is_nan() || life <= 0.0 {
        return Err(bad("has an expires_in that is not a positive number of seconds"));
    }
    let token = Token {
        generation: 0,
        header: Secret::new(format!("Bearer {access}")),
        sent,
        life: Duration::from_secs_f64(life.min(LONGEST_LIFE)),
    };
    Ok((token, text("refresh_token").map(Secret::new)))
}

impl Credential for DisposableTokenCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::AccessToken
    }

    fn provenance(&self) -> Provenance {
        self.0.from
    }

    fn fits(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Bearer(Bearer::Any)
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async move {
            let token = match self.current() {
                Ok(token) => token,
                Err(flight) => flight.await?,
            };
            Ok(Applied {
                kind: CredentialKind::AccessToken,
                headers: vec![("authorization", token.header.duplicate())],
                query: Vec::new(),
                generation: token.generation,
            })
        })
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        // An old refusal must not throw a newer token away.
        let mut state = self.0.lock();
        if state.token.as_ref().is_some_and(|token| token.generation == applied.generation) {
            state.token = None;
        }
        Box::pin(std::future::ready(Repair::Resend))
    }
}
