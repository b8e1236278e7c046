//! The work tree as the checks see it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::metadata::Metadata;
use crate::process;

/// The workspace, its files and its crates.
pub(crate) struct Subject {
    pub(crate) root: PathBuf,
    /// Files that are in git or would be by `git add .`, relative, with forward slashes, sorted.
    pub(crate) files: Vec<String>,
    pub(crate) metadata: Metadata,
}

impl Subject {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let listed = process::text(
            Command::new("git")
                .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
                .current_dir(root),
        )?;
        let mut files: Vec<String> = listed
            .split_terminator('\0')
            .filter(|file| root.join(file).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(Subject { root: root.to_path_buf(), files, metadata: Metadata::read(root)? })
    }

    /// A file as text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, file: &str) -> Result<String> {
        let bytes =
            std::fs::read(self.root.join(file)).with_context(|| format!("{file}: unreadable"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
