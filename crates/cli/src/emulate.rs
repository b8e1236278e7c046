//! `framekey emulate`: the three services on loopback until Ctrl-C.

use std::process::ExitCode;

use framekey::{Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator};

use crate::args::Emulate;
use crate::{out, usage};

pub(crate) async fn command(options: Emulate) -> Result<ExitCode, Error> {
    let config = Config { port: options.port, ..Config::default() };
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| usage("usage.bad_value", error.to_string()))?;
    let keys = emulator.credentials();
    if options.json {
        out::line(&emulator.info().to_string());
    } else {
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
    tokio::signal::ctrl_c().await.map_err(|error| {
        Error::new(ErrorKind::Internal, "internal", format!("no signals: {error}"))
    })?;
    emulator.stop().await;
    Ok(ExitCode::SUCCESS)
}
