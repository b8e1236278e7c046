//! `framekey demo`: the stories of the three services, each step checked against what really went
//! over the wire.

mod ahead;
mod api_video;
mod clip;
mod delegated;
mod expect;
mod recorder;
mod report;
mod stage;
mod twelve_labs;
mod videovector;

use std::process::ExitCode;

use framekey::dynamic::Client;
use framekey::{Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator, Fault};

pub use crate::args::Demo as Options;
pub use report::{Report, Row};
use stage::Stage;

use crate::out;

pub(crate) async fn command(options: Options) -> Result<ExitCode, Error> {
    let json = options.json;
    let report = run(options, Vec::new()).await?;
    out::line(&if json { format!("{:#}", report.to_json()) } else { report.to_table() });
    Ok(if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with the credentials is said once, and not by every step.
async fn has_credential(service: Service) -> Result<(), Error> {
    let found = Client::builder(service).auth_status().await?;
    if found.credentials.is_empty() {
        let message = format!("{}: {}", service.title(), found.notes.join("; "));
        return Err(Error::new(ErrorKind::Credential, "auth.missing", message));
    }
    Ok(())
}

/// Runs the stories. `faults` are planted in the emulator first: a test sees that the demo notices.
///
/// # Errors
/// What keeps the demo from starting: a file that cannot be used, no emulator, no key for `live`.
/// A step that goes wrong is a row of the report.
pub async fn run(options: Options, faults: Vec<Fault>) -> Result<Report, Error> {
    let clip = clip::open(options.file.as_deref())?;
    if let Some(service) = options.live {
        has_credential(service).await?;
        let mut stage = Stage::live(service, options.write)?;
        match service {
            Service::ApiVideo => {
                api_video::play(&mut stage, clip.path()).await;
                delegated::play(&mut stage, clip.path()).await;
            }
            Service::TwelveLabs => twelve_labs::play(&mut stage).await,
            Service::VideoVector => videovector::play(&mut stage).await,
        }
        return Ok(stage.finish());
    }
    let emulator = Emulator::start(Config::default())
        .await
        .map_err(|error| crate::usage("usage.bad_value", error.to_string()))?;
    for fault in faults {
        emulator.fault(fault);
    }
    let mut stage = Stage::emulated(emulator, !options.json)?;
    api_video::play(&mut stage, clip.path()).await;
    delegated::play(&mut stage, clip.path()).await;
    twelve_labs::play(&mut stage).await;
    videovector::play(&mut stage).await;
    Ok(stage.finish())
}
