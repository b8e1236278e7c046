//! Python functions that the core asks for a secret, or tells what it notices.

use std::sync::{Arc, Mutex, PoisonError};

use framekey::ClientBuilder;
use framekey::auth::{CallbackFailed, KeyCallback, Notice, TokenEvent};
use framekey::dynamic::Client;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pyo3::prelude::*;
use tokio::sync::oneshot;

tokio::task_local! {
    /// The event loop whose task made the call.
    pub(crate) static HOME: Arc<Py<PyAny>>;
}

/// The functions of one client.
pub(crate) struct Callbacks {
    pub(crate) api_key: Option<Arc<Py<PyAny>>>,
    pub(crate) token_provider: Option<Arc<Py<PyAny>>>,
    pub(crate) notices: Arc<Told>,
}

impl Callbacks {
    pub(crate) fn apply(&self, mut builder: ClientBuilder<Client>) -> ClientBuilder<Client> {
        if let Some(callback) = &self.api_key {
            // One read serves tasks of several loops, so it has none of its own.
            let ask = asking("api_key", Arc::clone(callback), false);
            builder = builder.api_key_from(KeyCallback::new("api_key", ask));
        }
        if let Some(callback) = &self.token_provider {
            builder = builder.token_provider(asking("token_provider", Arc::clone(callback), true));
        }
        let told = Arc::clone(&self.notices);
        builder.on_notice(move |notice: &Notice| told.note(notice))
    }
}

fn asking(
    name: &'static str,
    callback: Arc<Py<PyAny>>,
    at_home: bool,
) -> impl Fn() -> BoxFuture<'static, Result<String, CallbackFailed>> + Send + Sync {
    move || {
        let callback = Arc::clone(&callback);
        let home = at_home.then(|| HOME.try_with(Arc::clone).ok()).flatten();
        let (sender, receiver) = oneshot::channel();
        let answer = Answer(Mutex::new(Some(sender)));
        let begin = move || {
            Python::try_attach(|py| {
                let home = home.map(|home| home.clone_ref(py));
                let ask = py.import("framekey._callbacks")?.getattr("ask")?;
                ask.call1((name, callback.clone_ref(py), home, answer)).map(drop)
            })
        };
        async move {
            drop(tokio::task::spawn_blocking(begin));
            let answer = receiver.await.unwrap_or_else(|_| Err("failed".to_owned()));
            answer.map_err(CallbackFailed::that)
        }
        .boxed()
    }
}

/// Where the answer of a function goes.
#[pyclass(frozen, module = "framekey._native")]
pub(crate) struct Answer(Mutex<Option<oneshot::Sender<Result<String, String>>>>);

#[pymethods]
impl Answer {
    /// The text that was asked for.
    fn give(&self, text: String) {
        self.settle(Ok(text));
    }

    /// What the function did instead, without its words.
    fn fail(&self, did: String) {
        self.settle(Err(did));
    }
}

impl Answer {
    /// The first answer counts.
    fn settle(&self, answer: Result<String, String>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // Whoever asked may have given up.
            drop(sender.send(answer));
        }
    }
}

/// Notices on their way to Python.
pub(crate) struct Told {
    waiting: Mutex<Vec<(&'static str, String)>>,
    to: Option<Py<PyAny>>,
}

impl Told {
    /// `to` is a function; None: the logger.
    pub(crate) fn new(to: Option<Py<PyAny>>) -> Arc<Self> {
        Arc::new(Told { waiting: Mutex::default(), to })
    }

    fn note(self: &Arc<Self>, notice: &Notice) {
        let told = (level(notice), notice.to_string());
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        // A handler may block, or call us. While a client is built there is no runtime: whoever
        // builds it delivers.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let this = Arc::clone(self);
            drop(runtime.spawn_blocking(move || Python::try_attach(|py| this.deliver(py))));
        }
    }

    /// Passes on what waits. What a handler raises is its own affair.
    pub(crate) fn deliver(&self, py: Python<'_>) {
        let waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for (level, text) in waiting {
            let told = py
                .import("framekey._callbacks")
                .and_then(|module| module.call_method1("tell", (self.to.as_ref(), level, text)));
            drop(told);
        }
    }
}

/// As Python's logging calls them.
fn level(notice: &Notice) -> &'static str {
    match notice {
        Notice::Token(TokenEvent::Renewed { fleeting: false, .. }) => "debug",
        Notice::Replaced { .. } | Notice::Rebound { .. } => "info",
        _ => "warning",
    }
}
