//! What a file of a form may be, by operation.

use super::valid::Fault;
use crate::call::Call;

pub(super) const IMAGES: [&str; 4] = ["jpg", "jpeg", "png", "webp"];
pub(super) const SIMPLE_IMAGES: [&str; 3] = ["jpg", "jpeg", "png"];
pub(super) const TRACKS: [&str; 1] = ["vtt"];

/// The largest picture shown before playback, in bytes.
pub(super) const LARGEST_THUMBNAIL: u64 = 8 << 20;
/// The largest logo, in bytes.
pub(super) const LARGEST_LOGO: u64 = 100 << 10;

/// Holds the one file of a call against the extensions and the size that its operation takes. A name
/// without extension passes: the form of a web page may have none.
pub(super) fn check(call: &Call, extensions: &[&str], largest: u64) -> Result<(), Fault> {
    let [file] = call.form.files.as_slice() else {
        let title = "There is more than one file in the request.";
        return Err(Fault::file("uploaded-file-multiple-files", title));
    };
    let extension = file.name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if extension.is_some_and(|extension| !extensions.contains(&extension.as_str())) {
        let title =
            format!("The extension of the file should be one of {}.", extensions.join(", "));
        return Err(Fault::file("uploaded-file-extension-invalid", title));
    }
    if file.size > largest {
        let title = format!("The file is larger than {largest} bytes.");
        return Err(Fault::attribute("file", title));
    }
    Ok(())
}
