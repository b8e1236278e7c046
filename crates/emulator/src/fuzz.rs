//! Readers of what strangers send, fed with noise: seeded, short in every run, long with
//! `FRAMEKEY_LONG=1`. The feature `fuzzing` opens them to a fuzzer.

use bytes::Bytes;
use framekey_catalog::Service;
use futures_util::stream::iter;

use crate::router::{self, Route};
use crate::{api_video, form};

/// Text or noise as a method and a path.
pub fn route(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (method, path) = text.split_once(' ').unwrap_or(("GET", &text));
    for service in Service::ALL {
        if let Route::Found(operation, values) = router::find(service, method, path) {
            assert_eq!(operation.method.as_str(), method);
            assert_eq!(values.len(), operation.path.matches('{').count(), "{path}");
            assert_eq!(path.matches('/').count(), operation.path.matches('/').count());
        }
    }
}

/// A form of which the pieces are cut at will; the first byte says how.
pub async fn multipart(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let size = usize::from(*first).max(1);
    let pieces: Vec<_> = body.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    if let Ok(form) = form::read(iter(pieces), "multipart/form-data; boundary=edge").await {
        let kept: usize = form.fields.values().flatten().map(String::len).sum();
        // A byte that is no UTF-8 becomes a sign of three.
        assert!(kept <= body.len() * 3 && form.size() <= body.len() as u64);
    }
}

/// Text or noise as a `Content-Range`.
pub fn content_range(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        api_video::read_range(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    fn rounds() -> u64 {
        if std::env::var_os("FRAMEKEY_LONG").is_some() { 2_000_000 } else { 20_000 }
    }

    /// A seed with a few bytes changed, taken out or put in.
    fn mutated(draw: &mut Draw, seeds: &[&[u8]]) -> Vec<u8> {
        let pick = |draw: &mut Draw, below: usize| (draw.fraction() * below as f64) as usize;
        let mut bytes = seeds[pick(draw, seeds.len())].to_vec();
        for _ in 0..pick(draw, 6) {
            let at = pick(draw, bytes.len() + 1);
            match pick(draw, 4) {
                0 => bytes.insert(at, pick(draw, 256) as u8),
                1 if at < bytes.len() => bytes[at] = pick(draw, 256) as u8,
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => {
                    let other = seeds[pick(draw, seeds.len())];
                    let from = pick(draw, other.len() + 1);
                    bytes.splice(at..at, other[from..].iter().copied().take(20));
                }
            }
        }
        bytes
    }

    #[test]
    fn the_router_takes_anything() {
        let mut draw = Draw::new(1);
        let rows: Vec<String> = framekey_catalog::all()
            .map(|row| format!("{} {}", row.method.as_str(), row.path.replace(['{', '}'], "x")))
            .collect();
        let seeds: Vec<&[u8]> = rows.iter().map(String::as_bytes).collect();
        for _ in 0..rounds() {
            route(&mutated(&mut draw, &seeds));
        }
    }

    #[tokio::test]
    async fn the_form_reader_takes_anything() {
        let good =
            b"\x10--edge\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nb\r\n--edge\r\n\
                     content-disposition: form-data; name=\"file\"; filename=\"c.mp4\"\r\n\
                     content-type: video/mp4\r\n\r\n\xff\xfe\r\n--edge--\r\n";
        let mut draw = Draw::new(2);
        for _ in 0..rounds() {
            multipart(&mutated(&mut draw, &[good, b"\x01--edge\r\n", b"\xff--edge--\r\n\r\n"]))
                .await;
        }
    }

    #[test]
    fn the_range_reader_takes_anything() {
        let mut draw = Draw::new(3);
        let seeds: [&[u8]; 5] = [
            b"part 1/2",
            b"part 1/*",
            b"bytes 0-5242879/10485760",
            b"bytes 0-18446744073709551615/*",
            b"\xc3\xa9 1-2/3",
        ];
        for _ in 0..rounds() * 5 {
            content_range(&mutated(&mut draw, &seeds));
        }
    }
}
