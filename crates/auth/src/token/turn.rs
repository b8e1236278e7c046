//! A flight's dealings with the store: it looks there first, then at most one process exchanges.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::cell::Cell;
use super::exchange::{Denied, Granted};
use super::flight::{Fault, Order};
use super::fly::Look;
use super::life::{Life, elapsed, part};
use super::record;
use super::share::{Standing, barred};
use super::state::Mode;
use crate::fail;
use crate::seal::Place;
use crate::source::Held;
use crate::store::{Entry, Lease, StoreError, TokenStore};

/// How often the store is looked at while another process exchanges.
const POLL: Duration = Duration::from_millis(100);
/// How long it is waited for, and how much is added to that by chance, so that those who wait do
/// not all lose their patience at once. With one attempt of 5 s it ends before those 15.5 s do that
/// a caller waits.
const WAIT: (Duration, Duration) = (Duration::from_secs(9), Duration::from_secs(2));

/// Of what use a token from the store has to be.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    /// To be sent now.
    Good,
    /// To be sent for more than a minute, where there is nothing in hand.
    Lasting,
    /// To save the renewal of one that is still good.
    Fresh,
}

/// One flight's turn at the store.
#[derive(Default)]
pub(super) struct Turn {
    /// Where it looks, and what it holds there.
    at: Option<(Arc<dyn TokenStore>, Place)>,
    lease: Option<Lease>,
}

impl Turn {
    /// Looks for a token that another process has put there, before each attempt.
    pub(super) async fn look(&mut self, cell: &Cell, order: Order, key: Option<&Held>) -> Look {
        let store = match cell.sharing().standing(cell.now()) {
            Standing::None => return Look::Go,
            Standing::Usable(store) => store,
            Standing::Trouble(error) => return self.without(cell, &error),
        };
        let root = cell.sharing().root();
        let secret = match cell.mode() {
            Mode::Session => root.as_deref(),
            Mode::Key | Mode::RefreshFirst => key.map(|key| &key.secret),
        };
        // A session that cannot be renewed is not worth sharing.
        let Some(secret) = secret else { return Look::Go };
        let Ok(place) = Place::new(cell.session().base(), secret) else { return Look::Go };
        if self.at.as_ref().is_some_and(|(_, before)| before.name() != place.name()) {
            self.release().await;
        }
        self.at = Some((store, place));
        match self.seek(cell, order).await {
            Ok(look) => {
                cell.sharing().works();
                look
            }
            Err(error) => {
                cell.note_trouble(&error);
                self.without(cell, &error)
            }
        }
    }

    /// The store is of no use now. A key can be exchanged by many; a refresh token can be presented
    /// once, so that a session waits for its lock.
    fn without(&mut self, cell: &Cell, error: &StoreError) -> Look {
        self.at = None;
        self.lease = None;
        match cell.mode() {
            Mode::Session => Look::Barred(denied(&format!("its store cannot be used: {error}"))),
            Mode::Key | Mode::RefreshFirst => Look::Go,
        }
    }

    async fn seek(&mut self, cell: &Cell, order: Order) -> Result<Look, StoreError> {
        let want = if cell.still_good().is_some() { Want::Fresh } else { Want::Lasting };
        if self.lease.is_none() {
            if let Some(found) = self.load_for(cell, want).await? {
                return Ok(Look::Found(found));
            }
            if let Some(look) = self.queue(cell).await? {
                return Ok(look);
            }
            fail::point("leased");
        }
        // Whoever was here before may have left a token.
        let look = match self.load(cell).await? {
            Some((generation, found)) if serves(cell, &found, want) => {
                cell.sharing().saw(generation);
                Look::Found(found)
            }
            Some((generation, found)) => {
                if let Some(refresh) = found.refresh {
                    cell.sharing().saw(generation);
                    cell.adopt(refresh, order.flight);
                }
                Look::Go
            }
            None => Look::Go,
        };
        fail::point("looked");
        Ok(look)
    }

    /// Becomes the one who exchanges, or waits for the one who does. None: it may exchange.
    async fn queue(&mut self, cell: &Cell) -> Result<Option<Look>, StoreError> {
        let began = cell.now();
        let limit = WAIT.0 + part(WAIT.1, cell.chance());
        loop {
            let lease = self.lease(cell).await?;
            if lease.hold.is_some() {
                self.lease = Some(lease);
                return Ok(None);
            }
            let want = if cell.still_good().is_some() { Want::Fresh } else { Want::Good };
            if let Some(found) = self.load_for(cell, want).await? {
                return Ok(Some(Look::Found(found)));
            }
            if elapsed(cell.now(), began) < limit {
                cell.sleep(POLL).await;
                continue;
            }
            // It hangs. Two exchanges do no harm; two presentations of a refresh token do.
            return Ok(match cell.mode() {
                _ if cell.still_good().is_some() => Some(Look::Elsewhere),
                Mode::Session => {
                    let text =
                        format!("another process has held its lock for {} s", limit.as_secs());
                    Some(Look::Barred(denied(&text)))
                }
                Mode::Key | Mode::RefreshFirst => {
                    self.lease = Some(lease);
                    None
                }
            });
        }
    }

    /// Looks once more, after an attempt that failed.
    pub(super) async fn glance(&self, cell: &Cell) -> Option<Granted> {
        let want = if cell.still_good().is_some() { Want::Fresh } else { Want::Good };
        match self.load_for(cell, want).await {
            Ok(found) => found,
            Err(error) => {
                cell.note_trouble(&error);
                None
            }
        }
    }

    /// What is in the store and can be read, with its number.
    async fn load(&self, cell: &Cell) -> Result<Option<(u64, Granted)>, StoreError> {
        let Some((store, place)) = &self.at else { return Ok(None) };
        let Some(entry) = within(cell, &**store, store.load(place.name())).await? else {
            return Ok(None);
        };
        // An older session than ours, because ours could not be saved: its refresh token is used up.
        if cell.mode() == Mode::Session && entry.generation <= cell.sharing().seen() {
            return Ok(None);
        }
        let text = place.open(entry.generation, &entry.sealed);
        let found = text.and_then(|text| record::read(&text, cell.now()));
        Ok(found.map(|found| (entry.generation, found)))
    }

    /// What is in the store, if it is of this use.
    async fn load_for(&self, cell: &Cell, want: Want) -> Result<Option<Granted>, StoreError> {
        let found = self.load(cell).await?.filter(|(_, found)| serves(cell, found, want));
        Ok(found.map(|(generation, found)| {
            cell.sharing().saw(generation);
            found
        }))
    }

    async fn lease(&self, cell: &Cell) -> Result<Lease, StoreError> {
        let Some((store, place)) = &self.at else { return Ok(Lease { generation: 0, hold: None }) };
        within(cell, &**store, store.lease(place.name())).await
    }

    /// Keeps what the exchange gave, before anyone uses it: a refresh token that is only in the
    /// memory of a process is lost with it.
    pub(super) async fn keep(&self, cell: &Cell, granted: &Granted) {
        fail::point("answered");
        let (Some((store, place)), Some(lease)) = (&self.at, &self.lease) else { return };
        cell.sharing().saw(lease.generation);
        let now = cell.now();
        let life = Life::new(granted.sent, granted.life, 0.0);
        // Where there is a key, a refresh token at rest would be one more secret and of no use.
        let refresh = granted.refresh.as_ref().filter(|_| cell.mode() == Mode::Session);
        if life.is_fleeting() && refresh.is_none() {
            return;
        }
        let text = record::write(granted, refresh, now);
        let Ok(sealed) = place.seal(lease.generation, &text) else { return };
        let entry = Entry { generation: lease.generation, sealed };
        let left = life.whole.saturating_sub(life.age(now));
        let saved = within(cell, &**store, store.save(place.name(), entry, left)).await;
        match saved {
            // Not written, if somebody was quicker: their token is as good as ours.
            Ok(_) => cell.sharing().works(),
            Err(error) => cell.note_trouble(&error),
        }
        fail::point("saved");
    }

    /// Lets others exchange.
    pub(super) async fn release(&mut self) {
        fail::point("published");
        if let Some(hold) = self.lease.take().and_then(|lease| lease.hold) {
            hold.release().await;
        }
    }
}

/// Whether a token from the store is of use: another one than that in hand and those refused.
fn serves(cell: &Cell, found: &Granted, want: Want) -> bool {
    let life = Life::new(found.sent, found.life, 0.5).aged(found.found.unwrap_or_default());
    let age = life.age(cell.now());
    let young = match want {
        Want::Good => age < life.hard,
        Want::Lasting => age < life.aging,
        Want::Fresh => age < life.fresh,
    };
    young && !cell.sharing().was_refused(&found.header) && !cell.has_in_hand(&found.header)
}

fn denied(why: &str) -> Denied {
    Denied { fault: Fault::Barred, error: barred(why) }
}

/// The result of an operation of the store, within its patience.
async fn within<T>(
    cell: &Cell,
    store: &dyn TokenStore,
    work: impl Future<Output = Result<T, StoreError>> + Unpin,
) -> Result<T, StoreError> {
    let limit = store.patience();
    match select(work, cell.sleep(limit)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => {
            Err(StoreError::new(format!("it did not answer within {} ms", limit.as_millis())))
        }
    }
}
