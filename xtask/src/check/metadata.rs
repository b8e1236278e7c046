//! The parts of `cargo metadata` that the checks read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// The workspace's own packages.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

/// One package of the workspace.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: String,
    pub(crate) rust_version: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) description: Option<String>,
    /// `None`: may be published anywhere; an empty list: nowhere.
    pub(crate) publish: Option<Vec<String>>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// A dependency as its manifest declares it, under the name of the package itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None`: normal; `dev`; `build`.
    pub(crate) kind: Option<String>,
}

/// A library, binary, test or the like.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

impl Metadata {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let json = process::text(
            process::cargo()
                .args(["metadata", "--format-version", "1", "--no-deps"])
                .current_dir(root),
        )?;
        serde_json::from_str(&json).context("the output of `cargo metadata` is not as expected")
    }
}

impl Package {
    /// The manifest's path below the workspace, with forward slashes.
    pub(crate) fn manifest(&self, root: &Path) -> String {
        relative(root, &self.manifest_path)
    }
}

/// A path below the workspace, with forward slashes.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
impl Package {
    /// A package in good order, for tests to damage.
    pub(crate) fn example(name: &str, dependencies: &[&str]) -> Self {
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            edition: "2024".to_owned(),
            rust_version: Some("1.89".to_owned()),
            license: Some("MIT OR Apache-2.0".to_owned()),
            description: Some("An example".to_owned()),
            publish: Some(Vec::new()),
            manifest_path: PathBuf::from(format!("crates/{name}/Cargo.toml")),
            dependencies: dependencies
                .iter()
                .map(|name| Dependency { name: (*name).to_owned(), kind: None })
                .collect(),
            targets: Vec::new(),
        }
    }
}
