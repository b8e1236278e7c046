//! SH-05: the switch against core dumps, seen from outside.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

/// Starts the emulator with these arguments before it; gives the limits that it runs under, and
/// whether it left a core dump when it was told to.
fn limits(arguments: &[&str]) -> (String, bool) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
    let mut child =
        command.args(arguments).args(["emulate", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with('{'), "{line}");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    // Not SIGQUIT, which a shell ignores for what it starts in the background.
    let abort = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
    assert!(abort.success());
    let status = child.wait().unwrap();
    assert!(!status.success());
    (core.to_owned(), status.core_dumped())
}

#[test]
fn sh_05_the_switch_leaves_no_core_dump() {
    let (core, dumped) = limits(&["--no-core-dump"]);
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    assert!(!dumped);
    // Off by default: the system's own limit stands.
    let own = std::fs::read_to_string("/proc/self/limits").unwrap();
    let (core, _) = limits(&[]);
    assert!(own.contains(&core), "{core}");
}
