//! What a cell and its flights do with a store: look before an exchange, be the one who makes it,
//! keep what it gave.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use framekey_runtime::{Error, ErrorKind, Secret, Time};
use ring::digest::{SHA256, digest};

use super::life::elapsed;
use crate::store::{StoreError, TokenStore};

/// How long a store in trouble is left alone.
const TROUBLE: Duration = Duration::from_secs(30);
/// How many refused tokens are remembered. A store may bring an old one back, though hardly one
/// that is older than these and still alive.
const REFUSED: usize = 8;

/// A cell's side of a store.
#[derive(Default)]
pub(super) struct Sharing {
    store: OnceLock<Arc<dyn TokenStore>>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// The refresh token of a session as it was given: names and seals its entry for as long as the
    /// session lives, whatever refresh tokens follow.
    root: Option<Arc<Secret>>,
    /// The number of the entry that the session in hand came from, or would have been saved as.
    seen: u64,
    /// Marks of tokens that the service answered 401 to.
    refused: VecDeque<Vec<u8>>,
    /// When the store failed, and why.
    trouble: Option<(Time, StoreError)>,
    /// The watch knows of it.
    told: bool,
}

/// Whether the store can be used.
pub(super) enum Standing {
    /// There is none.
    None,
    Usable(Arc<dyn TokenStore>),
    Trouble(StoreError),
}

impl Sharing {
    /// Sets the store; the first one stays.
    pub(super) fn set(&self, store: Arc<dyn TokenStore>) {
        let _ = self.store.set(store);
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn standing(&self, now: Time) -> Standing {
        let Some(store) = self.store.get() else { return Standing::None };
        match &self.notes().trouble {
            Some((at, error)) if elapsed(now, *at) < TROUBLE => Standing::Trouble(error.clone()),
            _ => Standing::Usable(Arc::clone(store)),
        }
    }

    /// The store worked.
    pub(super) fn works(&self) {
        let mut notes = self.notes();
        notes.trouble = None;
        notes.told = false;
    }

    /// The store failed; gives what to tell of it, once until it has worked again.
    pub(super) fn failed(&self, error: &StoreError, now: Time) -> Option<String> {
        let title = self.store.get()?.title();
        let mut notes = self.notes();
        notes.trouble = Some((now, error.clone()));
        let first = !std::mem::replace(&mut notes.told, true);
        first.then(|| format!("the token store ({title}) is left alone for 30 s: {error}"))
    }

    pub(super) fn root(&self) -> Option<Arc<Secret>> {
        self.notes().root.clone()
    }

    /// A session was given, with this refresh token.
    pub(super) fn set_root(&self, refresh: Option<&Secret>) {
        let mut notes = self.notes();
        notes.root = refresh.map(|refresh| Arc::new(refresh.duplicate()));
        notes.seen = 0;
    }

    pub(super) fn seen(&self) -> u64 {
        self.notes().seen
    }

    /// What is in hand now came from the entry of this number, or goes there.
    pub(super) fn saw(&self, generation: u64) {
        self.notes().seen = generation;
    }

    /// The service answered 401 to this token: a store must not bring it back.
    pub(super) fn refuse(&self, header: &Secret) {
        // Without a store nothing brings it back.
        if self.store.get().is_none() {
            return;
        }
        let mut notes = self.notes();
        notes.refused.truncate(REFUSED - 1);
        notes.refused.push_front(mark(header));
    }

    pub(super) fn was_refused(&self, header: &Secret) -> bool {
        self.notes().refused.contains(&mark(header))
    }
}

fn mark(header: &Secret) -> Vec<u8> {
    digest(&SHA256, header.expose().as_bytes()).as_ref().to_vec()
}

/// What a session without its lock fails with: presented twice, a refresh token is lost.
pub(super) fn barred(why: &str) -> Error {
    let text = format!("the refresh token was not presented, since it is shared and {why}");
    Error::new(ErrorKind::Credential, "auth.exchange_unavailable", text)
}
