//! A store whose uses are counted: what it costs is said in numbers, not in this machine's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use framekey_auth::store::{Entry, Lease, StoreError, TokenStore};
use framekey_runtime::BoxFuture;

/// A store that counts.
pub struct Counted {
    inner: Arc<dyn TokenStore>,
    uses: Uses,
}

/// What it has counted.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    asked: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
}

impl Uses {
    /// Operations that were begun.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    /// Those of them that failed, or that were given up.
    #[must_use]
    pub fn in_vain(&self) -> usize {
        self.asked() - self.answered.load(SeqCst)
    }

    async fn count<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.asked.fetch_add(1, SeqCst);
        let outcome = work.await;
        self.answered.fetch_add(usize::from(outcome.is_ok()), SeqCst);
        outcome
    }
}

impl Counted {
    /// `inner`, and what will be counted of it.
    #[must_use]
    pub fn new(inner: Arc<dyn TokenStore>) -> (Self, Uses) {
        let uses = Uses::default();
        (Counted { inner, uses: uses.clone() }, uses)
    }
}

impl TokenStore for Counted {
    fn title(&self) -> String {
        self.inner.title()
    }

    fn patience(&self) -> Duration {
        self.inner.patience()
    }

    fn holds_sessions(&self) -> bool {
        self.inner.holds_sessions()
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(self.uses.count(self.inner.load(name)))
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(self.uses.count(self.inner.lease(name)))
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.uses.count(self.inner.save(name, entry, life)))
    }
}
