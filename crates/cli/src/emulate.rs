//! `framekey emulate`: the three services on loopback, until Ctrl-C or the end of who started it.

use std::io::ErrorKind::Interrupted;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use framekey::{Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator, Scenario};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::args::Emulate;
use crate::file::{Target, read};
use crate::stop::Stop;
use crate::{out, usage};

pub(crate) async fn command(options: Emulate) -> Result<ExitCode, Error> {
    let mut config = Config { listen: options.listen, port: options.port, ..Config::default() };
    if let Some(path) = &options.scenario {
        config.scenario =
            Scenario::read(&read(path)?).map_err(|why| wrong(path, "scenario", &why))?;
    }
    config.scenario.switches.tls.https |= options.tls;
    let state = options.state.as_deref().map(|path| target(path, "the state")).transpose()?;
    let ca = options.ca.as_deref().map(|path| target(path, "the authority")).transpose()?;
    distinct(&options)?;
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| usage("usage.bad_value", error.to_string()))?;
    if let Some(path) = options.state.as_deref().filter(|path| path.exists()) {
        let state: Value = serde_json::from_slice(&read(path)?)
            .map_err(|why| wrong(path, "state", &why.to_string()))?;
        emulator.restore(&state).map_err(|why| wrong(path, "state", &why))?;
        emulator.switch(|switches| switches.tls.https |= options.tls);
        if options.scenario.is_some() {
            out::note(&format!(
                "{} goes before the scenario, which a reset goes back to.",
                path.display()
            ));
        }
    }
    if let (Some(file), Some(path)) = (ca, &options.ca) {
        let authority = emulator.authority().map_err(|error| internal(error.to_string()))?;
        file.write(authority.pem(), true)
            .map_err(|error| unwritten(path, "the authority", &error))?;
    }
    // Before anybody is told that it is there, and may end it.
    let mut stop = Stop::catch()?;
    let input = options.until_stdin_closes.then(input_closed).transpose()?;
    say(&emulator, options.json)?;
    tokio::select! {
        _ = stop.wait() => {}
        () = closed(input) => {}
    }
    // With what came of the requests that were in progress.
    let last = emulator.stop().await;
    if let (Some(file), Some(path)) = (state, &options.state) {
        file.write(&last.to_string(), false).map_err(|error| {
            internal(format!("{}: the state cannot be saved: {error}", path.display()))
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn internal(message: String) -> Error {
    Error::new(ErrorKind::Internal, "internal", message)
}

/// Where `what` is to be written, if it can be.
fn target(path: &Path, what: &str) -> Result<Target, Error> {
    Target::of(path).map_err(|error| unwritten(path, what, &error))
}

fn unwritten(path: &Path, what: &str, error: &std::io::Error) -> Error {
    let message = format!("{}: {what} cannot be written there: {error}", path.display());
    usage("usage.bad_value", message)
}

/// One file for two things would lose one of them.
fn distinct(options: &Emulate) -> Result<(), Error> {
    let files =
        [("--scenario", &options.scenario), ("--state", &options.state), ("--ca", &options.ca)];
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for (name, path) in files {
        let Some(path) = path else { continue };
        let place = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Some((other, _)) = known.iter().find(|(_, other)| *other == place) {
            let message = format!("{other} and {name} are the same file, {}", path.display());
            return Err(usage("usage.bad_value", message));
        }
        known.push((name, place));
    }
    Ok(())
}

fn say(emulator: &Emulator, json: bool) -> Result<(), Error> {
    if json {
        out::line(&emulator.info().to_string())?;
        return Ok(());
    }
    let keys = emulator.credentials();
    let rows = [
        ("api.video", emulator.base_url(Service::ApiVideo), &keys.api_video_key),
        ("api.video sandbox", emulator.sandbox_url(), &keys.api_video_sandbox_key),
        ("Twelve Labs", emulator.base_url(Service::TwelveLabs), &keys.twelve_labs_key),
        ("VideoVector", emulator.base_url(Service::VideoVector), &keys.videovector_key),
    ];
    // A saved state may have some that were taken away.
    let told = |key: &str| if key.is_empty() { "none" } else { key }.to_owned();
    for (title, url, key) in rows {
        out::line(&format!("{title:<18} {url}  key {}", told(key)))?;
    }
    out::line(&format!("{:<18} user JWT {}", "VideoVector", told(&keys.videovector_jwt)))?;
    out::note("Every key above is made up and opens this emulator only. Ctrl-C stops it.");
    Ok(())
}

/// Reads the standard input to its end, on a thread that the end of the process does not wait for:
/// tokio's own would be waited for, and may never come back.
fn input_closed() -> Result<oneshot::Receiver<()>, Error> {
    let (over, closed) = oneshot::channel();
    let read = move || {
        let mut input = std::io::stdin().lock();
        let mut ignored = [0; 256];
        loop {
            match input.read(&mut ignored) {
                Ok(1..) => {}
                Err(error) if error.kind() == Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        let _ = over.send(());
    };
    let thread = std::thread::Builder::new().name("framekey-stdin".to_owned()).spawn(read);
    thread.map(|_| closed).map_err(|error| internal(format!("no thread for the input: {error}")))
}

/// Never, where nobody reads the input.
async fn closed(input: Option<oneshot::Receiver<()>>) {
    match input {
        Some(closed) => drop(closed.await),
        None => std::future::pending().await,
    }
}

fn wrong(path: &Path, what: &str, why: &str) -> Error {
    usage("usage.bad_value", format!("{}: not a {what} of the emulator: {why}", path.display()))
}
