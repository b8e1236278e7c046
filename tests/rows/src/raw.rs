//! HTTP/1.1 by hand: what a client wrote, byte for byte, and an answer to it.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Where it arrived: the host and port of the connection, as the server knows it.
    pub at: String,
    /// Request line and header fields.
    pub head: String,
    /// The body, chunks and all.
    pub body: Vec<u8>,
}

impl Seen {
    /// The method and the target of the request line.
    #[must_use]
    pub fn line(&self) -> (&str, &str) {
        let mut words = self.head.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The value of a header field.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Everything, for a search.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }
}

/// Reads one request; `None` when the connection ends first.
pub async fn read(stream: &mut (impl AsyncRead + Unpin), at: &str) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let seen = Seen { at: at.to_owned(), head, body: Vec::new() };
    let chunked = seen.header("transfer-encoding").is_some();
    let length = seen.header("content-length").and_then(|text| text.parse::<usize>().ok());
    while if chunked { !body.ends_with(b"0\r\n\r\n") } else { body.len() < length.unwrap_or(0) } {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            break;
        }
    }
    Some(Seen { body, ..seen })
}

/// Writes an answer.
pub async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) {
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // A client that is gone is the client's affair.
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let _ = stream.flush().await;
}

/// The first place of `wanted` in `bytes`.
#[must_use]
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len().max(1)).position(|window| window == wanted)
}
