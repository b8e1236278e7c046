//! A secret, or a token, that the caller's own code gives.

use std::borrow::Cow;

use framekey_runtime::{BoxFuture, Error, MaybeSend, Secret};

use super::{Found, SecretSource, source_failed};
use crate::Provenance;

/// A callback gave nothing. Any error becomes one by `?`; its text is not kept, since it may quote
/// what was asked for.
#[derive(Clone, Debug)]
pub struct CallbackFailed(Cow<'static, str>);

impl CallbackFailed {
    /// `did` says what the callback did instead, as `raised KeyError`. Errors repeat it, so it must not
    /// hold what somebody else has written.
    pub fn that(did: impl Into<Cow<'static, str>>) -> Self {
        CallbackFailed(did.into())
    }

    /// The error of the callback `from`.
    pub(crate) fn of(&self, from: &Provenance) -> Error {
        source_failed(from, &self.0)
    }
}

impl Default for CallbackFailed {
    fn default() -> Self {
        Self::that("failed")
    }
}

impl<E: std::error::Error> From<E> for CallbackFailed {
    fn from(_: E) -> Self {
        Self::default()
    }
}

/// A future that a callback may return: `Send` where there are threads.
#[cfg(not(target_arch = "wasm32"))]
pub trait Pending<T>: Future<Output = T> + Send + 'static {}
#[cfg(not(target_arch = "wasm32"))]
impl<T, F: Future<Output = T> + Send + 'static> Pending<T> for F {}
/// A future that a callback may return: `Send` where there are threads.
#[cfg(target_arch = "wasm32")]
pub trait Pending<T>: Future<Output = T> + 'static {}
#[cfg(target_arch = "wasm32")]
impl<T, F: Future<Output = T> + 'static> Pending<T> for F {}

type Ask = Box<dyn AskKey>;

trait AskKey: MaybeSend {
    fn ask(&self) -> BoxFuture<'static, Result<String, CallbackFailed>>;
}

impl<F, P> AskKey for F
where
    F: Fn() -> P + MaybeSend,
    P: Pending<Result<String, CallbackFailed>>,
{
    fn ask(&self) -> BoxFuture<'static, Result<String, CallbackFailed>> {
        Box::pin(self())
    }
}

/// An API key that a callback gives: when it is first needed, and once more when it is refused. It has
/// 30 s; 12 s where an exchange waits for it (api.video).
pub struct KeyCallback {
    option: &'static str,
    ask: Ask,
}

impl KeyCallback {
    /// `ask` was passed by the option of this name.
    pub fn new<F, P>(option: &'static str, ask: F) -> Self
    where
        F: Fn() -> P + MaybeSend + 'static,
        P: Pending<Result<String, CallbackFailed>>,
    {
        KeyCallback { option, ask: Box::new(ask) }
    }
}

impl SecretSource for KeyCallback {
    fn provenance(&self) -> Provenance {
        Provenance::Callback(self.option)
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            match self.ask.ask().await {
                Ok(text) => Ok(Found { secret: Secret::new(text), expires_at: None }),
                Err(failed) => Err(failed.of(&self.provenance())),
            }
        })
    }

    fn can_change(&self) -> bool {
        true
    }
}
