//! `cargo xtask generate`: spec/ in, every generated file out.

mod bindings;
mod builders;
mod catalog;
mod document;
mod lock;
mod output;
mod overlay;
mod pages;
mod pointer;
mod schemas;
mod service;
mod tables;
mod typed;
mod yaml;

use std::path::Path;

use anyhow::Result;

use document::Document;
use output::Output;

use crate::say;

/// How to generate.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail if a file on disk is not what would be written.
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let output = render(root)?;
    if options.check {
        output.check(root)?;
        say::line("generated files match spec/");
        return Ok(());
    }
    let changed = output.write(root)?;
    changed.iter().for_each(|line| say::line(line));
    say::line(&format!("{} files, {} changed", output.lines().count(), changed.len()));
    Ok(())
}

/// Everything, in memory.
fn render(root: &Path) -> Result<Output> {
    let documents =
        service::SERVICES.into_iter().map(|service| Document::read(root, service)).collect::<Result<Vec<_>>>()?;
    let mut output = Output::default();
    catalog::generate(&documents, &mut output)?;
    tables::generate(root, &mut output)?;
    let typed = documents.iter().map(|document| typed::generate(document, &mut output)).collect::<Result<Vec<_>>>()?;
    builders::generate(&typed, &mut output)?;
    bindings::generate(root, &documents, &mut output)?;
    lock::generate(root, &documents, &mut output)?;
    Ok(output)
}
