//! An entry of the operating system's keyring.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use framekey_runtime::{BoxFuture, Error, ErrorKind, MaybeSend, Secret};
use futures_channel::oneshot;

use super::{Found, SecretSource};
use crate::Provenance;

/// Under what name framekey's entries stand in a keyring.
pub const KEYRING_SERVICE: &str = "framekey";

/// A keyring: looks an entry up, and may block while it does.
pub trait Keyring: MaybeSend {
    /// The secret of `entry` under `service`; `None` if there is no such entry.
    ///
    /// # Errors
    /// A sentence on why it cannot be told, without any secret: no keyring is running, it is locked.
    fn look_up(&self, service: &str, entry: &str) -> Result<Option<Secret>, String>;
}

/// A secret in a keyring. Read again when it is refused; keyrings show no sign of change.
pub struct KeyringSource {
    ring: Arc<dyn Keyring>,
    entry: String,
    busy: Arc<AtomicBool>,
    /// Nobody asked for it: a keyring that is not there is as good as an empty one.
    optional: bool,
}

impl KeyringSource {
    /// The entry that the caller names: it must be there.
    #[must_use]
    pub fn new(ring: Arc<dyn Keyring>, entry: impl Into<String>) -> Self {
        KeyringSource { ring, entry: entry.into(), busy: Arc::default(), optional: false }
    }

    /// The entry that is looked for where nothing else is configured.
    #[must_use]
    pub fn optional(ring: Arc<dyn Keyring>, entry: impl Into<String>) -> Self {
        KeyringSource { optional: true, ..Self::new(ring, entry) }
    }

    fn failed(&self, why: &str) -> Error {
        let code = if self.optional { "auth.missing" } else { "auth.source" };
        let from = self.provenance();
        Error::new(ErrorKind::Credential, code, format!("the {from} cannot be read: {why}"))
    }
}

impl SecretSource for KeyringSource {
    fn provenance(&self) -> Provenance {
        Provenance::Keyring(format!("{KEYRING_SERVICE}/{}", self.entry).into())
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            let (ring, entry) = (Arc::clone(&self.ring), self.entry.clone());
            let turn = Turn::take(&self.busy)
                .ok_or_else(|| self.failed("it has not answered an earlier question yet"))?;
            let (sender, receiver) = oneshot::channel();
            // Not tokio's threads: a runtime does not end before they do, and a keyring may hang.
            let started = thread::Builder::new().name("framekey-keyring".to_owned());
            let started = started.spawn(move || {
                let found = ring.look_up(KEYRING_SERVICE, &entry);
                drop(turn);
                let _ = sender.send(found);
            });
            started.map_err(|_| self.failed("the system gives no thread to look it up"))?;
            let found = receiver.await.map_err(|_| self.failed("looking it up panicked"))?;
            match found {
                Ok(Some(secret)) => Ok(Found { secret, expires_at: None }),
                Ok(None) => Err(self.failed("there is no such entry")),
                Err(why) => Err(self.failed(&why)),
            }
        })
    }

    fn can_change(&self) -> bool {
        true
    }
}

/// The one question that a keyring is asked at a time: of one that hangs no threads pile up.
struct Turn(Arc<AtomicBool>);

impl Turn {
    fn take(busy: &Arc<AtomicBool>) -> Option<Self> {
        (!busy.swap(true, Ordering::AcqRel)).then(|| Turn(Arc::clone(busy)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The keyring of the operating system: Keychain, Credential Manager or Secret Service.
#[cfg(feature = "keyring")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemKeyring;

#[cfg(feature = "keyring")]
impl Keyring for SystemKeyring {
    fn look_up(&self, service: &str, entry: &str) -> Result<Option<Secret>, String> {
        // The library's own texts are not passed on: some hold what was read.
        let outcome = password(service, entry);
        match outcome {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(keyring::Error::NoStorageAccess(_)) => Err("the keyring is locked".to_owned()),
            Err(keyring::Error::NoDefaultStore | keyring::Error::PlatformFailure(_)) => {
                Err("no keyring is running, or it does not answer".to_owned())
            }
            Err(keyring::Error::Ambiguous(_)) => {
                Err("there are several entries of this name".to_owned())
            }
            Err(_) => Err("the entry is not a text".to_owned()),
        }
    }
}

/// Over a connection of its own: the service may have been started anew since the last time.
#[cfg(all(
    feature = "keyring",
    unix,
    not(any(target_os = "macos", target_os = "ios", target_os = "android"))
))]
fn password(service: &str, entry: &str) -> keyring::Result<String> {
    use keyring_core::api::CredentialStoreApi as _;
    let store = zbus_secret_service_keyring_store::Store::new()?;
    store.build(service, entry, None)?.get_password()
}

#[cfg(all(
    feature = "keyring",
    not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))
))]
fn password(service: &str, entry: &str) -> keyring::Result<String> {
    keyring::Entry::new(service, entry)?.get_password()
}
