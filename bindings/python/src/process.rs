//! What belongs to one process: a forked child has none of its parent's threads and makes its own.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

/// A value of this process.
pub(crate) struct PerProcess<T>(Mutex<Option<(u32, T)>>);

impl<T> PerProcess<T> {
    /// Nothing yet.
    pub(crate) const fn empty() -> Self {
        PerProcess(Mutex::new(None))
    }

    /// Begins with a value.
    pub(crate) fn new(value: T) -> Self {
        PerProcess(Mutex::new(Some((std::process::id(), value))))
    }

    /// What `take` makes of the value, which is made first where this process has none.
    ///
    /// The lock is only held while attached to the interpreter, as `fork` is: a child never finds it
    /// locked by a thread that it does not have.
    pub(crate) fn with<R>(
        &self,
        _attached: Python<'_>,
        make: impl FnOnce() -> PyResult<T>,
        take: impl FnOnce(&T) -> R,
    ) -> PyResult<R> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = std::process::id();
        if let Some((_, value)) = slot.as_ref().filter(|(owner, _)| *owner == pid) {
            return Ok(take(value));
        }
        let value = make()?;
        let taken = take(&value);
        // Waiting for the parent's threads to end would never end.
        std::mem::forget(slot.replace((pid, value)));
        Ok(taken)
    }

    /// Takes the value of this process out, if there is one.
    pub(crate) fn take(&self, _attached: Python<'_>) -> Option<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = slot.as_ref().is_some_and(|(owner, _)| *owner == std::process::id());
        slot.take_if(|_| mine).map(|(_, value)| value)
    }
}
