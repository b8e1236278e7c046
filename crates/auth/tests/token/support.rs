//! A small api.video under virtual time: it gives tokens, knows which are good, and fails as told.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use framekey_auth::store::TokenStore;
use framekey_auth::{
    Credential, CredentialSet, DisposableTokenCredential, GivenSession, HeldKey, Provenance,
    Renewal, TokenEvent,
};
use framekey_catalog::{Bearer, Scheme, Service, find};
use framekey_runtime::native::TokioSpawn;
use framekey_runtime::{
    BaseUrl, Body, BoxFuture, Bytes, Clock, Error, Headers, HttpRequest, HttpResponse, Platform,
    Random, Request, Response, Secret, SerdeJson, Session, Stage, Time, Transport, TransportError,
};
use futures_util::stream;

pub(crate) const KEY: &str = "canary-key";
pub(crate) const WRONG: &str =
    r#"{"type":"https://x/authentication-invalid-user-credentials","title":"canary-key is wrong"}"#;

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// tokio's clock, which jumps to the next timer when nothing else is to do, and a wall clock that
/// can be set.
#[derive(Clone)]
pub(crate) struct VirtualClock {
    start: tokio::time::Instant,
    wall: Arc<AtomicI64>,
}

impl VirtualClock {
    pub(crate) fn new() -> Self {
        VirtualClock { start: tokio::time::Instant::now(), wall: Arc::default() }
    }

    /// Sets the wall clock forward or back, in seconds.
    pub(crate) fn step_wall(&self, by: i64) {
        self.wall.fetch_add(by, SeqCst);
    }

    pub(crate) fn at(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        let monotonic = self.start.elapsed();
        let wall = 1_800_000_000_i64.saturating_add(self.wall.load(SeqCst));
        let wall = Duration::from_secs(u64::try_from(wall).unwrap_or_default());
        Time { monotonic, wall: wall + monotonic }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Random numbers that a seed repeats (splitmix64).
pub(crate) struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// What a token endpoint does with one request.
#[derive(Clone)]
pub(crate) enum Play {
    /// A token; `expires_in` as it stands in the answer.
    Token(&'static str),
    Answer(u16, &'static str),
    /// With a `Retry-After`.
    Later(u16, &'static str),
    Fault(Stage),
    /// The token answer, cut after this many bytes.
    Torn(usize),
    /// The token answer in pieces of one byte, a second apart.
    Drip,
    Stall,
    Panic,
}

/// The number of the request among those to token endpoints, and when it came.
pub(crate) type Rule = dyn Fn(usize, Duration) -> Play + Send + Sync;

/// What the service counted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) exchanges: usize,
    pub(crate) refreshes: usize,
    pub(crate) calls: usize,
    /// Calls with a token that was past its end or revoked.
    pub(crate) dead: usize,
    /// Refresh tokens that came a second time: the family is lost.
    pub(crate) reused: usize,
}

#[derive(Default)]
struct Books {
    sums: Sums,
    /// When token endpoints were asked.
    asked: Vec<Duration>,
    /// The keys that were exchanged.
    keys: Vec<String>,
    /// The only key that is right, if not every key is.
    accepts: Option<&'static str>,
    /// Done once, when the next exchange arrives.
    then: Option<Box<dyn FnOnce() + Send>>,
    /// Tokens and their ends.
    tokens: HashMap<String, Duration>,
    revoked: HashSet<String>,
    /// Refresh tokens that can still be used; others were used, or never given.
    refresh: HashSet<String>,
}

#[derive(Clone)]
pub(crate) struct ApiVideo {
    pub(crate) clock: VirtualClock,
    books: Arc<Mutex<Books>>,
    rule: Arc<Rule>,
    delay: Duration,
    /// Answers 401 to every call.
    pub(crate) refuses: Arc<Mutex<bool>>,
}

impl Transport for ApiVideo {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let service = self.clone();
        Box::pin(async move {
            service.clock.sleep(service.delay).await;
            match request.url.trim_start_matches("https://ws.example") {
                "/auth/api-key" => service.token(&request, "apiKey").await,
                "/auth/refresh" => service.token(&request, "refreshToken").await,
                _ => service.call(&request),
            }
        })
    }
}

impl ApiVideo {
    pub(crate) fn new(rule: impl Fn(usize, Duration) -> Play + Send + Sync + 'static) -> Self {
        ApiVideo {
            clock: VirtualClock::new(),
            books: Arc::default(),
            rule: Arc::new(rule),
            delay: Duration::from_millis(20),
            refuses: Arc::default(),
        }
    }

    /// One that always gives tokens of an hour.
    pub(crate) fn well() -> Self {
        ApiVideo::new(|_, _| Play::Token("3600"))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// What was counted so far.
    pub(crate) fn sums(&self) -> Sums {
        self.books().sums
    }

    /// When token endpoints were asked.
    pub(crate) fn asked(&self) -> Vec<Duration> {
        self.books().asked.clone()
    }

    /// The keys that were exchanged.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.books().keys.clone()
    }

    /// Refuses every other key.
    pub(crate) fn accept_only(&self, key: &'static str) {
        self.books().accepts = Some(key);
    }

    /// Does this once, when the next exchange arrives.
    pub(crate) fn at_exchange(&self, then: impl FnOnce() + Send + 'static) {
        self.books().then = Some(Box::new(then));
    }

    /// Makes every token that was given so far a bad one.
    pub(crate) fn revoke_all(&self) {
        let mut books = self.books();
        let all: Vec<String> = books.tokens.keys().cloned().collect();
        books.revoked.extend(all);
    }

    fn call(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut books = self.books();
        books.sums.calls += 1;
        let token = request.headers.get("authorization").unwrap().trim_start_matches("Bearer ");
        let good = books.tokens.get(token).is_some_and(|end| self.clock.at() < *end)
            && !books.revoked.contains(token);
        books.sums.dead += usize::from(!good);
        if good && !*self.refuses.lock().unwrap() {
            return Ok(answer(200, "{}"));
        }
        Ok(answer(401, r#"{"title":"The access token is unknown or expired"}"#))
    }

    async fn token(
        &self,
        request: &HttpRequest,
        field: &str,
    ) -> Result<HttpResponse, TransportError> {
        let (play, number) = {
            let mut books = self.books();
            let number = books.asked.len();
            books.asked.push(self.clock.at());
            let refreshes = field == "refreshToken";
            books.sums.exchanges += usize::from(!refreshes);
            books.sums.refreshes += usize::from(refreshes);
            let play = (self.rule)(number, self.clock.at());
            if let Some(then) = books.then.take() {
                then();
            }
            if !refreshes {
                let key = sent_text(request, field);
                let right = books.accepts.is_none_or(|accepts| accepts == key);
                books.keys.push(key);
                if !right {
                    return Ok(answer(400, WRONG));
                }
            }
            // What never arrived uses no refresh token up.
            let arrives = !matches!(play, Play::Fault(Stage::Connect | Stage::Tls));
            if refreshes && arrives && !books.refresh.remove(&sent_text(request, field)) {
                books.sums.reused += 1;
                return Ok(answer(400, r#"{"title":"unknown refresh token"}"#));
            }
            (play, number)
        };
        match play {
            Play::Token(life) => Ok(answer(200, self.grant(number, life))),
            Play::Answer(status, body) => Ok(answer(status, body)),
            Play::Later(status, wait) => {
                let mut answer = answer(status, "{}");
                answer.headers.push("retry-after", wait);
                Ok(answer)
            }
            Play::Fault(stage) => Err(fault(stage)),
            Play::Torn(after) => {
                let mut body = self.grant(number, "3600");
                body.truncate(after);
                let pieces = [Ok(Bytes::from(body)), Err(fault(Stage::Answering))];
                Ok(HttpResponse { body: Box::pin(stream::iter(pieces)), ..answer(200, "") })
            }
            Play::Drip => {
                let body = self.grant(number, "3600").into_bytes();
                let clock = self.clock.clone();
                let pieces =
                    stream::unfold((body.into_iter(), clock), |(mut left, clock)| async move {
                        clock.sleep(seconds(1)).await;
                        let byte = left.next()?;
                        Some((Ok(Bytes::from(vec![byte])), (left, clock)))
                    });
                Ok(HttpResponse { body: Box::pin(pieces), ..answer(200, "") })
            }
            Play::Stall => std::future::pending().await,
            Play::Panic => panic!("the transport panics, as told"),
        }
    }

    pub(crate) fn grant(&self, number: usize, life: &str) -> String {
        let real = life.trim_matches('"').parse::<f64>().unwrap_or(3600.0).clamp(0.0, 1e6);
        let real = Duration::try_from_secs_f64(real).unwrap_or_default();
        let mut books = self.books();
        books.tokens.insert(format!("at-{number}"), self.clock.at() + real);
        books.refresh.insert(format!("rt-{number}"));
        format!(
            r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"at-{number}","refresh_token":"rt-{number}"}}"#
        )
    }

    /// A client of this service.
    pub(crate) fn client(&self, renewal: Renewal, seed: u64) -> Client {
        let key = |bare| {
            DisposableTokenCredential::new(HeldKey::fixed(Secret::new(KEY), FROM), renewal, bare)
        };
        self.client_with(seed, key)
    }

    /// A client that was given a session and no key.
    pub(crate) fn session_client(&self, seed: u64) -> Client {
        self.grant(999_999, "3600");
        let given = GivenSession {
            access_token: Some(Secret::new("at-999999")),
            expires_in: None,
            refresh_token: Some(Secret::new("rt-999999")),
        };
        self.client_with(seed, |bare| DisposableTokenCredential::from_session(given, FROM, bare))
    }

    /// A client that shares its token through `store`.
    pub(crate) fn client_in(&self, store: Arc<dyn TokenStore>, seed: u64) -> Client {
        let key = HeldKey::fixed(Secret::new(KEY), FROM);
        self.client_with(seed, |bare| {
            DisposableTokenCredential::new(key, Renewal::Exchange, bare).stored_in(store).unwrap()
        })
    }

    pub(crate) fn client_with(
        &self,
        seed: u64,
        make: impl FnOnce(Session) -> DisposableTokenCredential,
    ) -> Client {
        let platform = Platform {
            transport: Arc::new(self.clone()),
            clock: Arc::new(self.clock.clone()),
            spawn: Arc::new(TokioSpawn),
            random: Arc::new(Seeded(AtomicU64::new(seed))),
            json: Arc::new(SerdeJson),
        };
        let base = BaseUrl::parse("https://ws.example").unwrap();
        let bare = Session::builder(Service::ApiVideo, base, platform).build();
        let events: Arc<Mutex<Vec<TokenEvent>>> = Arc::default();
        let notes = Arc::clone(&events);
        let credential = make(bare.clone())
            .watched_by(move |event: &TokenEvent| notes.lock().unwrap().push(event.clone()));
        let held: Vec<Box<dyn Credential>> = vec![Box::new(credential.clone())];
        let set = CredentialSet::new(Service::ApiVideo, held, String::new());
        Client { credential, session: bare.with_credentials(Arc::new(set)), events }
    }
}

pub(crate) const FROM: Provenance = Provenance::Environment("APIVIDEO_API_KEY");

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) credential: DisposableTokenCredential,
    pub(crate) session: Session,
    pub(crate) events: Arc<Mutex<Vec<TokenEvent>>>,
}

impl Client {
    /// The token that a call would carry: its generation.
    pub(crate) async fn token(&self) -> Result<u64, Error> {
        self.credential.apply(Scheme::Bearer(Bearer::Any)).await.map(|applied| applied.generation)
    }

    /// A whole call.
    pub(crate) async fn list(&self) -> Result<Response, Error> {
        let operation = find(Service::ApiVideo, "videos.list").unwrap();
        self.session
            .send(operation, Request { path: "/videos".to_owned(), ..Request::default() })
            .await
    }

    /// `count` calls at the same time, as tasks of their own.
    pub(crate) async fn lists(&self, count: usize) -> Vec<Result<(), Error>> {
        let calls: Vec<_> = (0..count)
            .map(|_| {
                let client = self.clone();
                tokio::spawn(async move { client.list().await.map(|_| ()) })
            })
            .collect();
        let mut outcomes = Vec::with_capacity(count);
        for call in calls {
            outcomes.push(call.await.unwrap());
        }
        outcomes
    }

    /// What the watch heard of the store.
    pub(crate) fn store_troubles(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let troubles = events.iter().filter_map(|event| match event {
            TokenEvent::StoreUnused { problem } => Some(problem.clone()),
            _ => None,
        });
        troubles.collect()
    }

    /// Cycles that failed, as the watch saw them, and how many of them callers did not notice.
    pub(crate) fn failed_cycles(&self) -> (usize, usize) {
        let events = self.events.lock().unwrap();
        let failed = events.iter().filter_map(|event| match event {
            TokenEvent::Failed { still_serving, .. } => Some(*still_serving),
            _ => None,
        });
        let failed: Vec<bool> = failed.collect();
        (failed.len(), failed.iter().filter(|serving| **serving).count())
    }
}

fn sent_text(request: &HttpRequest, field: &str) -> String {
    let Body::Bytes(bytes) = &request.body else { panic!("a token request has a body") };
    let body: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    body[field].as_str().unwrap().to_owned()
}

fn fault(stage: Stage) -> TransportError {
    TransportError { stage, message: "as told".to_owned() }
}

fn answer(status: u16, body: impl Into<Bytes>) -> HttpResponse {
    let mut headers = Headers::new();
    headers.push("content-type", "application/json");
    HttpResponse { status, headers, body: Box::pin(stream::iter([Ok(body.into())])) }
}
