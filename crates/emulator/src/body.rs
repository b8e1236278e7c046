//! Request bodies: read to their end in bounded memory, counted and hashed.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use framekey_catalog::{Body as Wanted, Field, FieldKind};
use futures_core::Stream;
use futures_util::StreamExt;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::journal::SeenFile;

/// A longer JSON body, or text in a form, is refused.
const LONGEST_TEXT: usize = 8 << 20;
/// Deeper forms than this have no use; their parts are refused.
const MOST_PARTS: usize = 1000;

/// A request body that was read to its end.
pub(crate) struct Received {
    pub(crate) bytes: u64,
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) content: Result<Given, Unreadable>,
}

/// What was in it.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    /// Nothing.
    Nothing,
    /// A JSON object.
    Json(Map<String, Value>),
    /// A form: its texts and its files. Files are counted and hashed, never kept.
    Form { texts: Vec<(String, String)>, files: Vec<File> },
}

/// A file of a form.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: Option<String>,
    pub(crate) seen: SeenFile,
}

/// Why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not what it should be, in words.
    Broken(String),
    /// A text in it is too long.
    TooLong,
}

/// Reads a body. It goes on to the end whatever is wrong, so that the client can read the answer.
pub(crate) async fn receive(headers: &HeaderMap, body: Body, wanted: Option<&Wanted>) -> Received {
    let mut body = Metered { inner: body.into_data_stream(), bytes: 0, hash: Sha256::new() };
    let content = match wanted {
        Some(Wanted::Multipart { fields }) => form(headers, &mut body, fields).await,
        Some(Wanted::Json { .. }) => json(&mut body).await,
        Some(Wanted::None) | None => Ok(Given::Nothing),
    };
    // A connection that breaks here has nobody left to answer.
    while let Some(Ok(_)) = body.next().await {}
    Received {
        bytes: body.bytes,
        sha256: (body.bytes > 0).then(|| body.hash.finalize().into()),
        content,
    }
}

async fn json(body: &mut Metered) -> Result<Given, Unreadable> {
    let mut kept = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| Unreadable::Broken(error.to_string()))?;
        if kept.len() + piece.len() > LONGEST_TEXT {
            return Err(Unreadable::TooLong);
        }
        kept.extend_from_slice(&piece);
    }
    if kept.is_empty() {
        return Ok(Given::Nothing);
    }
    match serde_json::from_slice(&kept) {
        Ok(Value::Object(object)) => Ok(Given::Json(object)),
        Ok(_) => Err(Unreadable::Broken("the body is JSON, but not an object".to_owned())),
        Err(error) => Err(Unreadable::Broken(format!("the body is not JSON: {error}"))),
    }
}

async fn form(headers: &HeaderMap, body: &mut Metered, fields: &[Field]) -> Result<Given, Unreadable> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let broken = |error: multer::Error| Unreadable::Broken(format!("the form cannot be read: {error}"));
    let boundary = multer::parse_boundary(media).map_err(broken)?;
    let mut form = multer::Multipart::new(body, boundary);
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    while let Some(mut part) = form.next_field().await.map_err(broken)? {
        if texts.len() + files.len() == MOST_PARTS {
            return Err(Unreadable::TooLong);
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let declared = fields.iter().any(|row| row.wire == name && row.kind == FieldKind::File);
        if file_name.is_some() || declared {
            let (mut bytes, mut hash) = (0, Sha256::new());
            while let Some(piece) = part.chunk().await.map_err(broken)? {
                bytes += piece.len() as u64;
                hash.update(&piece);
            }
            let seen = SeenFile { name, bytes, sha256: hash.finalize().into() };
            files.push(File { name: file_name, seen });
        } else {
            let mut text = Vec::new();
            while let Some(piece) = part.chunk().await.map_err(broken)? {
                if text.len() + piece.len() > LONGEST_TEXT {
                    return Err(Unreadable::TooLong);
                }
                text.extend_from_slice(&piece);
            }
            texts.push((name, String::from_utf8_lossy(&text).into_owned()));
        }
    }
    Ok(Given::Form { texts, files })
}

/// A body that is counted and hashed as it passes.
struct Metered {
    inner: BodyDataStream,
    bytes: u64,
    hash: Sha256,
}

impl Stream for Metered {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.inner).poll_next(context);
        if let Poll::Ready(Some(Ok(piece))) = &polled {
            self.bytes += piece.len() as u64;
            self.hash.update(piece);
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderMap;
    use framekey_catalog::api_video::{VIDEOS_CREATE, VIDEOS_UPLOAD};

    use super::{Given, Unreadable, receive};
    use crate::digest;

    async fn form(body: &str) -> super::Received {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "multipart/form-data; boundary=x".parse().unwrap());
        receive(&headers, Body::from(body.to_owned()), Some(&VIDEOS_UPLOAD.body)).await
    }

    #[tokio::test]
    async fn files_of_a_form_are_counted_and_hashed_and_texts_kept() {
        let received = form(concat!(
            "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\nhello\r\n",
            "--x\r\ncontent-disposition: form-data; name=\"videoId\"\r\n\r\nvi1\r\n--x--\r\n"
        ))
        .await;
        let Ok(Given::Form { texts, files }) = received.content else { panic!("no form") };
        assert_eq!(texts, [("videoId".to_owned(), "vi1".to_owned())]);
        assert_eq!((files.len(), files[0].seen.bytes), (1, 5));
        assert_eq!(files[0].seen.sha256, digest::of("hello"));
        assert!(received.bytes > 100 && received.sha256.is_some());
    }

    #[tokio::test]
    async fn a_broken_body_is_told_and_still_read_to_its_end() {
        let cut = "--x\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nhel";
        let received = form(cut).await;
        assert!(matches!(received.content, Err(Unreadable::Broken(_))));
        assert_eq!(received.bytes, cut.len() as u64);
        for bad in ["{", "[1]", "\u{1}", "{\"a\":1}}"] {
            let body = Body::from(bad);
            let received = receive(&HeaderMap::new(), body, Some(&VIDEOS_CREATE.body)).await;
            assert!(matches!(received.content, Err(Unreadable::Broken(_))), "{bad}");
        }
        let long = Body::from(vec![b' '; super::LONGEST_TEXT + 1]);
        let received = receive(&HeaderMap::new(), long, Some(&VIDEOS_CREATE.body)).await;
        assert_eq!(received.content.unwrap_err(), Unreadable::TooLong);
    }
}
