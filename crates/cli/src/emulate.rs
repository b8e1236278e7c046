//! `framekey emulate`: the three services on loopback, until Ctrl-C or the end of who started it.

use std::io::ErrorKind::{Interrupted, NotFound};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use framekey::{Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator, Scenario};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::args::Emulate;
use crate::{out, usage};

pub(crate) async fn command(options: Emulate) -> Result<ExitCode, Error> {
    let mut config = Config { listen: options.listen, port: options.port, ..Config::default() };
    if let Some(path) = &options.scenario {
        config.scenario =
            Scenario::read(&read(path)?).map_err(|why| wrong(path, "scenario", &why))?;
    }
    config.scenario.switches.tls.https |= options.tls;
    if let Some(path) = &options.state {
        can_save(path)?;
    }
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| usage("usage.bad_value", error.to_string()))?;
    if let Some(path) = options.state.as_deref().filter(|path| path.exists()) {
        let state: Value = serde_json::from_slice(&read(path)?)
            .map_err(|why| wrong(path, "state", &why.to_string()))?;
        emulator.restore(&state).map_err(|why| wrong(path, "state", &why))?;
        emulator.switch(|switches| switches.tls.https |= options.tls);
    }
    if let Some(path) = &options.ca {
        write_authority(&emulator, path)?;
    }
    // Before anybody is told that it is there, and may end it.
    let stopped = stopped()?;
    let input = options.until_stdin_closes.then(input_closed).transpose()?;
    say(&emulator, options.json);
    tokio::select! {
        () = stopped => {}
        () = closed(input) => {}
    }
    if let Some(path) = &options.state {
        save(path, &emulator.snapshot())?;
    }
    emulator.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn write_authority(emulator: &Emulator, path: &Path) -> Result<(), Error> {
    let authority = emulator
        .authority()
        .map_err(|error| Error::new(ErrorKind::Internal, "internal", error.to_string()))?;
    std::fs::write(path, authority.pem()).map_err(|error| {
        usage("usage.bad_value", format!("{}: cannot be written: {error}", path.display()))
    })
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
    thread.map(|_| closed).map_err(|error| {
        Error::new(ErrorKind::Internal, "internal", format!("no thread for the input: {error}"))
    })
}

/// Never, where nobody reads the input.
async fn closed(input: Option<oneshot::Receiver<()>>) {
    match input {
        Some(closed) => drop(closed.await),
        None => std::future::pending().await,
    }
}

/// Until Ctrl-C, or a service manager's SIGTERM. Both are caught from the call on.
fn stopped() -> Result<impl Future<Output = ()>, Error> {
    let failed =
        |error| Error::new(ErrorKind::Internal, "internal", format!("no signals: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut pressed = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut ended = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = pressed.recv() => {}
                _ = ended.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut pressed = tokio::signal::windows::ctrl_c().map_err(failed)?;
        Ok(async move { drop(pressed.recv().await) })
    }
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

fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    PathBuf::from(beside)
}

/// Tells at the start what else would be told when there is something to lose.
fn can_save(path: &Path) -> Result<(), Error> {
    let beside = beside(path);
    std::fs::write(&beside, "").and_then(|()| std::fs::remove_file(&beside)).map_err(|error| {
        let message = format!("{}: the state could not be saved there: {error}", path.display());
        usage("usage.bad_value", message)
    })
}

/// Whole or not at all: the file beside is renamed when it is written.
fn save(path: &Path, state: &Value) -> Result<(), Error> {
    let beside = beside(path);
    std::fs::write(&beside, state.to_string())
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|error| {
            let message = format!("{}: the state cannot be saved: {error}", path.display());
            Error::new(ErrorKind::Internal, "internal", message)
        })
}
