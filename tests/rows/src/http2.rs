//! HTTP/2 (RFC 9113) by hand: as much of a server as is needed to see each header block as it came.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// Answers every request with 200 and the same body.
pub struct Server {
    /// The port on 127.0.0.1.
    pub port: u16,
    blocks: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    /// Starts it; the acceptor must offer `h2`.
    pub async fn start(tls: TlsAcceptor, body: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let blocks = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let all = Arc::clone(&blocks);
        drop(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, all, body) = (tls.clone(), Arc::clone(&all), body.clone());
                drop(tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    if let Ok(stream) = tls.accept(stream).await {
                        talk(stream, &all, &body).await;
                    }
                }));
            }
        }));
        Server { port, blocks }
    }

    /// Takes the header blocks of the requests so far.
    #[must_use]
    pub fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.blocks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    all: &Mutex<Vec<Vec<u8>>>,
    body: &[u8],
) -> Option<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    write(&mut stream, SETTINGS, 0, 0, &[]).await?;
    let mut block = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.ok()?;
        match kind {
            SETTINGS if flags & ACK == 0 => write(&mut stream, SETTINGS, ACK, 0, &[]).await?,
            PING if flags & ACK == 0 => write(&mut stream, PING, ACK, 0, &payload).await?,
            HEADERS => block = bare(flags, &payload)?.to_vec(),
            CONTINUATION => block.extend(payload),
            _ => {}
        }
        if matches!(kind, HEADERS | CONTINUATION) && flags & END_HEADERS != 0 {
            all.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut block));
        }
        if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
            // Entry 8 of the static table is `:status: 200`.
            write(&mut stream, HEADERS, END_HEADERS, number, &[0x88]).await?;
            write(&mut stream, DATA, END_STREAM, number, body).await?;
        }
    }
}

/// A HEADERS payload without padding and priority.
fn bare(flags: u8, payload: &[u8]) -> Option<&[u8]> {
    let (padding, rest) = match flags & PADDED {
        0 => (0, payload),
        _ => payload.split_first().map(|(padding, rest)| (usize::from(*padding), rest))?,
    };
    let rest = rest.get(if flags & PRIORITY == 0 { 0 } else { 5 }..)?;
    rest.get(..rest.len().checked_sub(padding)?)
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    kind: u8,
    flags: u8,
    number: u32,
    payload: &[u8],
) -> Option<()> {
    let length = u32::try_from(payload.len()).ok()?.to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(number.to_be_bytes());
    frame.extend(payload);
    stream.write_all(&frame).await.ok()?;
    stream.flush().await.ok()
}
