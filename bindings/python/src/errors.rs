//! Rust's error as the Python exception of its kind. The classes are made in Python, so that they
//! can be pickled and subclassed.

use framekey::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    make(py, error).map_or_else(|fault| fault, PyErr::from_value)
}

/// A fault of ours, from anywhere.
pub(crate) fn internal(what: &str) -> PyErr {
    let error = Error::new(ErrorKind::Internal, "internal", format!("{what}. Please report this."));
    Python::attach(|py| raise(py, &error))
}

fn make<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("kind", error.kind().as_str())?;
    fields.set_item("code", error.code())?;
    fields.set_item("service", error.service().map(framekey::Service::slug))?;
    fields.set_item("operation", error.operation())?;
    fields.set_item("status", error.status())?;
    fields.set_item("attempts", error.attempts())?;
    fields.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
    if let Some(server) = error.server() {
        fields.set_item("server_code", server.code.as_deref())?;
        fields.set_item("server_message", server.message.as_deref())?;
        fields.set_item("parameter", server.parameter.as_deref())?;
        fields.set_item("request_id", server.request_id.as_deref())?;
    }
    py.import("framekey._errors")?.getattr("from_native")?.call1((error.to_string(), fields))
}
