//! Where a secret is had from, and the secret in hand.

#[cfg(feature = "native")]
pub(crate) mod answer;
#[cfg(feature = "native")]
mod callback;
#[cfg(feature = "native")]
mod command;
#[cfg(feature = "native")]
mod file;
#[cfg(feature = "native")]
mod first_of;
mod held;
#[cfg(test)]
mod held_tests;
#[cfg(feature = "native")]
mod keyring;
#[cfg(feature = "native")]
mod profile;
mod reader;
mod repair;
#[cfg(feature = "native")]
mod within;

use std::time::Duration;

use framekey_runtime::{BoxFuture, Error, ErrorKind, MaybeSend, Secret};

use crate::Provenance;

#[cfg(feature = "native")]
pub use callback::{CallbackFailed, KeyCallback, Pending};
#[cfg(feature = "native")]
pub use command::CommandSource;
#[cfg(feature = "native")]
pub use file::FileSource;
#[cfg(feature = "native")]
pub use first_of::FirstOf;
pub use held::{Held, HeldKey};
#[cfg(feature = "keyring")]
pub use keyring::SystemKeyring;
#[cfg(feature = "native")]
pub use keyring::{KEYRING_SERVICE, Keyring, KeyringSource};
#[cfg(feature = "native")]
pub use profile::{Profile, ProfileKey, Section};
#[cfg(feature = "native")]
pub(crate) use repair::unread;
pub(crate) use repair::{repair, repeated};
#[cfg(feature = "native")]
pub(crate) use within::within;

/// A secret as its source gives it.
#[derive(Debug)]
pub struct Found {
    /// The secret, as it stands there: it is cleaned and checked later.
    pub secret: Secret,
    /// When it ends, since 1970 in UTC, where the source knows.
    pub expires_at: Option<Duration>,
}

/// A place that a secret can be read from.
pub trait SecretSource: MaybeSend {
    /// What to call this place.
    fn provenance(&self) -> Provenance;

    /// Reads the secret as it is now.
    ///
    /// Fails with `auth.missing` where there is none, with `auth.source` where it cannot be told.
    /// Errors hold no secret.
    fn read(&self) -> BoxFuture<'_, Result<Found, Error>>;

    /// Whether reading again can give another secret.
    fn can_change(&self) -> bool;

    /// Whether a secret stays in hand though its end is not told. Else it is read again whenever it is
    /// needed; one with an end is in hand until then.
    fn lasts(&self) -> bool {
        true
    }

    /// Whether there is a cheap sign that the secret is another one since it was last read. Asked for
    /// at most once a second, and on each call while what was read last may be refused.
    fn looks_changed(&self) -> bool {
        false
    }
}

/// The error of a source, or of a callback: `why` says what it did (`failed`), without its words.
#[must_use]
pub fn source_failed(from: &Provenance, why: &str) -> Error {
    Error::new(
        ErrorKind::Credential,
        "auth.source",
        format!("the {from} {why}, so there is no credential to send"),
    )
}
