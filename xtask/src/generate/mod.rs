//! `cargo xtask generate`: spec/ in, every generated file out.

mod bindings;
mod builders;
mod catalog;
mod document;
mod lock;
mod operation_parts;
mod output;
mod overlay;
mod packed;
mod pages;
mod pointer;
mod references;
mod schemas;
mod service;
mod tables;
#[cfg(test)]
mod tests;
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
    check: bool,
    /// Write nothing; list the operations whose typed method is not progenitor's alone, and why.
    #[arg(long, conflicts_with = "check")]
    list_special: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    if options.check {
        return check(root);
    }
    if options.list_special {
        return list_special(root);
    }
    let output = render(root)?;
    let changed = output.write(root)?;
    changed.iter().for_each(|line| say::line(line));
    say::line(&format!("{} files, {} changed", output.lines().count(), changed.len()));
    for (folder, lines) in output.lines_by_folder() {
        say::line(&format!("{lines:>7} lines in {folder}"));
    }
    Ok(())
}

/// Fails if a file on disk is not what would be written.
pub(crate) fn check(root: &Path) -> Result<()> {
    render(root)?.check(root)?;
    say::line("generated files match spec/");
    Ok(())
}

fn list_special(root: &Path) -> Result<()> {
    let (mut all, mut special) = (0, 0);
    for document in documents(root)? {
        let typed = typed::generate(&document, &mut Output::default())?;
        for method in &typed.methods {
            let reasons = typed::special_reasons(method);
            all += 1;
            special += usize::from(!reasons.is_empty());
            for reason in reasons {
                say::line(&format!("{} {}: {reason}", document.service.slug, method.operation.id));
            }
        }
    }
    say::line(&format!(
        "{special} of {all} typed methods were completed by xtask, {} are progenitor's alone",
        all - special
    ));
    Ok(())
}

fn documents(root: &Path) -> Result<Vec<Document>> {
    service::SERVICES.into_iter().map(|service| Document::read(root, service)).collect()
}

/// Everything, in memory.
fn render(root: &Path) -> Result<Output> {
    let documents = documents(root)?;
    let mut output = Output::default();
    catalog::generate(&documents, &mut output)?;
    tables::generate(root, &mut output)?;
    let typed = documents
        .iter()
        .map(|document| typed::generate(document, &mut output))
        .collect::<Result<Vec<_>>>()?;
    builders::generate(&typed, &mut output)?;
    bindings::generate(root, &documents, &mut output)?;
    lock::generate(root, &documents, &mut output)?;
    Ok(output)
}
