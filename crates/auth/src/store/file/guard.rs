//! Who owns the store's files and who else may read them. Where there are no Unix permissions, the
//! folder's own access list is all there is.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use super::trouble;
use crate::store::StoreError;

/// Whether the folder is there. It must be a folder of ours that nobody else can enter.
pub(super) fn folder(path: &Path) -> Result<bool, StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(link(path)),
        Ok(found) if !found.is_dir() => Err(StoreError::new(format!(
            "{} is not a folder; name another one, or remove it",
            path.display()
        ))),
        Ok(found) => check(path, &found, "700").map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(trouble(path, "cannot be looked at", &error)),
    }
}

/// Makes the folder, and those above it, if it is not there.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if folder(path)? {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| trouble(path, "cannot be made", &error))?;
    // Whoever made it meanwhile may have made it in another way.
    folder(path).map(|_| ())
}

/// Opens a file that is ours alone, creating it as such where `options` say so; `None` if it is not
/// there. What is opened is what is checked, so nothing can be put in its place in between.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> Result<Option<File>, StoreError> {
    private(options);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) => {
            return Err(link(path));
        }
        Err(error) => return Err(trouble(path, "cannot be opened", &error)),
    };
    let found = file.metadata().map_err(|error| trouble(path, "cannot be looked at", &error))?;
    if !found.is_file() {
        let text = format!("{} is not a file; remove it", path.display());
        return Err(StoreError::new(text));
    }
    check(path, &found, "600")?;
    Ok(Some(file))
}

fn link(path: &Path) -> StoreError {
    let path = path.display();
    StoreError::new(format!("{path} is a symbolic link, which is not followed; remove it"))
}

/// Created for the owner only; a link is not followed, and a pipe is not waited for.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
pub(super) fn private(_: &mut OpenOptions) {}

#[cfg(unix)]
fn check(path: &Path, found: &Metadata, mode: &str) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt as _;

    let at = path.display();
    if found.uid() != rustix::process::geteuid().as_raw() {
        let text = format!("{at} belongs to user {}, not to us; remove it", found.uid());
        return Err(StoreError::new(text));
    }
    if found.mode() & 0o077 != 0 {
        let is = found.mode() & 0o777;
        let text = format!("{at} is open to other users (mode {is:o}); run: chmod {mode} '{at}'");
        return Err(StoreError::new(text));
    }
    // A file that was replaced while we opened it has no name any more, which is well.
    if found.is_file() && found.nlink() > 1 {
        let text =
            format!("{at} has a second name (a hard link) by which others may reach it; remove it");
        return Err(StoreError::new(text));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &Path, _: &Metadata, _: &str) -> Result<(), StoreError> {
    Ok(())
}

/// Makes a rename last. On some file systems it cannot be done, and need not be.
pub(super) fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = folder.sync_all();
    }
}
