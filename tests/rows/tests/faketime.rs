//! A real process whose wall clock is set while its monotonic clock goes on, by libfaketime.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use framekey::blocking::Wait;
use framekey::{ApiVideo, Service};
use framekey_emulator::{Config, Emulator};
use framekey_rows::child;

const CHILD: &str = "calls_as_its_input_says";
const YEARS: i64 = 315_360_000;

/// The process: makes a call for each line of its input, and says what came of it.
#[test]
#[ignore = "a process of tk_10"]
fn calls_as_its_input_says() {
    if !child::is(CHILD) {
        return;
    }
    let env = |name: &str| std::env::var(name).unwrap();
    let av = ApiVideo::builder().environment(|_| None).api_key(env("KEY")).base_url(env("URL"));
    let av = av.build().unwrap();
    for _ in std::io::stdin().lines() {
        match av.tags().list().wait() {
            Ok(_) => println!("call: ok"),
            Err(error) => println!("call: {error}"),
        }
    }
}

struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    offset: PathBuf,
}

impl Process {
    fn start(emulator: &Emulator, folder: &std::path::Path) -> Self {
        let library = std::fs::read_dir("/usr/lib").unwrap().flatten();
        let library = library
            .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.exists())
            .expect("libfaketime is not installed; run: apt-get install faketime (or cargo xtask setup)");
        let offset = folder.join("offset");
        std::fs::write(&offset, "+0").unwrap();
        let mut child = child::test(CHILD)
            .env("KEY", &emulator.credentials().api_video_key)
            .env("URL", emulator.base_url(Service::ApiVideo))
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &offset)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            // The name of the test comes before the first answer, on the same line.
            for line in output.lines().map_while(Result::ok) {
                if let Some((_, answer)) = line.split_once("call: ") {
                    let _ = sender.send(answer.to_owned());
                }
            }
        });
        Process { child, input, answers, offset }
    }

    /// Sets the wall clock, from the true time on.
    fn set_wall(&self, seconds: i64) {
        // In one step: half a text would be another time.
        let next = self.offset.with_extension("next");
        std::fs::write(&next, format!("{seconds:+}")).unwrap();
        std::fs::rename(next, &self.offset).unwrap();
    }

    fn call(&mut self) -> String {
        writeln!(self.input).unwrap();
        self.answers.recv_timeout(Duration::from_secs(20)).expect("no answer")
    }

    /// Five calls, none of which may fail.
    fn calls(&mut self) {
        for _ in 0..5 {
            assert_eq!(self.call(), "ok");
        }
    }

    fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tk_10_a_wall_clock_that_is_set_costs_one_exchange_at_most() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let exchanges = || emulator.calls(Service::ApiVideo, "access_tokens.create");
    let mut process = Process::start(&emulator, folder.path());
    process.calls();
    assert_eq!(exchanges(), 1);
    let mut costs = Vec::new();
    for wall in [-3600, 0, 3600, 0, YEARS, 0, -YEARS, 0] {
        let before = exchanges();
        process.set_wall(wall);
        process.calls();
        costs.push(exchanges() - before);
    }
    assert!(costs.iter().all(|cost| *cost <= 1), "{costs:?}");
    // Ten years ahead no token is alive: the clock is set indeed.
    assert_eq!(costs[4], 1, "{costs:?}");
    process.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn tk_10_after_two_hours_of_suspend_no_dead_token_is_sent() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&emulator, folder.path());
    process.calls();
    // The monotonic clock stands still in a suspend; the service's time does not.
    emulator.advance(Duration::from_secs(7200));
    process.set_wall(7200);
    process.calls();
    assert_eq!(emulator.calls(Service::ApiVideo, "access_tokens.create"), 2);
    assert!(emulator.journal().iter().all(|entry| entry.status != 401));
    process.end();
}
