//! `framekey emulate`: the three services on loopback until Ctrl-C.

use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use framekey::{Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator, Scenario};
use serde_json::Value;

use crate::args::Emulate;
use crate::{out, usage};

pub(crate) async fn command(options: Emulate) -> Result<ExitCode, Error> {
    let mut config = Config { port: options.port, ..Config::default() };
    if let Some(path) = &options.scenario {
        config.scenario =
            Scenario::read(&read(path)?).map_err(|why| wrong(path, "scenario", &why))?;
    }
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| usage("usage.bad_value", error.to_string()))?;
    if let Some(path) = options.state.as_deref().filter(|path| path.exists()) {
        let state: Value = serde_json::from_slice(&read(path)?)
            .map_err(|why| wrong(path, "state", &why.to_string()))?;
        emulator.restore(&state).map_err(|why| wrong(path, "state", &why))?;
    }
    say(&emulator, options.json);
    stopped().await?;
    if let Some(path) = &options.state {
        save(path, &emulator.snapshot())?;
    }
    emulator.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn say(emulator: &Emulator, json: bool) {
    if json {
        out::line(&emulator.info().to_string());
        return;
    }
    let keys = emulator.credentials();
    let rows = [
        ("api.video", emulator.base_url(Service::ApiVideo), &keys.api_video_key),
        ("api.video sandbox", emulator.sandbox_url(), &keys.api_video_sandbox_key),
        ("Twelve Labs", emulator.base_url(Service::TwelveLabs), &keys.twelve_labs_key),
        ("VideoVector", emulator.base_url(Service::VideoVector), &keys.videovector_key),
    ];
    for (title, url, key) in rows {
        out::line(&format!("{title:<18} {url}  key {key}"));
    }
    out::line(&format!("{:<18} user JWT {}", "VideoVector", keys.videovector_jwt));
    out::note("Every key above is made up and opens this emulator only. Ctrl-C stops it.");
}

/// Until Ctrl-C, or a service manager's SIGTERM.
async fn stopped() -> Result<(), Error> {
    let failed =
        |error| Error::new(ErrorKind::Internal, "internal", format!("no signals: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut ended = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed.map_err(failed),
            _ = ended.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(failed)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        let why = match error.kind() {
            NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        usage("usage.bad_value", format!("{}: {why}", path.display()))
    })
}

fn wrong(path: &Path, what: &str, why: &str) -> Error {
    usage("usage.bad_value", format!("{}: not a {what} of the emulator: {why}", path.display()))
}

/// Whole or not at all: the file beside is renamed when it is written.
fn save(path: &Path, state: &Value) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, state.to_string())
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|error| {
            let message = format!("{}: the state cannot be saved: {error}", path.display());
            Error::new(ErrorKind::Internal, "internal", message)
        })
}
