//! The bytes of an HTTP/2 connection on loan: they come request by request, and can be taken back.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Frames, Next};
use super::stream::Stream;

/// A stream that can be taken back from HTTP/2, which does not give it away at its end, and that
/// knows which request is being read.
#[derive(Clone)]
pub(super) struct Lent {
    stream: Arc<Mutex<Option<Stream>>>,
    frames: Arc<Mutex<Frames>>,
    opened: Arc<AtomicU32>,
}

impl Lent {
    pub(super) fn new(stream: Stream) -> Self {
        let stream = Arc::new(Mutex::new(Some(stream)));
        Lent { stream, frames: Arc::default(), opened: Arc::default() }
    }

    /// The number of the stream whose request was read last: it is given out before the next is read.
    pub(super) fn opened(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.opened)
    }

    /// The stream, if it was not taken before: whoever still has it, has nothing.
    pub(super) fn take_back(&self) -> Option<Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn with<T>(
        &self,
        poll: impl FnOnce(Pin<&mut Stream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match self.stream.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(stream) => poll(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncRead for Lent {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if frames.is_empty() {
            let mut bytes = [0; 4096];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(self.with(|stream| stream.poll_read(context, &mut read)))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            frames.put(read.filled());
        }
        match frames.next(buffer.remaining()) {
            Next::Bytes(bytes) => {
                buffer.put_slice(&bytes);
                Poll::Ready(Ok(()))
            }
            Next::Head(bytes, number) => {
                self.opened.store(number, Ordering::Relaxed);
                buffer.put_slice(&bytes);
                Poll::Ready(Ok(()))
            }
            Next::Pause => {
                // Whoever reads takes the request up when there is nothing more to read.
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Lent {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(context))
    }
}
