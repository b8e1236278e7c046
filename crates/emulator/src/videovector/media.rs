//! What a file is, told by its name: the emulator does not look into files.

/// Video beyond this many seconds becomes several media.
pub(super) const LONGEST_PART: f64 = 2400.0;
/// Audio beyond this many seconds is refused.
pub(super) const LONGEST_AUDIO: f64 = 7200.0;
/// No file is longer than a day.
const LONGEST: u32 = 86_400;
/// The length of a file whose name does not say.
const USUAL_LENGTH: f64 = 60.0;

/// The kind of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Kind {
    Video,
    Audio,
    Image,
}

impl Kind {
    /// `video`, `audio`, `image`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Kind::Video => "video",
            Kind::Audio => "audio",
            Kind::Image => "image",
        }
    }

    /// By the ending of a name; `None` for what the service does not take. A name without an ending,
    /// as clients give it to bytes without a name, is taken for a video.
    pub(super) fn of(name: &str) -> Option<Self> {
        let Some((_, ending)) = name.rsplit_once('.') else { return Some(Kind::Video) };
        match ending.to_ascii_lowercase().as_str() {
            "mp4" | "avi" | "mkv" | "mov" | "webm" => Some(Kind::Video),
            "mp3" | "wav" | "flac" | "m4a" | "ogg" | "aac" => Some(Kind::Audio),
            "jpg" | "jpeg" | "png" | "webp" | "gif" | "bmp" | "tiff" | "heic" | "heif" => {
                Some(Kind::Image)
            }
            _ => None,
        }
    }
}

/// Whether a name bears a mark: `talk-95m-flaky.mp4` bears `95m` and `flaky`.
pub(super) fn marked(name: &str, mark: &str) -> bool {
    marks(name).any(|one| one == mark)
}

fn marks(name: &str) -> impl Iterator<Item = &str> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit('/').next().unwrap_or_default().split('-').skip(1)
}

/// Seconds, by a mark like `30s` or `95m`.
pub(super) fn length(name: &str) -> f64 {
    let seconds = marks(name).find_map(|mark| {
        let (digits, unit) = mark.split_at_checked(mark.len().checked_sub(1)?)?;
        let number: u32 = digits.parse().ok().filter(|number| *number > 0)?;
        match unit {
            "s" => Some(f64::from(number.min(LONGEST))),
            "m" => Some(f64::from(number.saturating_mul(60).min(LONGEST))),
            _ => None,
        }
    });
    seconds.unwrap_or(USUAL_LENGTH)
}

/// The stretches of `length` that are at most `most` long, in order.
pub(super) fn stretches(length: f64, most: f64) -> Vec<(f64, f64)> {
    let starts = std::iter::successors(Some(0.0), |start| Some(start + most));
    starts
        .take_while(|start| *start < length)
        .map(|start| (start, (start + most).min(length)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Kind, length, marked, stretches};

    #[test]
    fn a_name_says_kind_length_and_marks() {
        assert_eq!(Kind::of("a.MP4"), Some(Kind::Video));
        assert_eq!((Kind::of("dir.mp4/a.txt"), Kind::of("blob")), (None, Some(Kind::Video)));
        assert_eq!(
            (length("talk-95m.mp4"), length("a-30s-flaky.mov"), length("a.mp4")),
            (5700.0, 30.0, 60.0)
        );
        assert!(marked("x/a-30s-flaky.mov", "flaky") && !marked("flaky.mov", "flaky"));
    }

    #[test]
    fn stretches_cover_all() {
        assert_eq!(stretches(25.0, 10.0), [(0.0, 10.0), (10.0, 20.0), (20.0, 25.0)]);
        assert_eq!(stretches(20.0, 10.0).len(), 2);
    }
}
