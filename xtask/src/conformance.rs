//! `cargo xtask conformance`: the crate `tests/conformance`, with its own options passed on.

use std::path::Path;

use anyhow::Result;

use crate::process;

/// Passed on as they are.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// `--live SERVICE`, `--write`, `--sandbox`, `--only TEXT`; `-- --help` shows them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let mut command = process::cargo();
    command.args(["run", "-q", "-p", "framekey-conformance", "--"]).args(&options.options);
    process::run(command.current_dir(root))
}
