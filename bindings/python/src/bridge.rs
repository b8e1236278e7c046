//! From a waiting Python thread to the Rust runtime and back.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::errors::internal;
use crate::process::PerProcess;

/// How long Ctrl-C may have to wait to be seen.
const SLICE: Duration = Duration::from_millis(50);

/// How long what is under way may take when the interpreter ends.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// The runtime of this process. Started by the first call, so that importing the package starts no
/// thread and servers that fork after the import are safe.
static RUNTIME: PerProcess<Runtime> = PerProcess::empty();

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

/// The runtime of this process, started where there is none.
pub(crate) fn runtime(py: Python<'_>) -> PyResult<Handle> {
    let start = || {
        py.import("atexit")?.call_method1("register", (wrap_pyfunction!(shut_down, py)?,))?;
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("framekey")
            .enable_all()
            .build()
            .map_err(|error| internal(&format!("no threads could be started: {error}")))
    };
    RUNTIME.with(py, start, |runtime| runtime.handle().clone())
}

/// Ends the runtime before the interpreter ends, so that no thread of ours is left to ask for it.
#[pyfunction]
fn shut_down(py: Python<'_>) {
    if let Some(runtime) = RUNTIME.take(py) {
        py.detach(|| runtime.shutdown_timeout(LAST_WAIT));
    }
}
