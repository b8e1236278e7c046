//! From a waiting Python thread to the Rust runtime and back.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::errors::internal;

/// How long Ctrl-C may have to wait to be seen.
const SLICE: Duration = Duration::from_millis(50);

/// The runtime of this process. Started by the first call, so that importing the package starts no
/// thread and servers that fork after the import are safe.
static RUNTIME: Mutex<Option<(u32, Runtime)>> = Mutex::new(None);

/// Runs `work` on the runtime while other Python threads go on.
///
/// An interrupt that Python sees meanwhile (Ctrl-C) ends the work and is raised.
pub(crate) fn wait<T, F>(py: Python<'_>, work: F) -> PyResult<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let runtime = runtime(py)?;
    let (sender, receiver) = sync_channel(1);
    // A receiver that is gone has given up: nobody is left to tell.
    let task = runtime.spawn(async move { drop(sender.send(work.await)) });
    py.detach(move || {
        loop {
            match receiver.recv_timeout(SLICE) {
                Ok(outcome) => return Ok(outcome),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(interrupt) = Python::attach(|py| py.check_signals()) {
                        task.abort();
                        return Err(interrupt);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(internal("the call ended without an outcome"));
                }
            }
        }
    })
}

/// The lock is only held while attached to the interpreter, as `fork` is: a child never finds it
/// locked by a thread that it does not have.
fn runtime(_attached: Python<'_>) -> PyResult<Handle> {
    let mut slot = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = std::process::id();
    if let Some((_, runtime)) = slot.as_ref().filter(|(owner, _)| *owner == pid) {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("framekey")
        .enable_all()
        .build()
        .map_err(|error| internal(&format!("no threads could be started: {error}")))?;
    let handle = runtime.handle().clone();
    // The parent's threads do not exist after a fork: waiting for them would never end.
    std::mem::forget(slot.replace((pid, runtime)));
    Ok(handle)
}
