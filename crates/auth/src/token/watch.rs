//! What an operator may watch of a token's life.

use std::time::Duration;

use framekey_runtime::{Error, MaybeSend};

/// Something that happened to the access token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenEvent {
    /// There is a new token.
    Renewed {
        /// Its number, from 1.
        generation: u64,
        /// How long the service says that it lives, at most 24 h.
        lifetime: Duration,
        /// It lives 2 s or less, so it serves only the calls that waited for it: a warning.
        fleeting: bool,
        /// It was found in the store: another client exchanged for it.
        shared: bool,
    },
    /// The store that tokens are shared through failed, and is left alone for 30 s: a warning, once
    /// until it has worked again. No call fails for it, but those of a session that it is shared by.
    StoreUnused {
        /// What is wrong, and what to do about it.
        problem: String,
    },
    /// A cycle of attempts failed: a warning, once for each cycle.
    Failed {
        /// What callers are told, if they are told.
        error: Error,
        /// The token in hand still serves, so that no call has failed for this yet.
        still_serving: bool,
    },
}

/// Is told of [`TokenEvent`]s, on the task that exchanges: it should not block. Any function that
/// takes one will do.
pub trait TokenWatch: MaybeSend {
    /// `event` has happened.
    fn note(&self, event: &TokenEvent);
}

impl<F: Fn(&TokenEvent) + MaybeSend> TokenWatch for F {
    fn note(&self, event: &TokenEvent) {
        self(event);
    }
}
