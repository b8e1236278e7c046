//! What the cell tells and is told of the store.

use std::sync::Arc;

use framekey_runtime::Secret;

use super::Cell;
use crate::store::StoreError;
use crate::token::state::{Event, Mode};
use crate::token::watch::TokenEvent;

impl Cell {
    pub(in crate::token) fn mode(&self) -> Mode {
        self.lock().state.mode()
    }

    /// Whether this is the token in hand.
    pub(in crate::token) fn has_in_hand(&self, header: &Secret) -> bool {
        self.current
            .load()
            .as_ref()
            .is_some_and(|token| token.header.matches(header.expose().as_bytes()))
    }

    /// The flight found this refresh token in the store; if it is another one than that in hand,
    /// that one was used up by somebody else, and the flight presents this one.
    pub(in crate::token) fn adopt(&self, refresh: Secret, flight: u64) {
        let now = self.now();
        let mut inner = self.lock();
        let known =
            inner.refresh.as_ref().is_some_and(|held| held.matches(refresh.expose().as_bytes()));
        if known || !inner.state.is_flying(flight) {
            return;
        }
        inner.refresh = Some(Arc::new(refresh));
        self.step(&mut inner, Event::Adopted { flight }, now);
    }

    /// The store failed: it is left alone for a while, and the watch hears of it once.
    pub(in crate::token) fn note_trouble(&self, error: &StoreError) {
        let told = self.sharing.failed(error, self.now());
        if let (Some(problem), Some(watch)) = (told, self.watch.get()) {
            watch.note(&TokenEvent::StoreUnused { problem });
        }
    }
}
