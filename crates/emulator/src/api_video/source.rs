//! The source of a video: its parts, and the clock from upload to playable.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::valid::Fault;
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;

/// A part is not smaller, but for the last.
const SMALLEST_PART: u64 = 5 << 20;
/// One request without `Content-Range` carries no more.
const LARGEST_WHOLE: u64 = 200 << 20;
/// A part is not larger.
const LARGEST_PART: u64 = 128 << 20;
/// After the last part, by the emulator's clock: ingested, and encoding begins.
const INGESTED_MILLIS: u128 = 50;
const ENCODING_MILLIS: u128 = 100;
/// What is made of a video: format, quality, and milliseconds from the last part until it is there.
/// The first makes the video playable.
pub(super) const QUALITIES: [(&str, &str, u64); 3] =
    [("hls", "360p", 200), ("hls", "720p", 250), ("mp4", "720p", 300)];

/// What has come of a video's file.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Source {
    /// Size by part number, or by first byte for `bytes` ranges.
    parts: BTreeMap<u64, u64>,
    /// The number of parts, or of bytes; `None` while it is unknown.
    total: Option<u64>,
    by_bytes: bool,
    complete: Option<Moment>,
    /// Where the file was fetched from, if it was not uploaded.
    address: Option<String>,
}

/// Which piece of the file a request carries.
enum Range {
    Whole,
    Part { number: u64, total: Option<u64> },
    Bytes { from: u64, to: u64, total: Option<u64> },
}

fn bad_range() -> Answer {
    let title = "Content-Range is `part N/TOTAL`, `part N/*` or `bytes A-B/TOTAL`.";
    Fault::attribute("Content-Range", title).into()
}

fn range(header: Option<&str>) -> Result<Range, Answer> {
    let Some(header) = header else { return Ok(Range::Whole) };
    let (unit, rest) = header.trim().split_once(' ').ok_or_else(bad_range)?;
    let (piece, total) = rest.split_once('/').ok_or_else(bad_range)?;
    // To the letter: Rust's own reader takes a sign as well.
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u64>().map_err(|_| bad_range()),
        false => Err(bad_range()),
    };
    let total = if total == "*" { None } else { Some(number(total)?) };
    match unit {
        "part" => {
            let number = number(piece)?;
            let fits = number >= 1 && total.is_none_or(|total| number <= total);
            fits.then_some(Range::Part { number, total }).ok_or_else(bad_range)
        }
        "bytes" => {
            let (from, to) = piece.split_once('-').ok_or_else(bad_range)?;
            let (from, to) = (number(from)?, number(to)?);
            let fits = from <= to && total.is_none_or(|total| to < total);
            fits.then_some(Range::Bytes { from, to, total }).ok_or_else(bad_range)
        }
        _ => Err(bad_range()),
    }
}

/// What a text is read as, written anew; nothing where it is refused.
#[cfg(feature = "fuzzing")]
pub(crate) fn read(text: &str) -> Option<String> {
    let total = |total: Option<u64>| total.map_or("*".to_owned(), |total| total.to_string());
    match range(Some(text)).ok()? {
        Range::Whole => None,
        Range::Part { number, total: of } => Some(format!("part {number}/{}", total(of))),
        Range::Bytes { from, to, total: of } => Some(format!("bytes {from}-{to}/{}", total(of))),
    }
}

impl Source {
    /// Takes the file of a call.
    pub(super) fn receive(&mut self, call: &Call) -> Result<(), Answer> {
        let refused = |kind, title: &str| Err(Fault::file(kind, title).into());
        if self.complete.is_some() {
            return refused("video-source-already-uploaded", "The video has a source already.");
        }
        let size = match call.form.files.as_slice() {
            [] => return refused("uploaded-file-no-file", "There is no file in the request."),
            [file] => file.size,
            _ => {
                return refused(
                    "uploaded-file-multiple-files",
                    "There is more than one file in the request.",
                );
            }
        };
        if size == 0 {
            return refused("uploaded-file-no-file", "The file is empty.");
        }
        self.accept(range(call.content_range.as_deref())?, size, call.now)
    }

    fn accept(&mut self, range: Range, size: u64, now: Moment) -> Result<(), Answer> {
        let refused = |kind, title: &str| Err(Fault::file(kind, title).into());
        let small = "A part has at least 5 MiB, but for the last.";
        let largest = if matches!(range, Range::Whole) { LARGEST_WHOLE } else { LARGEST_PART };
        if size > largest {
            return refused(
                "invalid-attribute",
                "A request carries 200 MiB, or 128 MiB of a part.",
            );
        }
        self.agrees(&range)?;
        match range {
            Range::Whole => {
                self.parts.insert(1, size);
                self.total = Some(1);
            }
            Range::Part { number, total } => {
                if size < SMALLEST_PART && total != Some(number) {
                    return refused("invalid-attribute", small);
                }
                self.parts.insert(number, size);
                self.total = total.or(self.total);
            }
            Range::Bytes { from, to, total } => {
                if Some(size) != (to - from).checked_add(1) {
                    return refused(
                        "invalid-attribute",
                        "The range and the size of the file differ.",
                    );
                }
                if size < SMALLEST_PART && total.is_none_or(|total| to < total - 1) {
                    return refused("invalid-attribute", small);
                }
                self.by_bytes = true;
                self.parts.insert(from, size);
                self.total = total.or(self.total);
            }
        }
        if self.is_whole() {
            self.complete = Some(now);
        }
        Ok(())
    }

    /// Pieces of one file are counted in one way and have one total.
    fn agrees(&self, range: &Range) -> Result<(), Answer> {
        let (by_bytes, end, total) = match range {
            Range::Whole => (false, 1, Some(1)),
            Range::Part { number, total } => (false, *number, *total),
            Range::Bytes { to, total, .. } => (true, to.saturating_add(1), *total),
        };
        let counted_alike = self.parts.is_empty() || self.by_bytes == by_bytes;
        let same_total = self.total.is_none() || total.is_none() || self.total == total;
        let ends = self
            .parts
            .iter()
            .map(|(at, size)| if by_bytes { at.saturating_add(*size) } else { *at });
        let last = ends.max().unwrap_or(0).max(end);
        let beyond = total.or(self.total).is_some_and(|total| last > total);
        if counted_alike && same_total && !beyond {
            return Ok(());
        }
        let title =
            "This piece does not go with those that came before: one way of counting, one total.";
        Err(Fault::attribute("Content-Range", title).into())
    }

    /// Whether every piece has come, in whatever order.
    fn is_whole(&self) -> bool {
        let Some(total) = self.total else { return false };
        if !self.by_bytes {
            return (1..=total).all(|number| self.parts.contains_key(&number));
        }
        let reached = self.parts.iter().try_fold(0, |reached: u64, (from, size)| {
            (*from <= reached).then(|| reached.max(from.saturating_add(*size)))
        });
        reached.is_some_and(|reached| reached >= total)
    }

    /// Bytes of the whole file; ranges of bytes may have come twice in part.
    fn size(&self) -> u64 {
        let total = self.total.filter(|_| self.by_bytes);
        total.unwrap_or_else(|| self.parts.values().sum())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete.is_some()
    }

    /// When the file was whole.
    pub(super) fn completed(&self) -> Option<Moment> {
        self.complete
    }

    pub(super) fn is_playable(&self, now: Moment) -> bool {
        let [(.., ready), ..] = QUALITIES;
        self.complete.is_some_and(|end| end.0 + Duration::from_millis(ready) <= now.0)
    }

    /// Takes a file from elsewhere: a URL, or the file of another video. Nothing is fetched: the
    /// emulator calls nobody.
    pub(super) fn fetch(&mut self, address: &str, now: Moment) {
        self.address = Some(address.to_owned());
        self.complete = Some(now);
    }

    pub(super) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The body of `videos.get_status`.
    pub(super) fn status(&self, has_mp4: bool, now: Moment) -> Value {
        let since = self.complete.map(|end| now.0.saturating_sub(end.0).as_millis());
        let is_in = since.is_some_and(|millis| millis >= INGESTED_MILLIS);
        let ingest = match since {
            None => "uploading",
            Some(_) if is_in => "ingested",
            Some(_) if self.address.is_some() => "ingesting",
            Some(_) => "uploaded",
        };
        let quality = |ready: u64| match since {
            Some(millis) if millis >= u128::from(ready) => "encoded",
            Some(millis) if millis >= ENCODING_MILLIS => "encoding",
            _ => "waiting",
        };
        let made = QUALITIES.iter().filter(|(kind, ..)| has_mp4 || *kind != "mp4");
        let qualities: Vec<Value> = made
            .map(|(kind, lines, ready)| {
                json!({ "type": kind, "quality": lines, "status": quality(*ready) })
            })
            .collect();
        json!({
            "ingest": self.ingest(ingest),
            "encoding": {
                "playable": self.is_playable(now), "qualities": qualities,
                "metadata": metadata(is_in),
            },
        })
    }

    fn ingest(&self, status: &str) -> Value {
        let parts: Vec<u64> =
            if self.by_bytes { Vec::new() } else { self.parts.keys().copied().collect() };
        let total = self.total;
        let stretch = |(from, size): (&u64, &u64)| {
            let mut stretch = json!({ "from": from, "to": from.saturating_add(*size) - 1 });
            if let Some(total) = total {
                stretch["total"] = json!(total);
            }
            stretch
        };
        let stretches: Vec<Value> =
            if self.by_bytes { self.parts.iter().map(stretch).collect() } else { Vec::new() };
        let is_known = self.complete.is_some() && self.address.is_none();
        json!({
            "status": status, "filesize": is_known.then(|| self.size()),
            "receivedBytes": stretches,
            "receivedParts": { "parts": parts, "total": total.filter(|_| !self.by_bytes) },
        })
    }
}

/// What the service finds out about a file: here, always the same.
fn metadata(is_known: bool) -> Value {
    if is_known {
        return json!({
            "width": 1280, "height": 720, "bitrate": 2_000_000.0, "duration": 30, "framerate": 25,
            "samplerate": 48_000, "videoCodec": "h264", "audioCodec": "aac", "aspectRatio": "16/9",
        });
    }
    json!({
        "width": null, "height": null, "bitrate": null, "duration": null, "framerate": null,
        "samplerate": null, "videoCodec": null, "audioCodec": null, "aspectRatio": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn accepted(source: &mut Source, header: Option<&str>, size: u64) -> bool {
        let range = range(header).unwrap_or_else(|_| panic!("{header:?}"));
        source.accept(range, size, Moment(Duration::ZERO)).is_ok()
    }

    #[test]
    fn a_request_has_its_limits() {
        for (header, size, good) in [
            (None, 200 * MIB, true),
            (None, 200 * MIB + 1, false),
            (Some("part 1/2"), 128 * MIB, true),
            (Some("part 1/2"), 128 * MIB + 1, false),
            (Some("part 1/2"), 5 * MIB, true),
            (Some("part 1/2"), 5 * MIB - 1, false),
            (Some("part 1/*"), 5 * MIB - 1, false),
            (Some("part 2/2"), 1, true),
            (Some("bytes 0-9/10"), 10, true),
            (Some("bytes 0-9/11"), 10, false),
            (Some("bytes 0-9/10"), 9, false),
        ] {
            let mut source = Source::default();
            assert_eq!(accepted(&mut source, header, size), good, "{header:?} {size}");
        }
    }

    #[test]
    fn stretches_are_told_for_bytes_and_numbers_for_parts() {
        let mut source = Source::default();
        assert!(accepted(&mut source, Some("bytes 5242880-10485759/10485761"), 5 * MIB));
        let told = &source.status(true, Moment(Duration::ZERO))["ingest"];
        let stretch = json!({ "from": 5 * MIB, "to": 10 * MIB - 1, "total": 10 * MIB + 1 });
        assert_eq!(told["receivedBytes"], json!([stretch]));
        assert_eq!(told["receivedParts"]["parts"], json!([]));
        assert!(!accepted(&mut source, Some("part 1/2"), 5 * MIB), "one way of counting");
        assert!(accepted(&mut source, Some("bytes 10485760-10485760/10485761"), 1));
        assert!(!source.is_complete(), "the beginning is still missing");
        assert!(accepted(&mut source, Some("bytes 0-5242879/10485761"), 5 * MIB));
        assert!(source.is_complete());
    }

    #[test]
    fn ranges_that_overlap_make_one_file() {
        let mut source = Source::default();
        for range in ["0-5242879/10485760", "5242780-10485659/*", "5242880-10485759/10485760"] {
            assert!(accepted(&mut source, Some(&format!("bytes {range}")), 5 * MIB), "{range}");
        }
        let told = source.status(true, Moment(Duration::ZERO));
        assert_eq!(told["ingest"]["filesize"], 10 * MIB);
        let mut source = Source::default();
        assert!(accepted(&mut source, Some("bytes 5242880-10485759/*"), 5 * MIB));
        assert!(!accepted(&mut source, Some("bytes 0-5242879/5242880"), 5 * MIB), "beyond the end");
    }

    #[test]
    fn numbers_are_digits() {
        for wrong in ["part +1/2", "part 1/+2", "part /2", "bytes +0-9/10", "part 1/", "part  1/2"]
        {
            assert!(range(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
