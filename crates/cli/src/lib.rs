//! The `framekey` command as a library, so that tests can run its parts in process.
#![forbid(unsafe_code)]

mod advice;
mod args;
mod auth;
mod call;
pub mod demo;
mod emulate;
mod file;
mod memory;
mod out;
mod stop;
mod value;

use std::process::ExitCode;

use clap::Parser as _;
use framekey::{Error, ErrorKind};

/// Reads the command line, runs the command, and gives the exit code: 0 done, 1 failed, 2 used
/// wrongly.
#[must_use]
pub fn main() -> ExitCode {
    let args::Arguments { command, no_core_dump } = args::Arguments::parse();
    if no_core_dump && let Err(error) = memory::no_core_dump() {
        out::problem(&error.to_string());
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::problem(&format!("no runtime: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match command {
            args::Command::Demo(options) => demo::command(options).await,
            args::Command::Emulate(options) => emulate::command(options).await,
            args::Command::Call(options) => call::command(options).await,
            args::Command::Auth(args::Auth::Status(options)) => auth::status(options).await,
        }
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            out::problem(&advice::in_terminal(&error.to_string(), error.service()));
            match error.kind() {
                ErrorKind::Usage | ErrorKind::Configuration => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// A wrong use of the command.
fn usage(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, code, message)
}
