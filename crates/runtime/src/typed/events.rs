//! Answers that come as a stream of JSON values.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::response::unreadable;
use crate::{BoxStream, Bytes, Error, ErrorKind};

/// A single value larger than this is refused.
const LARGEST_EVENT: usize = 64 << 20;

/// How values are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One JSON value a line (NDJSON, JSON Lines).
    Lines,
    /// Server-sent events: the `data` of each is a JSON value; `[DONE]` ends the stream.
    ServerSent,
}

/// A stream of typed values. After an error it is at its end.
pub struct EventStream<T> {
    bytes: BoxStream<Result<Bytes, Error>>,
    decoder: Decoder,
    ended: bool,
    value: PhantomData<fn() -> T>,
}

impl<T> EventStream<T> {
    pub(super) fn new(framing: Framing, bytes: BoxStream<Result<Bytes, Error>>) -> Self {
        EventStream { bytes, decoder: Decoder::new(framing), ended: false, value: PhantomData }
    }
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Stream for EventStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(text) = this.decoder.ready.pop_front() {
                let value = serde_json::from_slice(&text).map_err(|fault| unreadable(&fault));
                this.ended |= value.is_err();
                if value.is_err() {
                    this.decoder.ready.clear();
                }
                return Poll::Ready(Some(value));
            }
            if this.ended || this.decoder.done {
                return Poll::Ready(None);
            }
            match this.bytes.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    this.ended = true;
                    this.decoder.finish();
                }
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(Some(Ok(bytes))) => {
                    if let Err(error) = this.decoder.take(&bytes) {
                        this.ended = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
    }
}

/// From bytes to the JSON texts in them.
struct Decoder {
    framing: Framing,
    line: Vec<u8>,
    data: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    done: bool,
}

impl Decoder {
    const fn new(framing: Framing) -> Self {
        Decoder { framing, line: Vec::new(), data: Vec::new(), ready: VecDeque::new(), done: false }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + self.data.len() + piece.len() > LARGEST_EVENT {
                return Err(Error::new(
                    ErrorKind::Decode,
                    "decode.too_large",
                    format!("a value of the stream is larger than {} MiB", LARGEST_EVENT >> 20),
                ));
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        self.end_line();
        self.end_event();
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.framing {
            Framing::Lines => {
                if !line.trim_ascii().is_empty() {
                    self.ready.push_back(line.to_vec());
                }
            }
            Framing::ServerSent if line.is_empty() => self.end_event(),
            Framing::ServerSent => {
                if let Some(data) = line.strip_prefix(b"data:") {
                    if !self.data.is_empty() {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
                }
            }
        }
    }

    fn end_event(&mut self) {
        let data = std::mem::take(&mut self.data);
        if self.done || data.is_empty() {
            return;
        }
        if data == b"[DONE]" {
            self.done = true;
        } else {
            self.ready.push_back(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use serde_json::{Value, json};

    use super::{EventStream, Framing};
    use crate::{Bytes, Error};

    async fn read(framing: Framing, pieces: &[&str]) -> Vec<Result<Value, Error>> {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok(Bytes::from((*piece).to_owned()))).collect();
        let stream: EventStream<Value> =
            EventStream::new(framing, Box::pin(futures_util::stream::iter(pieces)));
        stream.collect().await
    }

    async fn values(framing: Framing, pieces: &[&str]) -> Vec<Value> {
        read(framing, pieces).await.into_iter().map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn lines_are_put_together_from_pieces() {
        let found = values(Framing::Lines, &["{\"a\"", ":1}\r\n\n{\"a\":", "2}\n{\"a\":3}"]).await;
        assert_eq!(found, [json!({"a":1}), json!({"a":2}), json!({"a":3})]);
    }

    #[tokio::test]
    async fn server_sent_data_is_joined_and_done_ends() {
        let found = values(
            Framing::ServerSent,
            &[
                ": hello\nevent: x\ndata: {\"a\":\nda",
                "ta:1}\n\ndata: 2\n\ndata: [DONE]\n\ndata: 3\n\n",
            ],
        )
        .await;
        assert_eq!(found, [json!({"a":1}), json!(2)]);
    }

    #[tokio::test]
    async fn a_broken_value_ends_the_stream_and_is_not_quoted() {
        let found = read(Framing::Lines, &["1\ncanary-71c\n2\n"]).await;
        assert_eq!(found.len(), 2);
        let error = found[1].as_ref().unwrap_err();
        assert_eq!(error.code(), "decode.body");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
