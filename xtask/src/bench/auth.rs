//! `cargo xtask bench auth`: a release build of the crate `tests/bench`, run once.

use std::path::Path;

use anyhow::Result;

use crate::process;

pub(super) fn run(root: &Path) -> Result<()> {
    let mut command = process::cargo();
    command.args(["run", "--release", "-q", "-p", "framekey-bench", "--bin", "auth"]);
    process::run(command.current_dir(root))
}
