//! For tests: a transport that follows a script and remembers, and a clock that is moved by hand.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;

use crate::{
    BoxFuture, Clock, Headers, HttpRequest, HttpResponse, Platform, Random, Spawn, Stage, Time,
    Transport, TransportError,
};

/// What the script answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// Fail instead, at this stage.
    pub fault: Option<Stage>,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Answer { status, headers, body: body.into(), fault: None }
    }

    /// No answer: the connection fails at `stage`.
    #[must_use]
    pub fn broken(stage: Stage) -> Self {
        Answer { status: 0, headers: Vec::new(), body: Bytes::new(), fault: Some(stage) }
    }
}

type Rule = dyn Fn(usize, &HttpRequest) -> Answer + Send + Sync;

/// A transport that follows a script: the rule gets the number of the request, from 0.
#[derive(Clone)]
pub struct Script {
    rule: Arc<Rule>,
    seen: Arc<Mutex<Vec<HttpRequest>>>,
    /// How often other tasks run before an answer is there.
    pauses: usize,
}

impl Script {
    /// A transport that answers by `rule`.
    pub fn new(rule: impl Fn(usize, &HttpRequest) -> Answer + Send + Sync + 'static) -> Self {
        Script { rule: Arc::new(rule), seen: Arc::default(), pauses: 0 }
    }

    /// Lets other tasks run before it answers.
    #[must_use]
    pub fn slow(mut self) -> Self {
        self.pauses = 1000;
        self
    }

    /// Takes the requests that were sent so far.
    #[must_use]
    pub fn take(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut *lock(&self.seen))
    }

    /// Seams around this transport, with a clock to be moved and tasks on tokio.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn platform(&self, clock: &HandClock) -> Platform {
        Platform {
            transport: Arc::new(self.clone()),
            clock: Arc::new(clock.clone()),
            spawn: Arc::new(crate::native::TokioSpawn),
            random: Arc::new(NoChance),
            json: Arc::new(crate::SerdeJson),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport for Script {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let mut seen = lock(&self.seen);
        let answer = (self.rule)(seen.len(), &request);
        seen.push(request);
        drop(seen);
        let pauses = self.pauses;
        Box::pin(async move {
            for _ in 0..pauses {
                yield_once().await;
            }
            if let Some(stage) = answer.fault {
                return Err(TransportError { stage, message: "scripted fault".to_owned() });
            }
            let mut headers = Headers::new();
            for (name, value) in answer.headers {
                headers.push(name, value);
            }
            let body = Box::pin(stream::iter([Ok(answer.body)]));
            Ok(HttpResponse { status: answer.status, headers, body })
        })
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(move |context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A clock that stands still until it is moved. Whoever sleeps on it wakes when it is moved past
/// the end of the sleep.
#[derive(Clone, Debug, Default)]
pub struct HandClock(Arc<Mutex<Hand>>);

#[derive(Debug, Default)]
struct Hand {
    monotonic: Duration,
    wall: Duration,
    /// Counts the sleeps, to tell them apart.
    sleeps: u64,
    sleepers: BTreeMap<u64, Waker>,
}

impl HandClock {
    /// Both clocks go on.
    pub fn advance(&self, time: Duration) {
        let mut hand = lock(&self.0);
        hand.monotonic += time;
        hand.wall += time;
        let sleepers = std::mem::take(&mut hand.sleepers);
        drop(hand);
        sleepers.into_values().for_each(Waker::wake);
    }

    /// Only the wall clock goes on: the machine was suspended, or the clock was set.
    pub fn advance_wall(&self, time: Duration) {
        lock(&self.0).wall += time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        let hand = lock(&self.0);
        Time { monotonic: hand.monotonic, wall: Duration::from_secs(1_800_000_000) + hand.wall }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut hand = lock(&self.0);
        hand.sleeps += 1;
        let (number, end) = (hand.sleeps, hand.monotonic + duration);
        Box::pin(HandSleep { clock: self.clone(), number, end })
    }
}

struct HandSleep {
    clock: HandClock,
    number: u64,
    end: Duration,
}

impl Future for HandSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut hand = lock(&self.clock.0);
        if hand.monotonic >= self.end {
            return Poll::Ready(());
        }
        hand.sleepers.insert(self.number, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for HandSleep {
    fn drop(&mut self) {
        lock(&self.clock.0).sleepers.remove(&self.number);
    }
}

/// Tasks that never start.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTasks;

impl Spawn for NoTasks {
    fn spawn(&self, _: BoxFuture<'static, ()>) {}
}

/// Random bytes that are always the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoChance;

impl Random for NoChance {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// Says that `test`, or a part of it, cannot run here. The line passes by the capture of tests, and
/// `cargo xtask test` counts it as a skipped test.
///
/// # Panics
/// Where `CI` is set: what is needed is installed there, and nothing is skipped.
#[expect(clippy::panic, reason = "a helper of tests")]
pub fn skipped(test: &str, why: &str) {
    use std::io::Write as _;
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        panic!("{test} cannot run: {why}");
    }
    // A test's name may stand unfinished in the line before.
    let _ = writeln!(std::io::stdout(), "\nskipped: {test}: {why}");
}
