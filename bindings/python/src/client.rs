//! The one native class: a client of one service, called by operation ids.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use framekey::dynamic::{self, File};
use framekey::runtime::{Bytes, Response, Source};
use framekey::{CallOptions, Error, ErrorKind, Secret, Service, SharedTokens};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};
use serde_json::{Map, Value};

use crate::asyncio::{Completions, Running, start};
use crate::bridge::wait;
use crate::callbacks::{Callbacks, Told};
use crate::errors::raise;
use crate::process::PerProcess;

/// Argument, file name, content type; then a path with offset and length, or the bytes themselves.
type FileArgument =
    (String, Option<String>, Option<String>, Option<PathBuf>, u64, u64, Option<PyBackedBytes>);

/// A client of one service.
#[pyclass(frozen, module = "framekey._native")]
pub(crate) struct Client {
    service: Service,
    /// JSON, for a forked child to build its own client from: the parent's connections are served
    /// by threads that the child does not have.
    options: Secret,
    callbacks: Callbacks,
    inner: PerProcess<dynamic::Client>,
}

#[pymethods]
impl Client {
    /// `service` is a slug (`api-video`), `options` a JSON object, the others functions.
    #[new]
    fn new(
        py: Python<'_>,
        service: &str,
        options: String,
        api_key: Option<Py<PyAny>>,
        token_provider: Option<Py<PyAny>>,
        on_notice: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let service = Service::from_slug(service).ok_or_else(|| {
            raise(py, &usage("usage.bad_value", format!("there is no service `{service}`")))
        })?;
        let options = Secret::new(options);
        // Setting TLS up takes milliseconds: other threads go on.
        let tokens = tokens(py)?;
        let callbacks = Callbacks {
            api_key: api_key.map(Arc::new),
            token_provider: token_provider.map(Arc::new),
            notices: Told::new(on_notice),
        };
        let built = py.detach(|| build(service, &options, &callbacks, &tokens));
        callbacks.notices.deliver(py);
        let inner = PerProcess::new(built.map_err(|error| raise(py, &error))?);
        Ok(Client { service, options, callbacks, inner })
    }

    /// Where the service is.
    #[getter]
    fn base_url(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.inner(py)?.session().base().to_string())
    }

    /// Calls one operation with a JSON object of arguments and waits for the answer: its status,
    /// content type and bytes.
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: String,
        arguments: &str,
        files: Vec<FileArgument>,
        timeout: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let call = self.prepare(py, operation, arguments, files, timeout)?;
        let response = wait(py, call)?.map_err(|error| raise(py, &error))?;
        answer(py, &response)
    }

    /// Begins the same call for an event loop. The answer, or the exception, goes to `future`.
    #[expect(clippy::too_many_arguments, reason = "the arguments of `call`, and where it ends")]
    fn start(
        &self,
        py: Python<'_>,
        operation: String,
        arguments: &str,
        files: Vec<FileArgument>,
        timeout: Option<Bound<'_, PyAny>>,
        future: Py<PyAny>,
        completions: Py<Completions>,
    ) -> PyResult<Running> {
        let call = self.prepare(py, operation, arguments, files, timeout)?;
        start(py, future, completions, call)
    }
}

impl Client {
    fn prepare(
        &self,
        py: Python<'_>,
        operation: String,
        arguments: &str,
        files: Vec<FileArgument>,
        timeout: Option<Bound<'_, PyAny>>,
    ) -> PyResult<impl Future<Output = Result<Response, Error>> + Send + use<>> {
        let client = self.inner(py)?;
        let failed = |error: Error| raise(py, &error);
        let arguments = object(arguments).map_err(failed)?;
        let options =
            CallOptions { timeout: timeout.as_ref().map(seconds).transpose().map_err(failed)? };
        let files = files.into_iter().map(file).collect();
        Ok(async move { client.call(&operation, arguments, files, options).await })
    }

    fn inner(&self, py: Python<'_>) -> PyResult<dynamic::Client> {
        let make = || {
            build(self.service, &self.options, &self.callbacks, &tokens(py)?)
                .map_err(|error| raise(py, &error))
        };
        self.inner.with(py, make, dynamic::Client::clone)
    }
}

/// Clients of one process with the same key and base URL have one token.
fn tokens(py: Python<'_>) -> PyResult<SharedTokens> {
    static TOKENS: PerProcess<SharedTokens> = PerProcess::empty();
    TOKENS.with(py, || Ok(SharedTokens::default()), SharedTokens::clone)
}

/// What Python makes an answer of.
pub(crate) fn answer<'py>(py: Python<'py>, response: &Response) -> PyResult<Bound<'py, PyTuple>> {
    let media = response.headers.get("content-type");
    (response.status, media, PyBytes::new(py, &response.body)).into_pyobject(py)
}

fn build(
    service: Service,
    options: &Secret,
    callbacks: &Callbacks,
    tokens: &SharedTokens,
) -> Result<dynamic::Client, Error> {
    let named = object(options.expose())?;
    let builder = callbacks.apply(dynamic::Client::builder(service).shared(tokens));
    named.into_iter().try_fold(builder, |builder, (name, value)| builder.set(&name, value))?.build()
}

/// A JSON object that our Python half wrote.
fn object(text: &str) -> Result<Map<String, Value>, Error> {
    // The parser's own text may quote what it read: it is not passed on.
    serde_json::from_str(text)
        .map_err(|_| usage("usage.bad_value", "the arguments are not a JSON object".to_owned()))
}

fn seconds(limit: &Bound<'_, PyAny>) -> Result<Duration, Error> {
    let limit = limit.extract().ok().and_then(|limit| Duration::try_from_secs_f64(limit).ok());
    limit.filter(|limit| !limit.is_zero()).ok_or_else(|| {
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
