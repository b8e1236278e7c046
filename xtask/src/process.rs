//! Running other programs: what failed, and with which words, is always said.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Error, Result, bail};

/// The cargo that started xtask.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs it with our own output streams; fails unless it exits with 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_started(command, error))?;
    if !status.success() {
        bail!("`{}` failed ({status})", show(command));
    }
    Ok(())
}

/// Runs it and gives what it printed; fails, with its last words, unless it exits with 0.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        bail!("`{}` failed ({}):\n{}", show(command), output.status, last_words(&output));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed text that is not UTF-8", show(command)))
}

/// Runs it to its end, whatever that is.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().map_err(|error| not_started(command, error))
}

/// Whether it runs and exits with 0.
pub(crate) fn works(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// The end of what a failed program printed.
pub(crate) fn last_words(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&both).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// The command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let name = |text: &std::ffi::OsStr| match Path::new(text).file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => text.to_string_lossy().into_owned(),
    };
    let mut words = vec![name(command.get_program())];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

fn not_started(command: &Command, error: std::io::Error) -> Error {
    let program = command.get_program().to_string_lossy();
    match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("`{program}` is not installed"),
        _ => Error::new(error).context(format!("`{program}` could not be started")),
    }
}
