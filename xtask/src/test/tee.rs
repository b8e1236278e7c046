//! Runs a test runner: its output goes on to the reader as it comes, and is kept for the count.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Context, Result};

use super::summary::{Count, Runner, count};
use crate::{process, say};

/// Runs it to its end and counts its tests.
pub(super) fn tests(runner: Runner, command: &mut Command) -> Result<Count> {
    say::line(&format!("$ {}", process::show(command)));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` could not be started", process::show(command)))?;
    let (sender, lines) = channel();
    let readers = [
        child.stdout.take().map(|stream| read(stream, sender.clone())),
        child.stderr.take().map(|stream| read(stream, sender)),
    ];
    let mut printed = String::new();
    for line in lines {
        say::line(&line);
        printed.push_str(&line);
        printed.push('\n');
    }
    for reader in readers.into_iter().flatten() {
        // It ends with its stream, which has ended.
        let _ = reader.join();
    }
    let status = child.wait().context("the runner's end was missed")?;
    count(runner, &printed, status.success())
        .with_context(|| format!("`{}` ended with {status}", process::show(command)))
}

fn read(stream: impl Read + Send + 'static, lines: Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_counted() {
        let mut command = shell("echo '# pass 2'; echo '# fail 0' >&2");
        let count = tests(Runner::Node, &mut command).unwrap();
        assert_eq!((count.passed, count.failed), (2, 0));
    }

    #[test]
    fn a_runner_that_dies_says_how() {
        let error = tests(Runner::Node, &mut shell("exit 3")).unwrap_err();
        assert!(format!("{error:#}").contains('3'), "{error:#}");
    }
}
