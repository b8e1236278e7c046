//! `cargo xtask bindings`: the wheel and the npm package, built as they are installed.

mod names;
mod npm;
mod python;
mod sizes;
mod wasm;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{say, setup};

pub(crate) use npm::build as build_npm;
pub(crate) use python::build as build_wheel;

/// What to build.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this one; both when none is named.
    language: Option<Language>,
    /// The folder to put it in; `dist` below the target folder when left out.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Builds nothing to install, and shows what the bytes of the browser module are for.
    #[arg(long)]
    sizes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    Python,
    Js,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    if options.sizes {
        setup::node_packages(root)?;
        let out = setup::target(root).join("sizes");
        emptied(&out)?;
        return sizes::show(&wasm::build_named(root, &out)?);
    }
    let out = options.out.clone().unwrap_or_else(|| setup::target(root).join("dist"));
    let wants = |language| options.language.is_none_or(|only| only == language);
    if wants(Language::Python) {
        report("wheel", &build_wheel(root, &out)?)?;
    }
    if wants(Language::Js) {
        report("npm package", &build_npm(root, &out)?)?;
    }
    Ok(())
}

fn report(what: &str, file: &Path) -> Result<()> {
    let size =
        std::fs::metadata(file).with_context(|| format!("{}: is not there", file.display()))?.len();
    say::line(&format!("{what}: {} ({:.1} kB)", file.display(), kilobytes(size)));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a size to be read")]
fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}

/// A folder that is there and empty.
fn emptied(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("{}: cannot be emptied", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))
}
