//! Other people's code, run so that it can neither hang a call nor take it down.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::{Clock, Error};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use super::source_failed;
use crate::Provenance;

/// How long a source or a callback may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// What `work` gives; `auth.source` if it takes longer than [`LIMIT`], or panics.
pub(crate) async fn within<T>(
    clock: &Arc<dyn Clock>,
    from: &Provenance,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
    // What is ready at once needs no timer, and so no runtime: a file is read while a client is built.
    let done = match work.as_mut().now_or_never() {
        Some(done) => Some(done),
        None => match select(work, clock.sleep(LIMIT)).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        },
    };
    match done {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => Err(source_failed(from, "panicked")),
        None => Err(source_failed(from, &format!("gave nothing in {} s", LIMIT.as_secs()))),
    }
}
