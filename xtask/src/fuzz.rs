//! `cargo xtask fuzz`: the targets of `tests/fuzz` under libFuzzer. The stable compiler has the coverage
//! that it needs; only a C++ compiler has to be there, and without one the corpus is replayed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{process, say, setup};

/// What to fuzz.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these targets; all of them when none is named.
    targets: Vec<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Keep the smallest inputs that reach something new, in `tests/fuzz/corpus`.
    #[arg(long)]
    keep: bool,
}

/// Edges are counted, and what is compared is told, so that libFuzzer finds the other side of it. Not
/// in build scripts and macros: `--target` keeps these flags from them.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Where things are, and what is run.
struct Workshop<'a> {
    root: &'a Path,
    folder: PathBuf,
    fuzzer: PathBuf,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    if !process::works(Command::new(&compiler).arg("--version")) {
        say::line(
            "there is no C++ compiler for libFuzzer: the corpus is replayed with seeded noise",
        );
        let mut replay = process::cargo();
        replay.args(["test", "--package", "framekey-fuzz", "--test", "replay"]).current_dir(root);
        return process::run(replay.env("FRAMEKEY_LONG", "1"));
    }
    let folder = setup::target(root).join("fuzz");
    let shop = Workshop { root, fuzzer: build(root, &folder)?, folder };
    let known = process::text(&mut shop.corpus(&["list"]))?;
    let known: Vec<(&str, &str)> = known.lines().filter_map(|line| line.split_once(' ')).collect();
    for name in &options.targets {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        ensure!(names.contains(&name.as_str()), "no target `{name}`: {}", names.join(", "));
    }
    let mut broken = Vec::new();
    for (name, longest) in known {
        if !options.targets.is_empty() && !options.targets.iter().any(|wanted| wanted == name) {
            continue;
        }
        if !shop.fuzz(name, longest, options.seconds)? {
            broken.push(name);
        } else if options.keep {
            shop.keep(name)?;
        }
    }
    ensure!(broken.is_empty(), "something was found in {}", broken.join(", "));
    Ok(())
}

/// Builds the fuzzer with coverage, in a folder of its own.
fn build(root: &Path, folder: &Path) -> Result<PathBuf> {
    let version = process::text(Command::new("rustc").arg("-vV"))?;
    let host =
        version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc's host")?;
    let mut cargo = process::cargo();
    cargo.args(["build", "--package", "framekey-fuzz", "--bin", "framekey-fuzz"]);
    cargo.args(["--features", "libfuzzer", "--target", host]).current_dir(root);
    cargo.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", COVERAGE);
    // Quick, and with the checks of a debug build.
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    process::run(&mut cargo)?;
    Ok(folder.join(host).join("debug/framekey-fuzz"))
}

impl Workshop<'_> {
    fn corpus(&self, arguments: &[&str]) -> Command {
        let mut cargo = process::cargo();
        cargo.args([
            "run",
            "--quiet",
            "--package",
            "framekey-fuzz",
            "--bin",
            "framekey-corpus",
            "--",
        ]);
        cargo.args(arguments).current_dir(self.root);
        cargo
    }

    fn fuzzer(&self, target: &str) -> Command {
        let mut fuzzer = Command::new(&self.fuzzer);
        fuzzer.env("FRAMEKEY_FUZZ", target).current_dir(self.place(target)).stdin(Stdio::null());
        fuzzer
    }

    fn place(&self, target: &str) -> PathBuf {
        self.folder.join("targets").join(target)
    }

    /// Whether nothing was found.
    fn fuzz(&self, target: &str, longest: &str, seconds: u32) -> Result<bool> {
        let place = self.place(target);
        fs::create_dir_all(place.join("found"))?;
        process::run(&mut self.corpus(&["lay-out", target, &place.display().to_string()]))?;
        let mut fuzzer = self.fuzzer(target);
        fuzzer.args(["inputs", "-dict=words", "-artifact_prefix=found/", "-print_final_stats=1"]);
        fuzzer.args(["-timeout=20", "-rss_limit_mb=2048", "-malloc_limit_mb=512"]);
        fuzzer.args([format!("-max_total_time={seconds}"), format!("-max_len={longest}")]);
        let output = process::output(&mut fuzzer)?;
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        fs::write(place.join("log"), &log)?;
        say::line(&summary(target, &log));
        if !output.status.success() {
            let why = log.lines().skip_while(|line| !line.contains("panicked at")).take(3);
            say::line(&why.collect::<Vec<_>>().join("\n"));
            say::line(&format!("the input is in {}", place.join("found").display()));
        }
        Ok(output.status.success())
    }

    /// The smallest inputs that reach all that was reached become the corpus.
    fn keep(&self, target: &str) -> Result<()> {
        let kept = self.place(target).join("kept");
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        fs::create_dir(&kept)?;
        let merged = process::output(self.fuzzer(target).args(["-merge=1", "kept", "inputs"]))?;
        if !merged.status.success() {
            bail!("the inputs of {target} cannot be merged:\n{}", process::last_words(&merged));
        }
        process::run(&mut self.corpus(&["take-in", target, &kept.display().to_string()]))
    }
}

/// What libFuzzer says of a run, in a line.
fn summary(target: &str, log: &str) -> String {
    let stat = |name: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |rest| rest.trim_start_matches(':').trim())
    };
    let status = log.lines().rev().find(|line| line.contains(" cov: "));
    let number = |name: &str| {
        let mut words = status.unwrap_or_default().split_whitespace();
        words.find(|word| *word == name).and_then(|_| words.next()).unwrap_or("?")
    };
    format!(
        "{target:<14} {:>10} runs, {:>6}/s, {:>6} edges, {:>6} features, {:>5} inputs, {:>5} MB",
        stat("number_of_executed_units"),
        stat("average_exec_per_sec"),
        number("cov:"),
        number("ft:"),
        number("corp:").split('/').next().unwrap_or("?"),
        stat("peak_rss_mb"),
    )
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_run_is_told_in_a_line() {
        let log = "#8\tpulse  cov: 41 ft: 52 corp: 7/90b lim: 4 exec/s: 4\n\
                   #9\tDONE   cov: 42 ft: 53 corp: 8/91b lim: 4 exec/s: 4 rss: 30Mb\n\
                   stat::number_of_executed_units: 9\nstat::average_exec_per_sec:     4\nstat::peak_rss_mb:  31\n";
        let line = summary("door", log).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(line, "door 9 runs, 4/s, 42 edges, 53 features, 8 inputs, 31 MB");
    }
}
