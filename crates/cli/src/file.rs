//! Files that the command reads and writes: whole or not at all, and one clear message.

use std::fs;
use std::io::{self, ErrorKind::NotFound, Write as _};
use std::path::{Path, PathBuf};

use framekey::Error;
use tempfile::NamedTempFile;

use crate::usage;

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| {
        let why = match error.kind() {
            NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        usage("usage.bad_value", format!("{}: {why}", path.display()))
    })
}

/// A file that is written beside the one it takes the place of, when it is complete.
pub(crate) struct Target(PathBuf);

impl Target {
    /// Tells at the start what else would be told when there is something to lose.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        // A link stays, and what it leads to is replaced.
        let path = match path.canonicalize() {
            Err(error) if error.kind() == NotFound => path.to_owned(),
            other => other?,
        };
        if path.exists() && !path.is_file() {
            return Err(io::Error::other("it is there and not a regular file"));
        }
        let target = Target(path);
        target.beside().map(|_| target)
    }

    /// Puts `text` there.
    pub(crate) fn write(&self, text: &str, is_public: bool) -> io::Result<()> {
        let mut beside = self.beside()?;
        beside.write_all(text.as_bytes())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = if is_public { 0o644 } else { 0o600 };
            beside.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        }
        #[cfg(not(unix))]
        let _ = is_public;
        // A disk that is full may say so only now.
        beside.as_file().sync_all()?;
        beside.persist(&self.0).map(drop).map_err(|error| error.error)
    }

    /// It is gone again, unless it is persisted.
    fn beside(&self) -> io::Result<NamedTempFile> {
        let folder = match self.0.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Told without the name beside, which nobody chose.
        let told = |error: io::Error| match error.kind() {
            NotFound if !folder.is_dir() => {
                io::Error::other(format!("there is no folder {}", folder.display()))
            }
            kind => kind.into(),
        };
        NamedTempFile::with_prefix_in(".framekey-", folder).map_err(told)
    }
}
