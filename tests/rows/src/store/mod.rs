//! Processes that share a token through a store, and a service that counts.
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod caller;
mod counted;
mod redis;
mod tokens;

pub use caller::{Caller, KEY, Tally, credential, store};
pub use counted::{Counted, Uses};
pub use redis::Redis;
pub use tokens::TokenServer;

/// Whether the long forms are to be run.
#[must_use]
pub fn long() -> bool {
    std::env::var_os("FRAMEKEY_LONG").is_some()
}

/// A folder of this test's own, removed when it is dropped.
pub struct Folder(std::path::PathBuf);

impl Folder {
    /// A folder that is not there yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let folder = format!("framekey-{name}-{}", std::process::id());
        Folder(std::env::temp_dir().join(folder))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// The store in it, as [`store`] takes it.
    #[must_use]
    pub fn store(&self) -> String {
        format!("file:{}", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is ours by its name, and holds files only.
        for file in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(file.path());
        }
        let _ = std::fs::remove_dir(&self.0);
    }
}
