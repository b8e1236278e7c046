//! The driver of a flight: attempts as the machine orders them, with the key of the moment.

use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::{Error, ErrorKind, Secret, Time};
use futures_util::future::{Either, select};

use super::cell::Cell;
use super::exchange::{Denied, Granted, attempt};
use super::flight::{Fault, Means, Order};
use super::life::elapsed;
use super::reason::Cause;
use crate::source::Held;

/// How long the key's source may take: a command has 10 s, and a source that hangs must not hold
/// the flight for ever.
const SOURCE: Duration = Duration::from_secs(12);

/// Says that a flight vanished, should its task be dropped or panic before it ends.
pub(super) struct Guard {
    cell: Arc<Cell>,
    flight: u64,
    /// An attempt is under way.
    sent: bool,
    over: bool,
}

impl Guard {
    pub(super) fn new(cell: Arc<Cell>, flight: u64) -> Self {
        Guard { cell, flight, sent: false, over: false }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.over {
            self.cell.vanished(self.flight, self.sent);
        }
    }
}

/// How much a flight has tried.
#[derive(Clone, Copy)]
pub(super) struct Tries {
    attempts: u32,
    began: Time,
}

impl Tries {
    pub(super) fn cause(self, error: Option<Error>, now: Time) -> Cause {
        Cause { error, attempts: self.attempts, took: elapsed(now, self.began) }
    }
}

/// The flight: attempts as the machine orders them, until it orders none.
pub(super) async fn fly(mut guard: Guard, mut order: Order) {
    let cell = Arc::clone(&guard.cell);
    let mut tries = Tries { attempts: 0, began: cell.now() };
    let mut first = true;
    loop {
        cell.sleep(order.after).await;
        let Some(result) = one(&mut guard, order, &mut tries, first).await else { return };
        first = false;
        match cell.report(order.flight, result, tries) {
            Some(next) => order = next,
            None => break,
        }
    }
    guard.over = true;
}

/// One attempt; `None` if there is nothing to make it with, since the client was closed.
async fn one(
    guard: &mut Guard,
    order: Order,
    tries: &mut Tries,
    first: bool,
) -> Option<Result<Granted, Denied>> {
    let cell = Arc::clone(&guard.cell);
    let key = match read_key(&cell, order, first).await {
        Ok(key) => key,
        Err(error) => return Some(Err(Denied { fault: Fault::NoKey, error })),
    };
    let refresh;
    let secret: &Secret = match order.means {
        Means::Key => &key.as_ref()?.secret,
        Means::Refresh => {
            refresh = cell.refresh_token()?;
            &refresh
        }
    };
    tries.attempts += 1;
    guard.sent = true;
    let result = attempt(cell.session(), order, secret).await;
    guard.sent = false;
    let refused = matches!(&result, Err(denied) if denied.fault == Fault::Refused);
    if let (true, Means::Key, Some(key)) = (refused, order.means, key) {
        look_for_another(&cell, key.generation).await;
    }
    Some(result)
}

/// The key of the moment, where there is one: as its source has it when the flight begins.
async fn read_key(cell: &Cell, order: Order, first: bool) -> Result<Option<Arc<Held>>, Error> {
    let Some(key) = cell.key() else { return Ok(None) };
    let read = Box::pin(async {
        if let Some(held) = key.current().filter(|_| first)
            && let Ok(Some(newer)) = key.reread(held.generation).await
        {
            return Ok(newer);
        }
        key.get().await
    });
    match select(read, cell.sleep(SOURCE)).await {
        Either::Left((Ok(held), _)) => {
            cell.saw_key(held.generation, Some(order.flight));
            Ok(Some(held))
        }
        Either::Left((Err(error), _)) => Err(error),
        Either::Right(_) => {
            let from = key.provenance();
            let text = format!("{from} gave no key within {} s", SOURCE.as_secs());
            Err(Error::new(ErrorKind::Credential, "auth.source", text))
        }
    }
}

/// The service refused the key: its source may have another one by now.
async fn look_for_another(cell: &Cell, refused: u64) {
    let Some(key) = cell.key() else { return };
    if let Either::Left((Ok(Some(newer)), _)) =
        select(Box::pin(key.reread(refused)), cell.sleep(SOURCE)).await
    {
        cell.saw_key(newer.generation, None);
    }
}
