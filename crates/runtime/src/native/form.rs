//! Writes a `multipart/form-data` body as a stream of known length, in bounded memory.

use std::io::SeekFrom;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::{Multipart, Source, Stage, TransportError};

/// How much of a file is in memory at a time.
const PIECE: usize = 256 << 10;

type Piece = Result<Bytes, TransportError>;

/// The body and its exact length.
pub(super) fn encode(
    form: Multipart,
    boundary: &str,
) -> Result<(BoxStream<'static, Piece>, u64), TransportError> {
    let mut length = 0_u64;
    let mut pieces: Vec<BoxStream<'static, Piece>> = Vec::with_capacity(form.parts.len() + 1);
    for part in form.parts {
        let head = Bytes::from(part.head(boundary));
        length += head.len() as u64 + 2;
        let body = match part.source {
            Source::Bytes(bytes) => {
                length += bytes.len() as u64;
                stream::once(async move { Ok(bytes) }).boxed()
            }
            Source::File { path, offset, length: size } => {
                length += size;
                file_range(path, offset, size)
            }
            Source::Host { .. } => {
                return Err(source_error("a host object cannot be sent from here"));
            }
        };
        pieces.push(stream::once(async move { Ok(head) }).chain(body).chain(line_end()).boxed());
    }
    let tail = Bytes::from(format!("--{boundary}--\r\n"));
    length += tail.len() as u64;
    pieces.push(stream::once(async move { Ok(tail) }).boxed());
    Ok((stream::iter(pieces).flatten().boxed(), length))
}

fn line_end() -> BoxStream<'static, Piece> {
    stream::once(async { Ok(Bytes::from_static(b"\r\n")) }).boxed()
}

fn source_error(message: impl Into<String>) -> TransportError {
    TransportError { stage: Stage::Source, message: message.into() }
}

fn file_range(path: std::path::PathBuf, offset: u64, length: u64) -> BoxStream<'static, Piece> {
    let open = async move {
        let mut file = File::open(&path).await.map_err(|e| source_error(e.to_string()))?;
        file.seek(SeekFrom::Start(offset)).await.map_err(|e| source_error(e.to_string()))?;
        Ok(stream::try_unfold((file, length), next_piece))
    };
    stream::once(open)
        .flat_map(|opened: Result<_, TransportError>| match opened {
            Ok(pieces) => pieces.boxed(),
            Err(error) => stream::once(async move { Err(error) }).boxed(),
        })
        .boxed()
}

async fn next_piece(
    (mut file, left): (File, u64),
) -> Result<Option<(Bytes, (File, u64))>, TransportError> {
    if left == 0 {
        return Ok(None);
    }
    let want = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
    let mut buffer = vec![0; want];
    let got = file.read(&mut buffer).await.map_err(|e| source_error(e.to_string()))?;
    if got == 0 {
        return Err(source_error("the file became shorter while it was sent"));
    }
    buffer.truncate(got);
    Ok(Some((Bytes::from(buffer), (file, left - got as u64))))
}
