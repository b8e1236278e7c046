//! What the stages share: the folders, and the `framekey` binary that is built once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, setup};

/// The work tree under test.
pub(super) struct Workshop {
    root: PathBuf,
}

impl Workshop {
    pub(super) fn new(root: &Path) -> Self {
        Workshop { root: root.to_path_buf() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// cargo, at the root.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = process::cargo();
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// A folder below the target folder, for this run alone.
    pub(super) fn scratch(&self, name: &str) -> Result<PathBuf> {
        let folder = setup::target(&self.root).join("xtask-test").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("{}: cannot be emptied", folder.display()))?;
        }
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
        Ok(folder)
    }

    /// The `framekey` binary: the one that the Rust tests made, with the same features, so that
    /// nothing is compiled twice.
    pub(super) fn framekey(&self) -> Result<PathBuf> {
        process::run(&mut self.cargo(&["build", "--quiet", "--bins", "--tests"]))?;
        Ok(setup::target(&self.root).join("debug").join("framekey"))
    }
}
