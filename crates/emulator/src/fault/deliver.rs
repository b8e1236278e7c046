//! What a fault makes of an answer: the response that goes on the wire, or how the connection ends.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use http_body_util::{Either, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use super::{Code, Fault, GoAway};
use crate::answer::Answer;
use crate::clock::pause;
use crate::connection::{Broken, Line};

/// The body of a response: whole, or as a fault has it come.
pub(crate) type Body = Either<Full<Bytes>, StreamBody<Pieces>>;
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Broken>> + Send>>;

/// How a request ends in the place of an answer; in HTTP/1 always with its connection.
#[derive(Debug)]
pub(crate) enum End {
    /// With a reset, in HTTP/2 of its stream.
    Reset(Code),
    /// In order, though something was to come.
    Close,
    /// With these bytes.
    Raw(Bytes),
    /// With a frame that says which stream was the last to be looked at.
    GoAway(Code),
}

impl Fault {
    /// The end that it gives to a request instead of the rest of its answer, if it is one.
    fn end(&self) -> Option<End> {
        if self.reset {
            return Some(End::Reset(self.code.unwrap_or(Code::InternalError)));
        }
        let leaves = self.goaway == Some(GoAway::Abrupt);
        leaves.then(|| End::GoAway(self.code.unwrap_or(Code::NoError)))
    }
}

/// An answer and its body as it goes out.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) body: Body,
}

impl Reply {
    pub(crate) fn whole(answer: Answer) -> Self {
        let body = match answer.events() {
            Some(end) => Either::Right(StreamBody::new(events(answer.body.clone(), end))),
            None => Either::Left(Full::new(answer.body.clone())),
        };
        Reply { answer, body }
    }
}

/// What the fault makes of the true answer; `target` is the path and query that were asked for, `own`
/// the emulator's origins.
pub(crate) async fn reply(
    fault: &Fault,
    truth: Answer,
    target: &str,
    own: &[String; 2],
    line: &Line,
) -> Result<Reply, End> {
    if let Some(seconds) = fault.delay {
        pause(Duration::from_secs_f64(seconds)).await;
    }
    if let Some(raw) = &fault.raw {
        return Err(End::Raw(Bytes::copy_from_slice(raw.as_bytes())));
    }
    if fault.cut.is_none() {
        if let Some(end) = fault.end() {
            return Err(end);
        }
        if fault.stall {
            return std::future::pending().await;
        }
    }
    let mut answer = if fault.answers() { replaced(fault, target) } else { truth };
    if fault.goaway == Some(GoAway::Graceful) {
        line.leave();
        if line.stream.is_none() {
            answer = answer.header("connection", "close");
        }
    }
    if !fault.set.is_empty() || !fault.remove.is_empty() {
        answer.body = edited(&answer.body, fault);
    }
    if let Some(origin) = &fault.rebase {
        answer.body = own.iter().fold(answer.body, |body, own| rebased(&body, own, origin));
    }
    for (name, value) in &fault.headers {
        answer.headers.push((name.clone().into(), value.clone()));
    }
    if fault.cut.is_none() && fault.drip.is_none() && fault.size.is_none() {
        return Ok(Reply::whole(answer));
    }
    let size = fault.size.unwrap_or(answer.body.len() as u64);
    answer.headers.push(("content-length".into(), size.to_string()));
    let source = Source {
        bytes: answer.body.clone(),
        left: fault.cut.map_or(size, |cut| cut.min(size)),
        piece: fault.drip.map_or(u64::MAX, |drip| drip.bytes),
        pause: fault.drip.map(|drip| Duration::from_secs_f64(drip.seconds)),
        last: fault.cut.map(|_| match fault.end() {
            Some(end) => Last::End(end),
            None if fault.stall => Last::Stall,
            None => Last::End(End::Close),
        }),
        line: line.clone(),
    };
    Ok(Reply { answer, body: Either::Right(StreamBody::new(source.pieces())) })
}

/// The events of a stream, each by itself: nobody knows its length before its end.
fn events(body: Bytes, end: &'static str) -> Pieces {
    Box::pin(unfold(body, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        let ends = left.windows(end.len()).position(|bytes| bytes == end.as_bytes());
        let event = left.split_to(ends.map_or(left.len(), |at| at + end.len()));
        // What was given so far leaves first.
        tokio::task::yield_now().await;
        Some((Ok(Frame::data(event)), left))
    }))
}

fn replaced(fault: &Fault, target: &str) -> Answer {
    let usual = if fault.redirect.is_some() { 307 } else { 200 };
    let status = fault.status.unwrap_or(usual);
    let json = |body: Bytes| Answer::of(status, "application/json", body);
    let answer = if let Some(body) = &fault.body {
        Answer::json(status, body)
    } else if let Some(text) = &fault.text {
        json(Bytes::copy_from_slice(text.as_bytes()))
    } else if let Some(text) = &fault.base64 {
        // Checked when it was planted.
        json(BASE64_STANDARD.decode(text).unwrap_or_default().into())
    } else if fault.size.is_some() {
        json(Bytes::new())
    } else {
        Answer::empty(status)
    };
    match &fault.redirect {
        Some(to) => answer.header("location", location(to, target)),
        None => answer,
    }
}

/// The URL, with the path that was asked for where it has none.
fn location(to: &str, target: &str) -> String {
    let rest = to.split_once("://").map_or(to, |(_, rest)| rest);
    match rest.split_once('/') {
        Some((_, path)) if !path.is_empty() => to.to_owned(),
        _ => format!("{}{target}", to.trim_end_matches('/')),
    }
}

/// The body with values put in and taken out; what is no JSON, or has no such place, stays.
fn edited(body: &Bytes, fault: &Fault) -> Bytes {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let edits = fault.set.iter().map(|(pointer, value)| (pointer, Some(value)));
    for (pointer, value) in edits.chain(fault.remove.iter().map(|pointer| (pointer, None))) {
        let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
        let name = name.replace("~1", "/").replace("~0", "~");
        match (json.pointer_mut(parent), value) {
            (Some(Value::Object(object)), Some(value)) => {
                object.insert(name, value.clone());
            }
            (Some(Value::Object(object)), None) => {
                object.remove(&name);
            }
            (Some(Value::Array(items)), value) => {
                let Some(at) = name.parse().ok().filter(|at| *at < items.len()) else { continue };
                match value {
                    Some(value) => items[at] = value.clone(),
                    None => drop(items.remove(at)),
                }
            }
            _ => {}
        }
    }
    json.to_string().into()
}

fn rebased(body: &Bytes, own: &str, origin: &str) -> Bytes {
    match std::str::from_utf8(body) {
        Ok(text) => text.replace(own, origin.trim_end_matches('/')).into(),
        Err(_) => body.clone(),
    }
}

enum Last {
    Stall,
    End(End),
}

/// A body on its way.
struct Source {
    /// The bytes; filler follows where more are to come.
    bytes: Bytes,
    left: u64,
    piece: u64,
    pause: Option<Duration>,
    last: Option<Last>,
    line: Line,
}

/// What a body of nothing but size is made of.
static FILLER: [u8; 1 << 16] = [b'x'; 1 << 16];

impl Source {
    fn pieces(self) -> Pieces {
        Box::pin(unfold(self, |mut source| async {
            if source.left == 0 {
                return source.end().await.map(|error| (Err(error), source));
            }
            if let Some(time) = source.pause {
                pause(time).await;
            }
            let piece = source.next();
            Some((Ok(Frame::data(piece)), source))
        }))
    }

    fn next(&mut self) -> Bytes {
        let most = usize::try_from(self.piece.min(self.left)).unwrap_or(usize::MAX);
        let piece = if self.bytes.is_empty() {
            Bytes::from_static(&FILLER).split_to(most.min(FILLER.len()))
        } else {
            self.bytes.split_to(most.min(self.bytes.len()))
        };
        self.left -= piece.len() as u64;
        piece
    }

    /// Gives what came so far time to leave, then ends the connection where the body was cut.
    async fn end(&mut self) -> Option<Broken> {
        match self.last.take()? {
            Last::Stall => std::future::pending().await,
            Last::End(end) => {
                pause(Duration::from_millis(5)).await;
                Some(self.line.end(end).await)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::location;

    #[test]
    fn a_redirect_keeps_the_path_where_it_has_none() {
        for (to, there) in [
            ("http://a.example:1", "http://a.example:1/v?q=1"),
            ("http://a.example/", "http://a.example/v?q=1"),
            ("http://a.example/b", "http://a.example/b"),
        ] {
            assert_eq!(location(to, "/v?q=1"), there);
        }
    }
}
