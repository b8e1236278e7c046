//! Sharing an access token: between clients, processes and hosts, so that one exchange serves all.

mod callback;
mod entry;
mod file;
mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::time::Duration;

use framekey_runtime::{BoxFuture, MaybeSend};

pub use callback::{CallbackStore, Loaded};
pub use entry::Entry;
pub(crate) use entry::LARGEST;
pub use file::FileStore;
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;

/// How long an operation may take where a store does not say otherwise.
const PATIENCE: Duration = Duration::from_millis(250);

/// A place that several clients keep a token in.
///
/// What it keeps is sealed before it comes here and checked when it comes back, so a store may
/// lose, cut or mix up entries: that costs an exchange and nothing else. A store that fails, or
/// takes longer than its patience, is left alone for 30 s; no call fails for it.
pub trait TokenStore: MaybeSend {
    /// What it is, for notices: `file ~/.cache/framekey`. Without a secret.
    fn title(&self) -> String;

    /// How long one operation may take; 250 ms where a store does not say otherwise.
    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// Whether a refresh token may be shared through it: its lease keeps everyone else out for as
    /// long as the holder lives, and what is saved has reached the disk. No network store does that.
    fn holds_sessions(&self) -> bool {
        false
    }

    /// The entry of this name, if there is one.
    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>>;

    /// Asks to be the one who renews the entry, and does not wait for it.
    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>>;

    /// Puts `entry` in the place of the one there, if its generation is higher; says whether it
    /// was. After `life` it is of no use to anyone.
    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// The answer to who wants to renew an entry.
pub struct Lease {
    /// The number for the entry that the one who asked would save: higher than that of the entry
    /// there, so that of two who renew at the same time the one who asked later wins.
    pub generation: u64,
    /// What is held until the entry is saved; none if somebody else holds it.
    pub hold: Option<Box<dyn Hold>>,
}

/// Being the one who renews. Dropping it gives it back too, if not always at once.
pub trait Hold: MaybeSend {
    /// Gives it back.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("generation", &self.generation)
            .field("held", &self.hold.is_some())
            .finish()
    }
}

/// Why a store is of no use now: one sentence with what to do about it, without a secret.
#[derive(Clone, Debug)]
pub struct StoreError(String);

impl StoreError {
    /// An error with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        StoreError(text.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}
