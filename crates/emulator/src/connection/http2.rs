//! HTTP/2 on a connection: hyper speaks it, and the last frame that a fault gives it is written below.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::lent::Lent;
use super::stream::Stream;
use super::{HEAD_PATIENCE, LARGEST_HEAD, Line};
use crate::fault::{Code, End};
use crate::world::World;

/// Requests at once on one connection; more wait, as the client is told.
const STREAMS: u32 = 256;
/// So long is listened after the last frame: a connection that is closed with bytes unread is reset,
/// and the frame may be lost.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn talk(
    stream: Stream,
    line: Line,
    world: Arc<World>,
    mut stopping: watch::Receiver<()>,
) {
    let lent = Lent::new(stream);
    let fate = Arc::clone(&line.fate);
    let opened = lent.opened();
    let service = service_fn(move |request| {
        let stream = Some(opened.load(Ordering::Relaxed));
        super::answer(&world, request, Line { stream, ..line.clone() })
    });
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .keep_alive_interval(HEAD_PATIENCE)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(LARGEST_HEAD);
    let sealed = {
        let mut connection = pin!(http.serve_connection(TokioIo::new(lent.clone()), service));
        loop {
            tokio::select! {
                // Its errors are the client's.
                _ = connection.as_mut() => break false,
                () = fate.sealed.notified() => break true,
                () = fate.leave.notified() => connection.as_mut().graceful_shutdown(),
                // The sender is gone at the end only, and the loop must not spin then.
                Ok(()) = stopping.changed() => connection.as_mut().graceful_shutdown(),
            }
        }
    };
    if let (true, Some(mut stream)) = (sealed, lent.take_back()) {
        let last = match fate.take() {
            Some(End::GoAway(code)) => go_away(code, fate.last_looked_at()).to_vec(),
            Some(End::Raw(bytes)) => bytes.to_vec(),
            _ => Vec::new(),
        };
        let _ = stream.write_all(&last).await;
        let _ = stream.shutdown().await;
        let mut rest = [0; 1024];
        let listen = async { while matches!(stream.read(&mut rest).await, Ok(1..)) {} };
        let _ = tokio::time::timeout(FAREWELL, listen).await;
    }
}

/// A GOAWAY frame (RFC 9113, section 6.8): eight bytes of type 7 on stream 0.
fn go_away(code: Code, last: u32) -> [u8; 17] {
    let mut frame = [0; 17];
    frame[..9].copy_from_slice(&[0, 0, 8, 7, 0, 0, 0, 0, 0]);
    frame[9..13].copy_from_slice(&last.to_be_bytes());
    frame[13..].copy_from_slice(&code.number().to_be_bytes());
    frame
}
