//! The seams of the core, filled by the host.

use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::{
    Body, BoxFuture, Bytes, Clock, Headers, HttpRequest, HttpResponse, Multipart, Platform, Random,
    Source, Spawn, Stage, Time, Transport, TransportError,
};
use futures_util::stream;
use js_sys::futures::spawn_local;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::host::{Answer, Fault, Host, Work};
use crate::json::HostJson;

/// The platform of a browser or of Node.
pub(crate) fn platform(host: &Host) -> Platform {
    let seams = Arc::new(Seams(host.clone()));
    Platform {
        transport: seams.clone(),
        clock: seams.clone(),
        spawn: seams.clone(),
        random: seams,
        json: Arc::new(HostJson(host.clone())),
    }
}

struct Seams(Host);

impl Clock for Seams {
    fn now(&self) -> Time {
        // What is negative is 0.
        let duration = |milliseconds: f64| Duration::from_micros((milliseconds * 1e3) as u64);
        Time { monotonic: duration(self.0.monotonic()), wall: duration(self.0.wall()) }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let work = Work::new(self.0.sleep(duration.as_secs_f64() * 1000.0));
        Box::pin(async move { drop(work.await) })
    }
}

impl Spawn for Seams {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        spawn_local(task);
    }
}

impl Random for Seams {
    fn fill(&self, buffer: &mut [u8]) {
        let count = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let bytes = self.0.random(count);
        // A host that gives another count leaves zeros: it serves boundaries and jitter, not keys.
        if bytes.length() == count {
            bytes.copy_to(buffer);
        }
    }
}

impl Transport for Seams {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let headers = Array::new();
        for (name, value) in request.headers.iter() {
            headers.push(&JsValue::from_str(name));
            headers.push(&JsValue::from_str(value));
        }
        let body = match &request.body {
            Body::Empty => None,
            Body::Bytes(bytes) => Some(Array::of1(&copy(bytes))),
            Body::Multipart(form) => match pieces(form, &request.boundary) {
                Ok(pieces) => Some(pieces),
                Err(fault) => return Box::pin(std::future::ready(Err(fault))),
            },
        };
        let work = Work::new(self.0.send(request.method, &request.url, headers, body));
        Box::pin(async move { work.await.map_err(fault(Stage::Sent)).map(response) })
    }
}

/// The form as pieces from which the host makes one `Blob`: the bytes of a file never come here,
/// and what goes on the wire is what the native transport writes.
fn pieces(form: &Multipart, boundary: &str) -> Result<Array, TransportError> {
    let pieces = Array::new();
    for part in &form.parts {
        pieces.push(&copy(part.head(boundary).as_bytes()));
        pieces.push(&match &part.source {
            Source::Bytes(bytes) => copy(bytes),
            Source::Host { handle } => JsValue::from(*handle),
            Source::File { .. } => {
                let message = "files are read by the host here".to_owned();
                return Err(TransportError { stage: Stage::Source, message });
            }
        });
        pieces.push(&copy(b"\r\n"));
    }
    pieces.push(&copy(format!("--{boundary}--\r\n").as_bytes()));
    Ok(pieces)
}

fn copy(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// A body that is being read; one that is given up is broken off.
struct Reading {
    answer: Answer,
    done: bool,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<Bytes, TransportError>, Reading)> {
        if self.done {
            return None;
        }
        match Work::new(self.answer.read()).await {
            Ok(piece) if piece.is_undefined() => {
                self.done = true;
                None
            }
            Ok(piece) => {
                Some((Ok(Bytes::from(piece.unchecked_into::<Uint8Array>().to_vec())), self))
            }
            Err(error) => {
                self.done = true;
                Some((Err(fault(Stage::Answering)(error)), self))
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.done {
            self.answer.cancel();
        }
    }
}

fn response(answer: JsValue) -> HttpResponse {
    let answer: Answer = answer.unchecked_into();
    let mut headers = Headers::new();
    let mut fields = answer.headers().into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        headers.push(&name, value);
    }
    let status = answer.status();
    let body = stream::unfold(Reading { answer, done: false }, Reading::next);
    HttpResponse { status, headers, body: Box::pin(body) }
}

fn fault(least: Stage) -> impl Fn(JsValue) -> TransportError {
    move |error| {
        let error: Fault = error.unchecked_into();
        let stage = match error.stage().as_str() {
            "connect" => Stage::Connect,
            "tls" => Stage::Tls,
            "source" => Stage::Source,
            _ => least,
        };
        TransportError { stage, message: error.message() }
    }
}
