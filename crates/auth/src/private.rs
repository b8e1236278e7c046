//! Files that nobody but their owner may read or change.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use framekey_runtime::{Error, ErrorKind, Secret};
use zeroize::Zeroizing;

/// A file larger than this holds no key.
const LARGEST: u64 = 64 << 10;

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    /// The state of the file at `path`; `None` where it cannot be told.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().map(|metadata| Stamp::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Stamp {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode: owned::inode(metadata),
        }
    }
}

/// A file's text, and what may be wrong with who can read it.
pub(crate) struct Contents {
    pub(crate) text: Secret,
    /// Others may read it.
    pub(crate) exposed: Option<Error>,
}

/// Reads a file that others must not be able to change.
///
/// Whether they may read it is left to the caller. Symbolic links are followed, as secrets are
/// mounted by them; what counts is the file they lead to.
///
/// # Errors
/// `auth.source`: it is not there, no regular file, larger than 64 KiB or not UTF-8.
/// `auth.unsafe_file`: it belongs to another user, or others may write to it; the text says how to
/// mend that.
pub(crate) fn read(path: &Path) -> Result<Contents, Error> {
    let shown = path.display();
    let bad = |why: String| {
        Error::new(ErrorKind::Credential, "auth.source", format!("the file {shown} {why}"))
    };
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => bad("is not there".to_owned()),
        kind => bad(format!("cannot be read: {kind}")),
    };
    // A pipe would keep the caller waiting, a device might do anything.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(bad("is no regular file".to_owned()));
    }
    let mut file = open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(bad("is no regular file".to_owned()));
    }
    owned::check(path, &metadata)?;
    if metadata.len() > LARGEST {
        return Err(bad("is larger than 64 KiB, which is no key".to_owned()));
    }
    // Of the right size from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(metadata.len()).unwrap_or(0)]);
    file.read_exact(&mut bytes).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("is not UTF-8 text".to_owned()))?;
    Ok(Contents { text: Secret::new(text), exposed: owned::exposed(path, &metadata) })
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    owned::without_waiting(&mut options);
    options.open(path)
}

#[cfg(unix)]
mod owned {
    use std::fs::{Metadata, OpenOptions};
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use framekey_runtime::{Error, ErrorKind};

    pub(super) fn inode(metadata: &Metadata) -> u64 {
        metadata.ino()
    }

    /// Should the file have become a pipe meanwhile.
    pub(super) fn without_waiting(options: &mut OpenOptions) {
        if let Ok(flags) = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()) {
            options.custom_flags(flags);
        }
    }

    pub(super) fn check(path: &Path, metadata: &Metadata) -> Result<(), Error> {
        let me = rustix::process::geteuid().as_raw();
        if metadata.uid() != me && metadata.uid() != 0 {
            let why = format!("belongs to user {}, not to you ({me})", metadata.uid());
            return Err(loose(path, &why, "chown $USER"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(loose(
                path,
                &format!("may be changed by others ({})", mode(metadata)),
                FIX,
            ));
        }
        Ok(())
    }

    pub(super) fn exposed(path: &Path, metadata: &Metadata) -> Option<Error> {
        (metadata.mode() & 0o077 != 0)
            .then(|| loose(path, &format!("may be read by others ({})", mode(metadata)), FIX))
    }

    const FIX: &str = "chmod 600";

    fn mode(metadata: &Metadata) -> String {
        format!("mode {:04o}", metadata.mode() & 0o7777)
    }

    fn loose(path: &Path, why: &str, fix: &str) -> Error {
        let name = path.to_string_lossy();
        let quoted = shlex::try_quote(&name).unwrap_or_default();
        Error::new(
            ErrorKind::Configuration,
            "auth.unsafe_file",
            format!("the file {} {why}; run `{fix} {quoted}`", path.display()),
        )
    }
}

/// Elsewhere files are guarded by lists that the standard library does not read.
#[cfg(not(unix))]
mod owned {
    use std::fs::{Metadata, OpenOptions};
    use std::path::Path;

    use framekey_runtime::Error;

    pub(super) fn inode(_: &Metadata) -> u64 {
        0
    }

    pub(super) fn without_waiting(_: &mut OpenOptions) {}

    pub(super) fn check(_: &Path, _: &Metadata) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn exposed(_: &Path, _: &Metadata) -> Option<Error> {
        None
    }
}
