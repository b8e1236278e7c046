//! The `framekey` command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    framekey_cli::main()
}
