//! `framekey emulate` as a program that another one starts: when it is ready, and when it ends.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod files;
mod tls;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

const OPTIONS: [&str; 3] = ["emulate", "--json", "--until-stdin-closes"];

/// The command, its standard output, and what it said when it was ready.
fn ready(command: &mut Command) -> (Child, BufReader<ChildStdout>, Value) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    (child, said, serde_json::from_str(&line).unwrap())
}

fn framekey() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("framekey"))
}

/// Ends it as a service manager does.
#[cfg(unix)]
fn terminate(child: &Child) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
}

/// It does not start: exit 2, and one message of one line.
fn refused(arguments: &[&str]) -> String {
    let output = framekey().arg("emulate").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty() && said.trim_end().lines().count() == 1, "{said}");
    said
}

/// What is in a folder, by name.
fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn answers(info: &Value) -> bool {
    let control = info["control"].as_str().unwrap();
    let address = control.strip_prefix("http://").unwrap().split('/').next().unwrap();
    TcpStream::connect(address).is_ok()
}

/// Within four seconds, or it goes on for ever: two are for requests in progress.
fn ended(child: &mut Child) -> ExitStatus {
    for _ in 0..400 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    panic!("it is still there after four seconds");
}

#[test]
fn e36_it_can_be_called_when_its_line_is_there_and_ends_with_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let (mut child, _said, info) = ready(framekey().args(OPTIONS).arg("--state").arg(&state));
    assert!(answers(&info));
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    for service in ["api-video", "api-video-sandbox", "twelve-labs", "videovector"] {
        assert!(info[service]["base_url"].is_string() && info[service]["api_key"].is_string());
    }
    drop(child.stdin.take());
    assert!(ended(&mut child).success());
    assert!(!answers(&info));
    assert!(state.exists(), "it ended as it always does");
}

#[test]
fn e36_what_is_said_to_it_does_not_end_it() {
    let (mut child, _said, info) = ready(framekey().args(OPTIONS));
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[b'\n'; 2000]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(answers(&info) && child.try_wait().unwrap().is_none());
    drop(input);
    assert!(ended(&mut child).success());
}

#[test]
fn without_the_option_its_input_means_nothing() {
    let (mut child, _said, info) = ready(framekey().args(&OPTIONS[..2]));
    drop(child.stdin.take());
    std::thread::sleep(Duration::from_millis(100));
    assert!(answers(&info) && child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn sigterm_and_sigint_end_it_cleanly() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let (mut child, _said, _) = ready(framekey().args(OPTIONS));
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, signal).unwrap();
        assert!(ended(&mut child).success());
    }
}
