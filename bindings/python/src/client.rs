//! The one native class: a client of one service, called by operation ids.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use framekey::dynamic::{self, File};
use framekey::runtime::{Bytes, Source};
use framekey::{CallOptions, Error, ErrorKind, Secret, Service};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use serde_json::{Map, Value};

use crate::bridge::wait;
use crate::errors::raise;

/// Argument, file name, content type; then a path with offset and length, or the bytes themselves.
type FileArgument =
    (String, Option<String>, Option<String>, Option<PathBuf>, u64, u64, Option<PyBackedBytes>);

/// Status, content type and bytes of an answer.
type Answer<'py> = (u16, Option<String>, Bound<'py, PyBytes>);

/// A client of one service.
#[pyclass(frozen, module = "framekey._native")]
pub(crate) struct Client {
    service: Service,
    /// JSON, for a forked child to build its own client from: the parent's connections are served
    /// by threads that the child does not have.
    options: Secret,
    inner: Mutex<(u32, dynamic::Client)>,
}

#[pymethods]
impl Client {
    /// `service` is a slug (`api-video`), `options` a JSON object.
    #[new]
    fn new(py: Python<'_>, service: &str, options: String) -> PyResult<Self> {
        let service = Service::from_slug(service).ok_or_else(|| {
            raise(py, &usage("usage.bad_value", format!("there is no service `{service}`")))
        })?;
        let options = Secret::new(options);
        // Setting TLS up takes milliseconds: other threads go on.
        let inner = py.detach(|| build(service, &options)).map_err(|error| raise(py, &error))?;
        Ok(Client { service, options, inner: Mutex::new((std::process::id(), inner)) })
    }

    /// Where the service is.
    #[getter]
    fn base_url(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.inner(py)?.session().base().to_string())
    }

    /// Calls one operation with a JSON object of arguments and waits for the answer.
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: String,
        arguments: &str,
        files: Vec<FileArgument>,
        timeout: Option<f64>,
    ) -> PyResult<Answer<'py>> {
        let client = self.inner(py)?;
        let failed = |error: Error| raise(py, &error);
        let arguments = object(arguments).map_err(failed)?;
        let options = CallOptions { timeout: timeout.map(seconds).transpose().map_err(failed)? };
        let files = files.into_iter().map(file).collect();
        let outcome =
            wait(py, async move { client.call(&operation, arguments, files, options).await })?;
        let response = outcome.map_err(failed)?;
        let media = response.headers.get("content-type").map(str::to_owned);
        Ok((response.status, media, PyBytes::new(py, &response.body)))
    }
}

impl Client {
    /// As with the runtime, the lock is only held while attached, so that no child finds it locked.
    fn inner(&self, py: Python<'_>) -> PyResult<dynamic::Client> {
        let mut slot = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = std::process::id();
        if slot.0 != pid {
            let own = build(self.service, &self.options).map_err(|error| raise(py, &error))?;
            std::mem::forget(std::mem::replace(&mut *slot, (pid, own)));
        }
        Ok(slot.1.clone())
    }
}

fn build(service: Service, options: &Secret) -> Result<dynamic::Client, Error> {
    let named = object(options.expose())?;
    let builder = dynamic::Client::builder(service);
    named.into_iter().try_fold(builder, |builder, (name, value)| builder.set(&name, value))?.build()
}

/// A JSON object that our Python half wrote.
fn object(text: &str) -> Result<Map<String, Value>, Error> {
    // The parser's own text may quote what it read: it is not passed on.
    serde_json::from_str(text)
        .map_err(|_| usage("usage.bad_value", "the arguments are not a JSON object".to_owned()))
}

fn seconds(limit: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(limit).ok().filter(|limit| !limit.is_zero()).ok_or_else(|| {
        usage("usage.bad_value", "`timeout` takes a positive number of seconds".to_owned())
    })
}

fn file((argument, file_name, content_type, path, offset, length, data): FileArgument) -> File {
    let source = match (path, data) {
        (Some(path), _) => Source::File { path, offset, length },
        (None, Some(data)) => Source::Bytes(Bytes::from_owner(data)),
        (None, None) => Source::Bytes(Bytes::new()),
    };
    File { argument, file_name, content_type, source }
}

fn usage(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Usage, code, message)
}
