//! framekey's workshop. Run as `cargo xtask <command>`.
#![forbid(unsafe_code)]

mod bench;
mod bindings;
mod check;
mod conformance;
mod fuzz;
mod generate;
mod process;
mod rows;
mod say;
mod setup;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "framekey's workshop", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure, beside what it would be without us.
    Bench(bench::Options),
    /// Write everything that is generated from spec/.
    Generate(generate::Options),
    /// Build the Python wheel and the npm package.
    Bindings(bindings::Options),
    /// Look at what must hold in every commit.
    Check(check::Options),
    /// Hold the emulator, or a service itself, against what is known of the services.
    Conformance(conformance::Options),
    /// Search for inputs that break what reads what strangers send.
    Fuzz(fuzz::Options),
    /// List the rows of the reliability table, the tests that prove them, the code they guard.
    Rows(rows::Options),
    /// Install what the tests need, and say what.
    Setup,
    /// Run every test in every language.
    Test(test::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Bench(options) => bench::run(&root(), &options),
        Command::Generate(options) => generate::run(&root(), &options),
        Command::Bindings(options) => bindings::run(&root(), &options),
        Command::Check(options) => check::run(&root(), &options),
        Command::Conformance(options) => conformance::run(&root(), &options),
        Command::Fuzz(options) => fuzz::run(&root(), &options),
        Command::Rows(options) => rows::run(&root(), &options),
        Command::Setup => setup::run(&root()),
        Command::Test(options) => test::run(&root(), &options),
    };
    finish(outcome)
}

fn finish(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The workspace: the folder above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
