//! HTTP/1.1 on a connection, and how a fault ends it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;

use super::stream::Stream;
use super::{HEAD_PATIENCE, LARGEST_HEAD, Line};
use crate::fault::End;
use crate::world::World;

pub(super) async fn talk(
    stream: Stream,
    line: Line,
    world: Arc<World>,
    mut stopping: watch::Receiver<()>,
) {
    let fate = Arc::clone(&line.fate);
    let service = service_fn(move |request| super::answer(&world, request, line.clone()));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(LARGEST_HEAD as usize);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    {
        let mut stop = pin!(async {
            tokio::select! {
                _ = stopping.changed() => {}
                () = fate.leave.notified() => {}
            }
        });
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

async fn finish(mut stream: Stream, end: Option<End>) {
    match end {
        Some(End::Reset(_)) => stream.set_zero_linger(),
        Some(End::Raw(bytes)) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Some(End::Close | End::GoAway(_)) | None => {
            let _ = stream.shutdown().await;
        }
    }
}
