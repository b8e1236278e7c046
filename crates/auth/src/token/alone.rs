//! Where there is no operating system there is no store: each client has its token for itself.

use framekey_runtime::Secret;

use super::cell::Cell;
use super::exchange::Granted;
use super::flight::Order;
use super::fly::Look;
use crate::source::Held;

/// A cell's side of no store.
#[derive(Default)]
pub(super) struct Sharing {}

impl Sharing {
    pub(super) fn set_root(&self, _: Option<&Secret>) {}

    pub(super) fn refuse(&self, _: &Secret) {}
}

/// One flight's turn at no store.
#[derive(Default)]
pub(super) struct Turn {}

impl Turn {
    pub(super) async fn look(&mut self, _: &Cell, _: Order, _: Option<&Held>) -> Look {
        Look::Go
    }

    pub(super) async fn glance(&self, _: &Cell) -> Option<Granted> {
        None
    }

    pub(super) async fn keep(&self, _: &Cell, _: &Granted) {}

    pub(super) async fn release(&mut self) {}
}
