//! What JavaScript lends to the core: `src/host.js` of the npm package.

use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::futures::JsFuture;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The host.
    #[derive(Clone)]
    pub type Host;

    /// Milliseconds since some fixed point; never goes back.
    #[wasm_bindgen(method)]
    pub(crate) fn monotonic(this: &Host) -> f64;
    /// Milliseconds since 1970.
    #[wasm_bindgen(method)]
    pub(crate) fn wall(this: &Host) -> f64;
    /// Random bytes.
    #[wasm_bindgen(method)]
    pub(crate) fn random(this: &Host, count: u32) -> Uint8Array;
    /// An environment variable, where there are any.
    #[wasm_bindgen(method)]
    pub(crate) fn env(this: &Host, name: &str) -> Option<String>;
    /// The value that a JSON text holds, as a list of texts; nothing where it is not JSON.
    #[wasm_bindgen(method, js_name = readJson)]
    pub(crate) fn read_json(this: &Host, text: &[u8]) -> Option<Vec<String>>;
    /// The JSON text of a value that is given as such a list.
    #[wasm_bindgen(method, js_name = writeJson)]
    pub(crate) fn write_json(this: &Host, list: Array) -> String;
    /// Ends after some milliseconds.
    #[wasm_bindgen(method)]
    pub(crate) fn sleep(this: &Host, milliseconds: f64) -> Task;
    /// Asks a function of the caller's for a secret. Gives a `Given`, or fails with a text that says
    /// what the function did.
    #[wasm_bindgen(method)]
    pub(crate) fn ask(this: &Host, function: &JsValue) -> Task;
    /// Sends a request: header names and values in turn; the body as pieces, each bytes or the
    /// number of a `Blob`. Gives an `Answer`, or fails with a `Fault`.
    #[wasm_bindgen(method)]
    pub(crate) fn send(
        this: &Host,
        method: &str,
        url: &str,
        headers: Array,
        body: Option<Array>,
    ) -> Task;

    /// Something that JavaScript does and that can be broken off.
    pub(crate) type Task;

    #[wasm_bindgen(method, getter)]
    fn promise(this: &Task) -> Promise;
    /// Breaks it off; its promise is settled all the same.
    #[wasm_bindgen(method)]
    fn cancel(this: &Task);

    /// What a function gave.
    pub(crate) type Given;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn secret(this: &Given) -> String;
    /// Milliseconds since 1970, where it said when the secret ends.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn end(this: &Given) -> Option<f64>;

    /// The head of a response.
    pub(crate) type Answer;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn status(this: &Answer) -> u16;
    /// Names and values in turn.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn headers(this: &Answer) -> Vec<String>;
    /// The next piece of the body; undefined at its end.
    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Answer) -> Task;
    /// Reads no further.
    #[wasm_bindgen(method)]
    pub(crate) fn cancel(this: &Answer);

    /// Why a request failed.
    pub(crate) type Fault;

    /// `connect`, `tls` or `sent`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn stage(this: &Fault) -> String;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn message(this: &Fault) -> String;
}

/// A task as a future. Dropping it breaks the task off: a call that is given up leaves no request
/// and no timer behind.
pub(crate) struct Work {
    task: Task,
    promise: JsFuture,
    done: bool,
}

impl Work {
    pub(crate) fn new(task: Task) -> Self {
        let promise = JsFuture::from(task.promise());
        Work { task, promise, done: false }
    }
}

impl Future for Work {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = Pin::new(&mut self.promise).poll(context);
        self.done = outcome.is_ready();
        outcome
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.done {
            self.task.cancel();
        }
    }
}
