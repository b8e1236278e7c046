//! Reads a form part by part: fields are kept, files are counted and hashed and never held.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use multer::Multipart;
use sha2::{Digest as _, Sha256};

use crate::journal::hex;

/// No service takes a larger form; what is announced beyond is refused before it is read.
pub(crate) const LARGEST: u64 = 5 << 30;
/// Fields of a form are not longer than this.
const LONGEST_FIELD: usize = 1 << 20;
/// All that is kept of a form, fields and names, is not longer.
const MOST_KEPT: usize = 16 << 20;
/// A form has no more parts.
const MOST_PARTS: usize = 1000;
/// What stands before the first part, and the head of a part, is not longer.
const LONGEST_HEAD: u64 = 16 << 10;

/// A form that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: BTreeMap<String, Vec<String>>,
    pub(crate) files: Vec<Uploaded>,
}

/// A file that came in a form.
#[derive(Clone, Debug)]
pub(crate) struct Uploaded {
    /// The name of the part.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl Form {
    /// The first value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(|values| values.first()).map(String::as_str)
    }

    /// Bytes of all files.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Why a form was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) status: u16,
    pub(crate) why: String,
}

impl Unread {
    fn bad(why: &str) -> Self {
        Unread { status: 400, why: why.to_owned() }
    }

    fn too_large(why: impl Into<String>) -> Self {
        Unread { status: 413, why: why.into() }
    }
}

/// Reads a form to its end.
pub(crate) async fn read(
    body: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    content_type: &str,
) -> Result<Form, Unread> {
    read_up_to(LARGEST, body, content_type).await
}

async fn read_up_to(
    largest: u64,
    body: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    content_type: &str,
) -> Result<Form, Unread> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| Unread::bad("The Content-Type of the form has no boundary."))?;
    let meter = Arc::new(Meter { largest, ..Meter::default() });
    let metered = Metered { body: Box::pin(body), meter: Arc::clone(&meter) };
    let mut parts = Multipart::new(metered, boundary);
    let mut form = Form::default();
    let (mut count, mut kept) = (0, 0);
    while let Some(mut part) = parts.next_field().await.map_err(|error| meter.unread(&error))? {
        meter.went_on();
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        kept += name.len() + file_name.as_ref().map_or(0, String::len);
        let (mut size, mut hash, mut bytes) = (0, Sha256::new(), Vec::new());
        while let Some(piece) = part.chunk().await.map_err(|error| meter.unread(&error))? {
            meter.went_on();
            if file_name.is_some() {
                size += piece.len() as u64;
                hash.update(&piece);
                continue;
            }
            kept += piece.len();
            if bytes.len() + piece.len() > LONGEST_FIELD {
                return Err(Unread::too_large(format!("The field `{name}` is longer than 1 MiB.")));
            }
            bytes.extend_from_slice(&piece);
        }
        meter.went_on();
        if kept > MOST_KEPT {
            return Err(Unread::too_large("The fields of the form are larger than 16 MiB."));
        }
        count += 1;
        if count > MOST_PARTS {
            return Err(Unread::too_large("The form has more than 1000 parts."));
        }
        match file_name {
            Some(file_name) => {
                let sha256 = hex(&hash.finalize());
                form.files.push(Uploaded { field: name, name: file_name, size, sha256 });
            }
            None => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                form.fields.entry(name).or_default().push(text);
            }
        }
    }
    Ok(form)
}

/// What was taken of a body.
#[derive(Default)]
struct Meter {
    /// Most bytes of it.
    largest: u64,
    taken: AtomicU64,
    /// Bytes since the reader of parts last got anywhere: it holds them.
    held: AtomicU64,
    /// How often the reader has asked since then, or since the last piece.
    asked: AtomicU64,
}

impl Meter {
    /// The reader of parts got somewhere.
    fn went_on(&self) {
        self.held.store(0, Ordering::Relaxed);
        self.asked.store(0, Ordering::Relaxed);
    }

    /// Why no further bytes are given, if there is a reason.
    fn full(&self) -> Option<Unread> {
        if self.taken.load(Ordering::Relaxed) > self.largest {
            return Some(Unread::too_large("The body is larger than 5 GiB."));
        }
        let is_long = self.held.load(Ordering::Relaxed) > LONGEST_HEAD;
        is_long.then(|| Unread::too_large("The head of a part of the form is longer than 16 KiB."))
    }

    fn unread(&self, error: &multer::Error) -> Unread {
        use multer::Error::{
            IncompleteFieldData, IncompleteHeaders, IncompleteStream, StreamReadFailed,
        };
        self.full().unwrap_or_else(|| match error {
            IncompleteFieldData { .. }
            | IncompleteHeaders
            | IncompleteStream
            | StreamReadFailed(_) => Unread::bad("The body did not come to its end."),
            _ => Unread::bad("The body is not a valid form."),
        })
    }
}

/// A body on its way to the reader of parts, which takes all that it can get and holds all that it
/// cannot use: it is given the next piece only when it cannot go on without, and no more of what leads
/// nowhere. It asks up to twice before it looks at what it has.
struct Metered<S> {
    body: Pin<Box<S>>,
    meter: Arc<Meter>,
}

impl<S: Stream<Item = Result<Bytes, std::io::Error>>> Stream for Metered<S> {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.meter.asked.fetch_add(1, Ordering::Relaxed) < 2 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.meter.full().is_some() {
            return Poll::Ready(Some(Err(std::io::ErrorKind::FileTooLarge.into())));
        }
        let piece = ready!(self.body.as_mut().poll_next(context));
        if let Some(Ok(piece)) = &piece {
            let meter = &self.meter;
            meter.asked.store(0, Ordering::Relaxed);
            meter.taken.fetch_add(piece.len() as u64, Ordering::Relaxed);
            meter.held.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(piece)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use futures_util::stream::{iter, repeat};

    use super::*;

    const FORM: &str = "multipart/form-data; boundary=edge";

    /// A body of these bytes, then of `rest` for ever, and what of it was taken.
    async fn endless(first: &str, rest: &str, largest: u64) -> (Unread, u64) {
        let taken = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&taken);
        let pieces = iter([Bytes::copy_from_slice(first.as_bytes())])
            .chain(repeat(Bytes::copy_from_slice(rest.as_bytes())));
        let body = pieces.map(move |piece| {
            count.fetch_add(piece.len() as u64, Ordering::Relaxed);
            Ok(piece)
        });
        let unread = read_up_to(largest, body, FORM).await.unwrap_err();
        (unread, taken.load(Ordering::Relaxed))
    }

    fn field(value: &str) -> String {
        format!("--edge\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n{value}\r\n")
    }

    #[tokio::test]
    async fn no_form_goes_on_for_ever() {
        const MIB: u64 = 1 << 20;
        let head = "--edge\r\ncontent-disposition: form-data; name=\"";
        let file = format!("{head}f\"; filename=\"f\"\r\n\r\n");
        let open = format!("{head}a\"\r\n\r\n");
        let (page, small, large) = ("a".repeat(4096), field("a"), field(&"a".repeat(1_000_000)));
        let thousand = 1000 * small.len() as u64;
        for (first, rest, largest, most, why) in [
            (head, &page, LARGEST, LONGEST_HEAD, "head of a part"),
            ("", &page, LARGEST, LONGEST_HEAD, "head of a part"),
            ("--edge", &"  ".to_owned(), LARGEST, LONGEST_HEAD, "head of a part"),
            (&small.repeat(99), &small, LARGEST, thousand, "1000 parts"),
            (&large, &large, LARGEST, 16 * MIB, "16 MiB"),
            (&open, &page, LARGEST, MIB, "1 MiB"),
            (&file, &page, 2 * MIB, 2 * MIB, "5 GiB"),
        ] {
            let (unread, taken) = endless(first, rest, largest).await;
            assert_eq!((unread.status, unread.why.contains(why)), (413, true), "{unread:?} {why}");
            let piece = (first.len() + rest.len()) as u64;
            assert!(taken <= most + 2 * piece, "{why}: {taken}");
        }
    }

    #[tokio::test]
    async fn a_form_may_come_in_any_pieces() {
        let text = format!("before\r\n{}{}--edge--\r\nafter", field("one"), field("two"));
        for size in [1, 7, 50, text.len()] {
            let pieces: Vec<_> = text
                .as_bytes()
                .chunks(size)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            let form = read(iter(pieces), FORM).await.unwrap();
            assert_eq!(form.fields["a"], ["one", "two"], "{size}");
        }
        let half = iter([Ok(Bytes::from(field("one")))]);
        let unread = read(half, FORM).await.unwrap_err();
        assert_eq!(unread, Unread::bad("The body did not come to its end."));
        let unread = read(iter([]), "multipart/form-data").await.unwrap_err();
        assert_eq!(unread, Unread::bad("The Content-Type of the form has no boundary."));
    }
}
