//! A file that holds one secret and nothing else.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use framekey_runtime::{BoxFuture, Error};

use super::{Found, SecretSource};
use crate::Provenance;
use crate::private::{self, Stamp};

/// A secret in a file of its own. It is read again when the file changes, and on a 401.
///
/// On Unix it must belong to the user or to root, and nobody else may read or write it.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    from: Provenance,
    seen: Mutex<Option<Stamp>>,
}

impl FileSource {
    /// The file at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let from = Provenance::File(path.to_string_lossy().into());
        FileSource { path, from, seen: Mutex::new(None) }
    }

    /// Reads it now: errors and all, before there is a call that needs it.
    ///
    /// # Errors
    /// `auth.source`: it cannot be read; `auth.unsafe_file`: others may read or change it.
    pub fn read_now(&self) -> Result<Found, Error> {
        // Set also when it is refused, or cannot be read: the same file gives the same refusal. Told before
        // it is read: one that is replaced meanwhile is read once more.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Stamp::of(&self.path);
        let contents = private::read(&self.path)?;
        match contents.exposed {
            Some(error) => Err(error),
            None => Ok(Found { secret: contents.text, expires_at: None }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl SecretSource for FileSource {
    fn provenance(&self) -> Provenance {
        self.from.clone()
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(std::future::ready(self.read_now()))
    }

    fn can_change(&self) -> bool {
        true
    }

    fn looks_changed(&self) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A file that is gone is about to be replaced: what is in hand serves.
        Stamp::of(&self.path).is_some_and(|now| seen != Some(now))
    }
}
