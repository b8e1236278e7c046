//! The cell: holds the secrets, drives the machine, and lets callers wait for the one flight.

#[cfg(feature = "native")]
mod shared;

#[cfg(feature = "native")]
use std::sync::OnceLock;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use framekey_runtime::{BoxFuture, Error, ErrorKind, Repair, Secret, Session, Time};
use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::{Either, Shared, select};

use super::Sharing;
use super::exchange::Granted;
use super::flight::{Order, Outcome};
use super::fly::{Guard, Report, Tries, fly};
use super::life::{self, Life, elapsed};
use super::reason::{Cause, explain, rejected};
use super::state::{Actions, Answer, Event, Mode, Reason, Settled, State, step};
use super::sync::{ArcSwapOption, Mutex, MutexGuard};
#[cfg(feature = "native")]
use super::watch::{TokenEvent, TokenWatch};
use crate::{HeldKey, Provenance};

/// A wait that took this much longer than it was to take was not spent waiting: the process was
/// stopped, or the machine slept.
const PAUSED: Duration = Duration::from_secs(2);

/// One credential's token and everything around it.
pub(super) struct Cell {
    /// The token in hand, unless it was rejected. Written under the lock of `inner`, read without.
    current: ArcSwapOption<Token>,
    inner: Mutex<Inner>,
    /// Sends the exchange; without credentials, bound to the same origin as the calls.
    session: Session,
    from: Provenance,
    #[cfg(feature = "native")]
    watch: OnceLock<Box<dyn TokenWatch>>,
    sharing: Sharing,
}

struct Inner {
    state: State,
    key: Option<HeldKey>,
    /// Which of its source's keys was seen last; 0 before the first.
    seen: u64,
    refresh: Option<Arc<Secret>>,
    /// Of the last failed cycle.
    cause: Option<Cause>,
    waiting: Option<Waiting>,
}

/// The two ends of a flight's result. Dropping the sender says that the flight vanished.
struct Waiting {
    sender: oneshot::Sender<Landing>,
    receiver: Receiver,
}

type Receiver = Shared<oneshot::Receiver<Landing>>;

/// A flight's result, for all who wait.
#[derive(Clone)]
enum Landing {
    Renewed(Arc<Token>),
    Failed(Error),
}

/// An access token.
pub(super) struct Token {
    pub(super) generation: u64,
    /// `Bearer …`.
    pub(super) header: Secret,
    life: Life,
    /// It was found in the store.
    shared: bool,
}

impl Token {
    /// When it was asked for, by the monotonic clock; what another process asked for, long ago.
    pub(super) fn asked_for(&self) -> Duration {
        if self.shared { Duration::ZERO } else { self.life.sent.monotonic }
    }
}

/// What a caller does next.
enum Next {
    Take(Arc<Token>),
    Wait(Receiver, Duration),
    Fail(Error),
    /// As `Fail`, unless there is another key by now.
    Refused(Error),
}

/// An access token that was given, with what renews it.
pub(super) struct Given {
    pub(super) access: Option<Secret>,
    pub(super) life: Option<Duration>,
    pub(super) refresh: Option<Secret>,
}

impl Cell {
    pub(super) fn new(
        mode: Mode,
        key: Option<HeldKey>,
        from: Provenance,
        session: Session,
    ) -> Arc<Self> {
        let inner = Inner {
            state: State::new(mode),
            key,
            seen: 0,
            refresh: None,
            cause: None,
            waiting: None,
        };
        Arc::new(Cell {
            current: ArcSwapOption::empty(),
            inner: Mutex::new(inner),
            session,
            from,
            #[cfg(feature = "native")]
            watch: OnceLock::new(),
            sharing: Sharing::default(),
        })
    }

    pub(super) fn from(&self) -> Provenance {
        self.from.clone()
    }

    /// What an error may say of the key: its source, fingerprint and age.
    fn describe(&self, inner: &Inner) -> String {
        inner.key.as_ref().map_or_else(|| self.from.to_string(), HeldKey::describe)
    }

    /// Sets who watches; the first one stays.
    #[cfg(feature = "native")]
    pub(super) fn watch(&self, watch: Box<dyn TokenWatch>) {
        let _ = self.watch.set(watch);
    }

    #[cfg(feature = "native")]
    pub(super) fn sharing(&self) -> &Sharing {
        &self.sharing
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Ends after `duration`; at once after none.
    pub(super) fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        self.session.platform().clock.sleep(duration)
    }

    pub(super) fn now(&self) -> Time {
        self.session.platform().clock.now()
    }

    /// A random number from 0 to 1.
    pub(super) fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.session.platform().random.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that panics runs under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fresh token. Neither locks nor allocates.
    pub(super) fn fresh(&self) -> Option<Arc<Token>> {
        let now = self.now();
        self.current.load().as_ref().filter(|token| token.life.is_fresh(now)).map(Arc::clone)
    }

    /// A token that may be sent, after as short a wait as can be. Dropping the future harms nobody.
    pub(super) async fn token(self: &Arc<Self>) -> Result<Arc<Token>, Error> {
        let mut began = self.now();
        if let Some(token) = self.current.load().as_ref().filter(|token| token.life.is_fresh(began))
        {
            return Ok(Arc::clone(token));
        }
        loop {
            let now = self.now();
            let (flight, limit) = match self.ask(elapsed(now, began), now) {
                Next::Take(token) => return Ok(token),
                Next::Fail(error) => return Err(error),
                Next::Refused(error) => {
                    if self.has_another_key().await {
                        continue;
                    }
                    return Err(error);
                }
                Next::Wait(flight, limit) => (flight, limit),
            };
            let sleep = self.session.platform().clock.sleep(limit);
            match select(flight, sleep).await {
                Either::Left((Ok(Landing::Renewed(token)), _)) if self.may_send(&token) => {
                    return Ok(token);
                }
                Either::Left((Ok(Landing::Failed(error)), _)) => {
                    return self.still_good().ok_or(error);
                }
                // It was rejected or has ended meanwhile, or the flight vanished, or the time is up.
                _ => {}
            }
            // Time in which the process was stopped is not time that it has waited.
            let woke = self.now();
            if elapsed(woke, now) > limit + PAUSED {
                began = woke;
            }
        }
    }

    /// Whether a token that was just received may be sent: it is still the one in hand.
    fn may_send(&self, token: &Token) -> bool {
        let current = self
            .current
            .load()
            .as_ref()
            .is_some_and(|current| current.generation == token.generation);
        current && (token.life.is_fleeting() || token.life.is_good(self.now()))
    }

    pub(super) fn still_good(&self) -> Option<Arc<Token>> {
        let now = self.now();
        self.current.load_full().filter(|token| token.life.is_good(now))
    }

    fn ask(self: &Arc<Self>, waited: Duration, now: Time) -> Next {
        let mut inner = self.lock();
        let actions = self.step(&mut inner, Event::Ask { waited }, now);
        let flight = actions.order.map(|order| {
            let (sender, receiver) = oneshot::channel();
            inner.waiting = Some(Waiting { sender, receiver: receiver.shared() });
            // From here on the flight either reports or is known to have vanished.
            (Guard::new(Arc::clone(self), order.flight), order)
        });
        let receiver = inner.waiting.as_ref().map(|waiting| waiting.receiver.clone());
        let next = match (actions.answer, self.current.load_full(), receiver) {
            (Some(Answer::Take), Some(token), _) => Next::Take(token),
            (Some(Answer::Wait(limit)), _, Some(receiver)) => Next::Wait(receiver, limit),
            (Some(Answer::Fail(reason)), ..) => {
                let error = explain(reason, inner.cause.as_ref(), &self.describe(&inner));
                match reason {
                    Reason::KeyRefused { .. } | Reason::Rejected { .. } => Next::Refused(error),
                    _ => Next::Fail(error),
                }
            }
            _ => Next::Fail(Error::new(
                ErrorKind::Internal,
                "internal",
                "the token machine and its cell disagree",
            )),
        };
        drop(inner);
        if let Some((guard, order)) = flight {
            // Detached, so that a caller who gives up does not take the others' token along; and
            // without the lock, since a task may run, or be dropped, at once.
            self.session.platform().spawn.spawn(Box::pin(fly(guard, order)));
        }
        next
    }

    /// Steps the machine and keeps the secrets in line with it.
    fn step(&self, inner: &mut Inner, event: Event, now: Time) -> Actions {
        let (state, actions) = step(inner.state, event, now);
        inner.state = state;
        if !state.keeps_refresh() {
            inner.refresh = None;
        }
        // Writing is dearer than reading by far, so only where it changes something.
        if state.token().is_none()
            && self.current.load().is_some()
            && let Some(token) = self.current.swap(None)
        {
            self.sharing.refuse(&token.header);
        }
        actions
    }

    /// The service answered 401 to the token of this generation.
    pub(super) fn rejected(&self, generation: u64) -> Repair {
        let now = self.now();
        let mut inner = self.lock();
        match self.step(&mut inner, Event::Rejected { generation }, now).answer {
            Some(Answer::Fail(Reason::Rejected { retry_in })) => Repair::Refused {
                code: "auth.key_rejected",
                advice: rejected(&self.describe(&inner), retry_in),
            },
            _ => Repair::Resend,
        }
    }

    /// Puts another key in the place of the one held.
    pub(super) fn change_key(&self, key: HeldKey) {
        let mut inner = self.lock();
        if inner.state.is_closed() {
            return;
        }
        inner.key = Some(key);
        inner.seen = 0;
        let now = self.now();
        self.step(&mut inner, Event::KeyChanged { flight: None }, now);
    }

    pub(super) fn key(&self) -> Option<HeldKey> {
        self.lock().key.clone()
    }

    /// The key's source gave the one of this generation; `flight` is the one that uses it. Says
    /// whether it is another one than before.
    pub(super) fn saw_key(&self, generation: u64, flight: Option<u64>) -> bool {
        let mut inner = self.lock();
        let before = std::mem::replace(&mut inner.seen, generation);
        let changed = before != 0 && before != generation;
        if changed {
            let now = self.now();
            self.step(&mut inner, Event::KeyChanged { flight }, now);
        }
        changed
    }

    /// The key was refused. Whether its source shows that it has another one; it is looked at once
    /// a second at most.
    async fn has_another_key(&self) -> bool {
        let Some(key) = self.key() else { return false };
        match key.get().await {
            Ok(held) => self.saw_key(held.generation, None),
            Err(_) => false,
        }
    }

    pub(super) fn give_session(&self, given: Given) {
        let now = self.now();
        let whole = given.life.unwrap_or(life::DEFAULT);
        let life = given.access.as_ref().map(|_| Life::new(now, whole, self.chance()));
        let mut inner = self.lock();
        let refresh = given.refresh.is_some();
        self.sharing.set_root(given.refresh.as_ref());
        inner.refresh = given.refresh.map(Arc::new);
        self.step(&mut inner, Event::SessionGiven { life, refresh }, now);
        if let (Some(access), Some(life)) = (given.access, inner.state.token()) {
            let header = Secret::new(["Bearer ", access.expose()].concat());
            let generation = inner.state.generation();
            self.current.store(Some(Arc::new(Token { generation, header, life, shared: false })));
        }
        inner.cause = None;
        // Whoever waits for the old session's flight finds it gone, asks again and gets the new one.
        let waiting = inner.waiting.take();
        drop(inner);
        drop(waiting);
    }

    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.key = None;
        let now = self.now();
        self.step(&mut inner, Event::Close, now);
        // Whoever waits finds the flight gone, asks again and is told.
        let waiting = inner.waiting.take();
        drop(inner);
        drop(waiting);
    }

    pub(super) fn refresh_token(&self) -> Option<Arc<Secret>> {
        self.lock().refresh.clone()
    }

    /// Takes the result of an attempt in; gives the next one of the same flight.
    pub(super) fn report(&self, flight: u64, report: Report, tries: Tries) -> Option<Order> {
        let chance = self.chance();
        let now = self.now();
        let mut inner = self.lock();
        if !inner.state.is_flying(flight) {
            return None;
        }
        let (outcome, granted) = match report {
            Report::Granted(granted) => {
                let refresh = granted.refresh.is_some();
                let Granted { sent, life, found, .. } = granted;
                let outcome = Outcome::Token { sent, life, refresh, found };
                (outcome, Some(granted))
            }
            Report::Elsewhere => (Outcome::Elsewhere, None),
            Report::Denied(denied) => {
                let outcome =
                    Outcome::Failed { fault: denied.fault, hint: denied.error.retry_after() };
                inner.cause = Some(tries.cause(Some(denied.error), now));
                (outcome, None)
            }
        };
        let actions = self.step(&mut inner, Event::Attempted { flight, outcome, chance }, now);
        if let Some(granted) = granted {
            let shared = granted.found.is_some();
            if inner.state.keeps_refresh() {
                inner.refresh = granted.refresh.map(Arc::new);
            }
            if let (Some(Settled::Renewed), Some(life)) = (actions.settled, inner.state.token()) {
                let token = Token {
                    generation: inner.state.generation(),
                    header: granted.header,
                    life,
                    shared,
                };
                self.current.store(Some(Arc::new(token)));
                inner.cause = None;
            }
        }
        self.settle(inner, actions.settled);
        actions.order
    }

    pub(super) fn vanished(&self, flight: u64, sent: bool) {
        let chance = self.chance();
        let now = self.now();
        let mut inner = self.lock();
        let actions = self.step(&mut inner, Event::Vanished { flight, sent, chance }, now);
        if matches!(actions.settled, Some(Settled::Failed(_))) {
            inner.cause = Some(Cause { error: None, attempts: 0, took: Duration::ZERO });
        }
        self.settle(inner, actions.settled);
    }

    /// Tells those who wait, and the one who watches: after the lock is released, since a waker may
    /// run anything.
    fn settle(&self, mut inner: MutexGuard<'_, Inner>, settled: Option<Settled>) {
        let Some(settled) = settled else { return };
        let waiting = inner.waiting.take();
        let token = self.current.load_full();
        let landing = match (settled, &token) {
            (Settled::Renewed, Some(token)) => Some(Landing::Renewed(Arc::clone(token))),
            (Settled::Failed(reason), _) => {
                let error = explain(reason, inner.cause.as_ref(), &self.describe(&inner));
                Some(Landing::Failed(error))
            }
            _ => None,
        };
        drop(inner);
        let Some(landing) = landing else { return };
        if let Some(waiting) = waiting {
            let _ = waiting.sender.send(landing.clone());
        }
        #[cfg(feature = "native")]
        self.tell(landing, token.as_deref());
    }

    #[cfg(feature = "native")]
    fn tell(&self, landing: Landing, token: Option<&Token>) {
        let Some(watch) = self.watch.get() else { return };
        watch.note(&match landing {
            Landing::Renewed(token) => TokenEvent::Renewed {
                generation: token.generation,
                lifetime: token.life.whole,
                fleeting: token.life.is_fleeting(),
                shared: token.shared,
            },
            Landing::Failed(error) => {
                let still_serving = token.is_some_and(|token| token.life.is_good(self.now()));
                TokenEvent::Failed { error, still_serving }
            }
        });
    }
}
