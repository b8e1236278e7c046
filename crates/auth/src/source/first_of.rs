//! Several sources in the order in which they are asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use framekey_runtime::{BoxFuture, Error, ErrorKind};

use super::{Found, SecretSource};
use crate::Provenance;

/// The first of several sources that has something.
pub struct FirstOf {
    sources: Vec<Arc<dyn SecretSource>>,
    /// What to do when none has.
    hint: String,
    /// The one that gave something last, or that was asked last.
    last: AtomicUsize,
}

impl FirstOf {
    /// `sources` in their order; `hint` says what to do when none has anything.
    #[must_use]
    pub fn new(sources: Vec<Arc<dyn SecretSource>>, hint: String) -> Self {
        FirstOf { sources, hint, last: AtomicUsize::new(0) }
    }
}

impl SecretSource for FirstOf {
    fn provenance(&self) -> Provenance {
        let source = self.sources.get(self.last.load(Ordering::Relaxed));
        source.map_or(Provenance::Option("api_key"), |source| source.provenance())
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            let mut why = Vec::new();
            for (number, source) in self.sources.iter().enumerate() {
                match source.read().await {
                    Err(error) if error.code() == "auth.missing" => {
                        why.push(error.message().to_owned());
                    }
                    outcome => {
                        self.last.store(number, Ordering::Relaxed);
                        return outcome;
                    }
                }
            }
            let text = format!("no API key is configured; {}. {}", why.join("; "), self.hint);
            Err(Error::new(ErrorKind::Credential, "auth.missing", text))
        })
    }

    fn can_change(&self) -> bool {
        true
    }

    fn looks_changed(&self) -> bool {
        self.sources.iter().any(|source| source.looks_changed())
    }
}
