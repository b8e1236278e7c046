//! The emulator: how soon it is ready, what it needs with many objects, how many small GETs it answers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{check, process, say, setup};

/// What is promised: milliseconds until ready, MiB with 10,000 videos, small GETs a second.
const READY: f64 = 100.0;
const SIZE: u64 = 40;
const SPEED: f64 = 20_000.0;

const STARTS: usize = 20;
const VIDEOS: usize = 10_000;
/// Connections and seconds of each round of the load generator.
const CONNECTIONS: &str = "-c32";
const ROUND: &str = "-d5s";

pub(super) fn run(root: &Path) -> Result<()> {
    let mut build = process::cargo();
    build.args(["build", "--release", "--package", "framekey-cli", "--bin", "framekey"]);
    process::run(build.current_dir(root))?;
    let binary = setup::target(root).join("release").join("framekey");
    let ready = starts(&binary)?;
    say::line(&format!(
        "ready after           {ready:>9.1} ms  (median of {STARTS}; at most {READY} is promised)"
    ));

    let mut emulator = Emulator::start(&binary)?;
    let fresh = emulator.resident()?;
    let token = emulator.token()?;
    let id = emulator.fill(&token)?;
    let full = emulator.resident()?;
    say::line(&format!("memory, fresh         {fresh:>9} MiB"));
    say::line(&format!("memory, {VIDEOS} videos {full:>9} MiB  (at most {SIZE} is promised)"));
    let bearer = format!("authorization: Bearer {token}");
    let key = format!("x-api-key: {}", emulator.text("/twelve-labs/api_key")?);
    let mut slowest = f64::MAX;
    for (name, place, path, header) in [
        ("videos.get", "api-video", format!("/videos/{id}"), &bearer),
        ("videos.get_status", "api-video", format!("/videos/{id}/status"), &bearer),
        ("indexes.list", "twelve-labs", "/indexes".to_owned(), &key),
    ] {
        let url = format!("{}{path}", emulator.text(&format!("/{place}/base_url"))?);
        let speed = load(&url, header)?;
        slowest = slowest.min(speed);
        say::line(&format!("{name:<21} {speed:>9.0} a second"));
    }
    say::line(&format!(
        "                      at least {SPEED} a second is promised, with wrk beside it"
    ));
    say::line(&format!(
        "memory, after that    {:>9} MiB  (the journal is full)",
        emulator.resident()?
    ));
    ensure!(ready < READY && full < SIZE && slowest >= SPEED, "a promise is not kept");
    Ok(())
}

/// The median time from its start to its first line.
fn starts(binary: &Path) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let began = check::now();
        let emulator = Emulator::start(binary)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        drop(emulator);
    }
    times.sort_by(f64::total_cmp);
    times.get(STARTS / 2).copied().context("no start was measured")
}

struct Emulator {
    child: Child,
    info: Value,
}

impl Emulator {
    fn start(binary: &Path) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["emulate", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .context("framekey cannot be started")?;
        let out = child.stdout.take().context("it has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).context("it said nothing")?;
        let info = serde_json::from_str(&line).context("it did not say where it is");
        let mut emulator = Emulator { child, info: Value::Null };
        emulator.info = info?;
        Ok(emulator)
    }

    /// A text of what it said at its start, by JSON pointer.
    fn text(&self, pointer: &str) -> Result<&str> {
        let text = self.info.pointer(pointer).and_then(Value::as_str);
        text.with_context(|| format!("{pointer}: not in what it said"))
    }

    /// MiB in memory.
    fn resident(&mut self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("its size cannot be read: this needs Linux")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
            .context("its size is not in /proc")?;
        Ok(kib.div_ceil(1024))
    }

    fn token(&self) -> Result<String> {
        let body = json!({ "apiKey": self.text("/api-video/api_key")? });
        let answer = self.connect()?.post("/api-video/auth/api-key", "", &body)?;
        let token = answer["access_token"].as_str().context("no token was given")?;
        Ok(token.to_owned())
    }

    /// Makes the videos; the id of the last.
    fn fill(&self, token: &str) -> Result<String> {
        let mut line = self.connect()?;
        let header = format!("authorization: Bearer {token}\r\n");
        let mut id = String::new();
        for at in 0..VIDEOS {
            let body = json!({ "title": format!("video {at}"), "tags": ["bench"] });
            let video = line.post("/api-video/videos", &header, &body)?;
            video["videoId"].as_str().context("no video was made")?.clone_into(&mut id);
        }
        Ok(id)
    }

    fn connect(&self) -> Result<Line> {
        let base = self.text("/control")?;
        let address = base.split('/').nth(2).context("no address")?;
        let stream = TcpStream::connect(address).context("it does not listen")?;
        stream.set_nodelay(true).context("no delay")?;
        Ok(Line { stream: BufReader::new(stream) })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection, and as much of HTTP as the emulator's answers need.
struct Line {
    stream: BufReader<TcpStream>,
}

impl Line {
    fn post(&mut self, path: &str, headers: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: emulator\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        self.stream.get_mut().write_all(format!("{head}{body}").as_bytes()).context("it left")?;
        let mut size = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).context("no answer")?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(length) = line.strip_prefix("content-length: ") {
                size = length.parse().context("a strange length")?;
            }
        }
        let mut answer = vec![0; size];
        self.stream.read_exact(&mut answer).context("half an answer")?;
        serde_json::from_slice(&answer).context("an answer that is not JSON")
    }
}

/// Answers a second, as wrk counts them; none of them an error.
fn load(url: &str, header: &str) -> Result<f64> {
    // The first round warms both up.
    process::text(Command::new("wrk").args(["-t1", CONNECTIONS, "-d1s", "-H", header, url]))?;
    let said =
        process::text(Command::new("wrk").args(["-t1", CONNECTIONS, ROUND, "-H", header, url]))
            .context("the load generator is Debian's package wrk")?;
    ensure!(!said.contains("Non-2xx"), "{url}: errors among the answers:\n{said}");
    let line = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    std::thread::sleep(Duration::from_millis(200));
    line.and_then(|figure| figure.trim().parse().ok()).context("wrk said no figure")
}
