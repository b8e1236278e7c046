//! For tests: a transport that follows a script and remembers, and a clock that is moved by hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
            return std::task::Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// A clock that stands still until it is moved; sleeping never ends.
#[derive(Clone, Debug, Default)]
pub struct HandClock(Arc<Mutex<(Duration, Duration)>>);

impl HandClock {
    /// Both clocks go on.
    pub fn advance(&self, time: Duration) {
        let mut now = lock(&self.0);
        now.0 += time;
        now.1 += time;
    }

    /// Only the wall clock goes on: the machine was suspended, or the clock was set.
    pub fn advance_wall(&self, time: Duration) {
        lock(&self.0).1 += time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        let now = lock(&self.0);
        Time { monotonic: now.0, wall: Duration::from_secs(1_800_000_000) + now.1 }
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
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
