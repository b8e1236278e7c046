//! `spec/spec.lock`: what the generated files were made from, and by what.

use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::document::Document;
use super::output::{HEAD, Output};
use super::yaml;

pub(crate) fn generate(root: &Path, documents: &[Document], output: &mut Output) -> Result<()> {
    let packages = yaml::text(root, "Cargo.lock")?;
    let mut text = format!("# {HEAD}\n[generator]\n");
    for name in ["progenitor-impl", "typify-impl"] {
        text += &format!("{name} = \"{}\"\n", version(&packages, name)?);
    }
    for document in documents {
        let [spec, overlay] = &document.sources;
        text += &format!(
            "\n[{}]\nspec = \"sha256:{}\"\noverlay = \"sha256:{}\"\noperations = {}\nschemas = {}\n",
            document.service.slug,
            hash(spec),
            hash(overlay),
            document.operations.len(),
            document.schemas().count(),
        );
    }
    output.text("spec/spec.lock", text);
    Ok(())
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The version of a package in `Cargo.lock`.
fn version<'a>(packages: &'a str, name: &str) -> Result<&'a str> {
    let head = format!("name = \"{name}\"");
    packages
        .lines()
        .skip_while(|line| *line != head)
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .with_context(|| format!("Cargo.lock: names no version of `{name}`"))
}
