//! The video that the demo uploads.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use framekey::Error;
use tempfile::NamedTempFile;

/// A short clip made for framekey; `tests/assets/README.md` says how.
const CLIP: &[u8] = include_bytes!("../../../../tests/assets/clip.mp4");
/// Large enough for three parts of at least 5 MiB.
const PADDED: usize = 11 << 20;

/// The user's file, or the clip in a temporary file that goes with this value.
pub(crate) enum Clip {
    Own(PathBuf),
    Padded(NamedTempFile),
}

impl Clip {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Clip::Own(path) => path,
            Clip::Padded(file) => file.path(),
        }
    }
}

/// Opens the user's file, or pads the clip with an MP4 `free` box, which players skip (ISO 14496-12).
pub(crate) fn open(own: Option<&Path>) -> Result<Clip, Error> {
    if let Some(path) = own {
        let bad = |why: &str| {
            crate::usage("usage.bad_file", format!("the file {} {why}", path.display()))
        };
        let found =
            std::fs::metadata(path).map_err(|error| bad(&format!("cannot be read: {error}")))?;
        if !found.is_file() {
            return Err(bad("is not a file"));
        }
        if found.len() == 0 {
            return Err(bad("is empty"));
        }
        return Ok(Clip::Own(path.to_owned()));
    }
    let broken = |error: std::io::Error| {
        let folder = std::env::temp_dir();
        let message =
            format!("no clip in the folder for temporary files, {}: {error}", folder.display());
        crate::usage("usage.bad_file", message)
    };
    let padding = PADDED.saturating_sub(CLIP.len()).max(8);
    let mut file =
        tempfile::Builder::new().prefix("framekey-").suffix(".mp4").tempfile().map_err(broken)?;
    let size = u32::try_from(padding).unwrap_or(u32::MAX);
    file.write_all(CLIP).map_err(broken)?;
    file.write_all(&size.to_be_bytes()).map_err(broken)?;
    file.write_all(b"free").map_err(broken)?;
    file.write_all(&vec![0; padding - 8]).map_err(broken)?;
    file.flush().map_err(broken)?;
    Ok(Clip::Padded(file))
}
