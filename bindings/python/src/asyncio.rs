//! From the Rust runtime back to event loops: finished calls are queued per loop, and the loop is
//! woken once for all of them.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framekey::Error;
use framekey::runtime::Response;
use futures_util::FutureExt as _;
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use crate::bridge::runtime;
use crate::callbacks::HOME;
use crate::client::answer;
use crate::errors::{internal, raise};

type Outcome = Result<Response, Error>;

/// What is finished for one event loop. Holds no loop: a future knows its own, and only calls that
/// are under way hold futures.
#[pyclass(frozen, module = "framekey._native")]
pub(crate) struct Completions(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    finished: Vec<(Py<PyAny>, Option<Outcome>)>,
    /// The loop has been asked to drain and has not come yet.
    asked: bool,
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> Self {
        Completions(Mutex::default())
    }

    /// Settles the futures of all finished calls; run by their loop.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        for (future, outcome) in self.take() {
            let future = future.bind(py);
            // One whose task was cancelled has been given up.
            if future.call_method0("done")?.extract()? {
                continue;
            }
            let answered = match outcome {
                Some(Ok(response)) => answer(py, &response).map(Bound::into_any),
                Some(Err(error)) => Err(raise(py, &error)),
                None => Err(internal("the call ended without an outcome")),
            };
            match answered {
                Ok(value) => future.call_method1("set_result", (value,))?,
                Err(error) => future.call_method1("set_exception", (error,))?,
            };
        }
        Ok(())
    }
}

impl Completions {
    /// Held for a moment and never while Python runs, so that nobody waits for two locks.
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<(Py<PyAny>, Option<Outcome>)> {
        let mut pending = self.pending();
        pending.asked = false;
        std::mem::take(&mut pending.finished)
    }

    /// Whether the loop has to be woken for this one.
    fn push(&self, future: Py<PyAny>, outcome: Option<Outcome>) -> bool {
        let mut pending = self.pending();
        pending.finished.push((future, outcome));
        !std::mem::replace(&mut pending.asked, true)
    }
}

/// Has the loop drain. A loop that is closed has nobody left who waits: what it was to get is dropped.
fn wake(completions: &Py<Completions>) {
    // Nothing is attached to an interpreter that ends.
    let _ = Python::try_attach(|py| {
        let woken = wake_loop(completions.bind(py));
        if woken.is_err() {
            drop(completions.get().take());
        }
    });
}

fn wake_loop(completions: &Bound<'_, Completions>) -> PyResult<()> {
    let py = completions.py();
    let first =
        completions.get().pending().finished.first().map(|(future, _)| future.clone_ref(py));
    if let Some(future) = first {
        let home = future.bind(py).call_method0("get_loop")?;
        home.call_method1("call_soon_threadsafe", (completions.getattr("drain")?,))?;
    }
    Ok(())
}

/// A call under way.
#[pyclass(frozen, module = "framekey._native")]
pub(crate) struct Running(AbortHandle);

#[pymethods]
impl Running {
    /// Breaks the call off and closes its connection; an exchange that others may wait for goes on.
    /// Without effect on one that is finished.
    fn cancel(&self) {
        self.0.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever could have waited for it is gone.
        self.0.abort();
    }
}

/// Runs `work` on the runtime; its outcome goes to `future`.
pub(crate) fn start(
    py: Python<'_>,
    future: Py<PyAny>,
    completions: Py<Completions>,
    work: impl Future<Output = Outcome> + Send + 'static,
) -> PyResult<Running> {
    let runtime = runtime(py)?;
    let home = Arc::new(future.call_method0(py, "get_loop")?);
    let task = runtime.spawn(async move {
        let outcome = AssertUnwindSafe(HOME.scope(home, work)).catch_unwind().await.ok();
        if completions.get().push(future, outcome) {
            // Waiting for the interpreter is not for the threads that look after connections.
            drop(tokio::task::spawn_blocking(move || wake(&completions)));
        }
    });
    Ok(Running(task.abort_handle()))
}
