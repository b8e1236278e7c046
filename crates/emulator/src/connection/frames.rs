//! The frames of a client of HTTP/2, as far as it takes to see where a request begins: hyper does not
//! tell the numbers of streams.

use bytes::{Buf as _, Bytes, BytesMut};

/// How a client begins, before its first frame (RFC 9113, section 3.4).
const PREFACE: usize = 24;
/// Length, type, flags and number of the stream (RFC 9113, section 4.1).
const HEAD: usize = 9;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Bytes that came, given on up to the end of each head of a request.
#[derive(Debug)]
pub(super) struct Frames {
    waiting: BytesMut,
    /// Bytes of the frame, or of the preface, that are still to be given on.
    left: usize,
    /// Bytes of the head of the next frame, as far as it came.
    head: Vec<u8>,
    /// The highest number so far.
    opened: u32,
    /// A request whose head is still being given on.
    opening: Option<u32>,
    /// Whether its head ends with this frame.
    ends: bool,
    pauses: bool,
}

/// What there is for the reader.
pub(super) enum Next {
    /// These.
    Bytes(Bytes),
    /// These, and with them all of the head of a request on this stream.
    Head(Bytes, u32),
    /// Nothing, until the request is taken up.
    Pause,
}

impl Default for Frames {
    fn default() -> Self {
        let (waiting, head) = (BytesMut::new(), Vec::with_capacity(HEAD));
        Frames {
            waiting,
            left: PREFACE,
            head,
            opened: 0,
            opening: None,
            ends: false,
            pauses: false,
        }
    }
}

impl Frames {
    /// Whether more has to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.pauses
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next, of so many bytes at most.
    pub(super) fn next(&mut self, most: usize) -> Next {
        if std::mem::take(&mut self.pauses) && !self.is_reset_next() {
            return Next::Pause;
        }
        let mut size = 0;
        while size < self.waiting.len().min(most) {
            let rest = self.waiting.len().min(most) - size;
            if self.left > 0 {
                let step = self.left.min(rest);
                (self.left, size) = (self.left - step, size + step);
            } else {
                let step = (HEAD - self.head.len()).min(rest);
                self.head.extend_from_slice(
                    self.waiting.chunk().get(size..size + step).unwrap_or_default(),
                );
                size += step;
                self.read_head();
            }
            if self.left == 0
                && self.ends
                && let Some(number) = self.opening.take()
            {
                self.pauses = true;
                return Next::Head(self.waiting.split_to(size).freeze(), number);
            }
        }
        Next::Bytes(self.waiting.split_to(size).freeze())
    }

    /// Whether the request is taken back already. h2 must see that at once: it counts those who do it in
    /// haste, as long as nobody has taken the request up.
    fn is_reset_next(&self) -> bool {
        matches!(self.waiting.chunk(), [_, _, _, RST_STREAM, _, number @ ..] if number.starts_with(&self.opened.to_be_bytes()))
    }

    fn read_head(&mut self) {
        let &[high, middle, low, kind, flags, a, b, c, d] = self.head.as_slice() else { return };
        let number = u32::from_be_bytes([a, b, c, d]) & (u32::MAX >> 1);
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.head.clear();
        // Headers on a stream that is open are trailers.
        if kind == HEADERS && number > self.opened {
            (self.opened, self.opening) = (number, Some(number));
        }
        self.ends = matches!(kind, HEADERS | CONTINUATION) && flags & END_HEADERS != 0;
    }
}
