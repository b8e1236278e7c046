//! A server that settles on TLS 1.1, which rustls does not speak: enough of it to see who goes along.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A record of the handshake with a ServerHello (RFC 4346, section 7.4.1.3): version 3.2, a random
/// number that is none, no session, a suite that 1.1 has, no compression.
fn hello() -> Vec<u8> {
    let mut hello = vec![0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x13, 0]);
    hello
}

/// Answers whatever is said first, and listens until the client leaves.
pub(super) async fn settle(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    if !matches!(stream.read(&mut buffer).await, Ok(1..)) {
        return;
    }
    let _ = stream.write_all(&hello()).await;
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}
