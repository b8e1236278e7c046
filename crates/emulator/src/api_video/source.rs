//! The source of a video: its parts, and the clock from upload to playable.

use std::collections::BTreeMap;

use framekey_catalog::Service;
use serde_json::{Value, json};

use crate::answer::{Answer, refuse};
use crate::call::Call;
use crate::clock::Moment;

/// A part is not smaller, but for the last.
const SMALLEST_PART: u64 = 5 << 20;
/// After the last part, by the emulator's clock: ingested, encoding, playable.
const INGESTED_MILLIS: u128 = 50;
const ENCODING_MILLIS: u128 = 100;
const PLAYABLE_MILLIS: u128 = 200;

/// What has come of a video's file.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Source {
    /// Size by part number, or by first byte for `bytes` ranges.
    parts: BTreeMap<u64, u64>,
    /// The number of parts, or of bytes; `None` while it is unknown.
    total: Option<u64>,
    by_bytes: bool,
    complete: Option<Moment>,
}

/// Which piece of the file a request carries.
enum Range {
    Whole,
    Part { number: u64, total: Option<u64> },
    Bytes { from: u64, to: u64, total: Option<u64> },
}

fn bad_range() -> Answer {
    let title = "Content-Range is `part N/TOTAL`, `part N/*` or `bytes A-B/TOTAL`.";
    refuse(Service::ApiVideo, 400, "invalid-attribute", title, Some("Content-Range"))
}

fn range(header: Option<&str>) -> Result<Range, Answer> {
    let Some(header) = header else { return Ok(Range::Whole) };
    let (unit, rest) = header.trim().split_once(' ').ok_or_else(bad_range)?;
    let (piece, total) = rest.split_once('/').ok_or_else(bad_range)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| bad_range());
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

impl Source {
    /// Takes the file of a call.
    pub(super) fn receive(&mut self, call: &Call) -> Result<(), Answer> {
        let refused = |kind: &str, title: &str| {
            Err(refuse(Service::ApiVideo, 400, kind, title, Some("file")))
        };
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
        let small = "A part has at least 5 MiB, but for the last.";
        let range = range(call.content_range.as_deref())?;
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
            self.complete = Some(call.now);
        }
        Ok(())
    }

    /// Pieces of one file are counted in one way and have one total.
    fn agrees(&self, range: &Range) -> Result<(), Answer> {
        let (by_bytes, total) = match range {
            Range::Whole => (false, Some(1)),
            Range::Part { total, .. } => (false, *total),
            Range::Bytes { total, .. } => (true, *total),
        };
        let counted_alike = self.parts.is_empty() || self.by_bytes == by_bytes;
        let same_total = self.total.is_none() || total.is_none() || self.total == total;
        let beyond =
            !by_bytes && total.is_some_and(|total| self.parts.keys().any(|number| *number > total));
        if counted_alike && same_total && !beyond {
            return Ok(());
        }
        let title =
            "This piece does not go with those that came before: one way of counting, one total.";
        Err(refuse(Service::ApiVideo, 400, "invalid-attribute", title, Some("Content-Range")))
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

    fn received(&self) -> u64 {
        self.parts.values().sum()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete.is_some()
    }

    /// The body of `videos.get_status`.
    pub(super) fn status(&self, now: Moment) -> Value {
        let since = self.complete.map(|end| now.0.saturating_sub(end.0).as_millis());
        let ingest = match since {
            None => "uploading",
            Some(millis) if millis < INGESTED_MILLIS => "ingesting",
            Some(_) => "ingested",
        };
        let playable = since.is_some_and(|millis| millis >= PLAYABLE_MILLIS);
        let quality = match since {
            None => "waiting",
            Some(millis) if millis < ENCODING_MILLIS => "waiting",
            Some(_) if playable => "encoded",
            Some(_) => "encoding",
        };
        let parts: Vec<u64> =
            if self.by_bytes { Vec::new() } else { self.parts.keys().copied().collect() };
        let mut received = Vec::new();
        let mut after = 0;
        for (key, size) in &self.parts {
            let from = if self.by_bytes { *key } else { after };
            after = from.saturating_add(*size);
            received.push(json!({ "from": from, "to": after - 1, "total": self.received() }));
        }
        let part_count = self.total.filter(|_| !self.by_bytes);
        json!({
            "ingest": {
                "status": ingest, "filesize": self.received(), "receivedBytes": received,
                "receivedParts": { "parts": parts, "total": part_count },
            },
            "encoding": {
                "playable": playable,
                "qualities": [{ "type": "hls", "quality": "360p", "status": quality }],
            },
        })
    }
}
