//! A store of the caller's own: two functions.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use framekey_runtime::{BoxFuture, MaybeSend};
use futures_util::FutureExt as _;

use super::{Entry, Hold, Lease, StoreError, TokenStore};

/// What the caller's functions may need: a network call or two.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a load gives: the bytes that were saved under this name, if any.
pub type Loaded = Result<Option<Vec<u8>>, StoreError>;

/// Keeps tokens by two functions of the caller's: a load and a save of bytes by name. They know of
/// no lease, so clients that are cold at the same moment exchange at the same moment.
///
/// A function that panics, hangs or gives other bytes than it was given costs an exchange, not a call.
pub struct CallbackStore<L, S> {
    load: L,
    save: S,
}

impl<L, S> CallbackStore<L, S>
where
    L: Fn(&str) -> BoxFuture<'static, Loaded> + MaybeSend,
    S: Fn(&str, Vec<u8>) -> BoxFuture<'static, Result<(), StoreError>> + MaybeSend,
{
    /// A store over these functions. What they keep is sealed.
    pub fn new(load: L, save: S) -> Self {
        CallbackStore { load, save }
    }

    async fn read(&self, name: &str) -> Result<Option<Entry>, StoreError> {
        let bytes = unharmed(|| (self.load)(name), "load").await??;
        Ok(bytes.and_then(|bytes| Entry::from_bytes(&bytes)))
    }
}

/// The result of a function of the caller's, which may panic.
async fn unharmed<T>(
    call: impl FnOnce() -> BoxFuture<'static, T>,
    what: &str,
) -> Result<T, StoreError> {
    let work = AssertUnwindSafe(async move { call().await });
    work.catch_unwind()
        .await
        .map_err(|_| StoreError::new(format!("the store's {what} function panicked")))
}

impl<L, S> TokenStore for CallbackStore<L, S>
where
    L: Fn(&str) -> BoxFuture<'static, Loaded> + MaybeSend,
    S: Fn(&str, Vec<u8>) -> BoxFuture<'static, Result<(), StoreError>> + MaybeSend,
{
    fn title(&self) -> String {
        "the caller's own store".to_owned()
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(self.read(name))
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            let entry = self.read(name).await?;
            Ok(Lease { generation: Entry::next(entry.as_ref()), hold: Some(Box::new(Nothing)) })
        })
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        _: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let there = self.read(name).await?;
            if there.is_some_and(|there| there.generation >= entry.generation) {
                return Ok(false);
            }
            unharmed(|| (self.save)(name, entry.to_bytes()), "save").await??;
            Ok(true)
        })
    }
}

struct Nothing;

impl Hold for Nothing {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
