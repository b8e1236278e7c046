//! The driver of a flight: attempts as the machine orders them, with the key of the moment.

use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::{Error, Secret, Time};
use futures_util::future::{Either, select};

use super::Turn;
use super::cell::Cell;
use super::exchange::{Denied, Granted, attempt};
use super::flight::{Fault, Means, Order};
use super::life::elapsed;
use super::reason::Cause;
use crate::source::{Held, source_failed};

/// How long the key's source may take: a command has 10 s, and who waits for the flight gives up
/// after 15.5 s, so the 30 s of other callbacks would be told to nobody.
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

/// How an attempt ended.
pub(super) enum Report {
    Granted(Granted),
    Denied(Denied),
    /// Another process is at it, and the token in hand serves.
    Elsewhere,
}

/// What a flight does next.
#[cfg_attr(not(feature = "native"), expect(dead_code, reason = "there is no store to find it in"))]
pub(super) enum Look {
    /// Takes the token that was in the store.
    Found(Granted),
    /// Ends: another process is at it, and the token in hand serves.
    Elsewhere,
    /// Ends: what it would have to do alone, it may not.
    Barred(Denied),
    /// Exchanges.
    Go,
}

/// The flight: attempts as the machine orders them, until it orders none.
pub(super) async fn fly(mut guard: Guard, mut order: Order) {
    let cell = Arc::clone(&guard.cell);
    let mut tries = Tries { attempts: 0, began: cell.now() };
    let mut first = true;
    let mut turn = Turn::default();
    loop {
        cell.sleep(order.after).await;
        let Some(report) = one(&mut guard, &mut turn, order, &mut tries, first).await else {
            return;
        };
        first = false;
        match cell.report(order.flight, report, tries) {
            Some(next) => order = next,
            None => break,
        }
    }
    guard.over = true;
    turn.release().await;
}

/// One attempt; `None` if there is nothing to make it with, since the client was closed.
async fn one(
    guard: &mut Guard,
    turn: &mut Turn,
    order: Order,
    tries: &mut Tries,
    first: bool,
) -> Option<Report> {
    let cell = Arc::clone(&guard.cell);
    let key = match read_key(&cell, order, first).await {
        Ok(key) => key,
        Err(error) => return Some(Report::Denied(Denied { fault: Fault::Barred, error })),
    };
    match turn.look(&cell, order, key.as_deref()).await {
        Look::Found(granted) => return Some(Report::Granted(granted)),
        Look::Elsewhere => return Some(Report::Elsewhere),
        Look::Barred(denied) => return Some(Report::Denied(denied)),
        Look::Go => {}
    }
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
    Some(match result {
        Ok(granted) => {
            turn.keep(&cell, &granted).await;
            Report::Granted(granted)
        }
        Err(denied) => {
            // While this process was stopped, or waited for an answer, another one may have won.
            if let Some(found) = turn.glance(&cell).await {
                return Some(Report::Granted(found));
            }
            if let (Fault::Refused, Means::Key, Some(key)) = (denied.fault, order.means, key) {
                look_for_another(&cell, key.generation).await;
            }
            Report::Denied(denied)
        }
    })
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
            let why = format!("gave nothing in {} s", SOURCE.as_secs());
            Err(source_failed(&key.provenance(), &why))
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
