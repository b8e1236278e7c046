//! One connection: HTTP on it, and the ends that a fault gives it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::fault::End;
use crate::server;
use crate::world::World;

/// A client has so long for its first byte and for the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// The head of a request is not larger.
const LARGEST_HEAD: usize = 64 << 10;

/// How this connection is to end, when it is not to end in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate(Arc<Mutex<Option<End>>>);

impl Fate {
    pub(crate) fn seal(&self, end: End) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    fn take(&self) -> Option<End> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Serves a connection to its end; a change of `stopping` ends it after the request in progress.
pub(crate) async fn serve(stream: TcpStream, world: Arc<World>, mut stopping: watch::Receiver<()>) {
    // Thousands of connections that say nothing must not cost a buffer each.
    let first_byte = tokio::time::timeout(HEAD_PATIENCE, stream.readable());
    let is_silent = tokio::select! {
        ready = first_byte => !matches!(ready, Ok(Ok(()))),
        _ = stopping.changed() => true,
    };
    if !is_silent {
        // Boxed, so that who says nothing does not hold the room for it.
        Box::pin(talk(stream, world, stopping)).await;
    }
}

async fn talk(stream: TcpStream, world: Arc<World>, mut stopping: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let fate = Fate::default();
    let service = service_fn({
        let fate = fate.clone();
        move |request| {
            let (world, fate) = (Arc::clone(&world), fate.clone());
            // Boxed, since the connection must be movable to be taken apart at its end.
            Box::pin(async move {
                match server::handle(&world, request, &fate).await {
                    Ok(response) => Ok(response),
                    Err(end) => {
                        fate.seal(end);
                        // Hyper drops the connection without a word.
                        Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
                    }
                }
            })
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(LARGEST_HEAD);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    {
        let mut stop = pin!(stopping.changed());
        let mut stopped = false;
        // Its errors are the client's: what it did not finish saying, or did not wait for.
        let _ = poll_fn(|context| {
            if !stopped && stop.as_mut().poll(context).is_ready() {
                stopped = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            match connection.poll_without_shutdown(context) {
                Poll::Ready(outcome) => Poll::Ready(outcome.map_err(drop)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
    }
    finish(connection.into_parts().io.into_inner(), fate.take()).await;
}

async fn finish(mut stream: TcpStream, end: Option<End>) {
    match end {
        Some(End::Reset) => {
            let _ = stream.set_zero_linger();
        }
        Some(End::Raw(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Some(End::Close) | None => {
            let _ = stream.shutdown().await;
        }
    }
}
