//! `framekey demo`: the stories of the three services, each step checked against what really went
//! over the wire.

mod ahead;
mod api_video;
mod clip;
mod delegated;
mod expect;
mod made;
mod recorder;
mod report;
mod stage;
mod twelve_labs;
mod videovector;

use std::path::Path;
use std::process::ExitCode;

use framekey::dynamic::Client;
use framekey::{AuthStatus, Error, ErrorKind, Service};
use framekey_emulator::{Config, Emulator, Fault};

pub use crate::args::Demo as Options;
pub use report::{Report, Row};
use stage::Stage;

use crate::out;
use crate::stop::Stop;

pub(crate) async fn command(options: Options) -> Result<ExitCode, Error> {
    let json = options.json;
    // Before there is anything that would stay: the clip, or what is made on an account.
    let mut stop = Stop::catch()?;
    let clip = clip::open(options.file.as_deref())?;
    let mut stage = tokio::select! {
        stage = stage(&options, Vec::new()) => stage?,
        code = stop.wait() => return Ok(ExitCode::from(code)),
    };
    let mut stopped = tokio::select! {
        () = play(&mut stage, options.live, clip.path()) => None,
        code = stop.wait() => Some(code),
    };
    stage.stopped();
    tokio::select! {
        () = stage.clean_up() => {}
        code = stop.wait() => {
            stopped = Some(code);
            stage.left().iter().for_each(|left| out::problem(left));
        }
    }
    let report = stage.finish();
    out::line(&if json { format!("{:#}", report.to_json()) } else { report.to_table() })?;
    Ok(match stopped {
        Some(code) => ExitCode::from(code),
        None if report.failed() == 0 => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    })
}

/// What a live run would send. What is wrong with it is said once, and not by every step.
async fn credentials(service: Service) -> Result<AuthStatus, Error> {
    let builder = Client::builder(service);
    let found = match builder.auth_status().await {
        // A key and a JWT, and nothing that says which goes first: there are steps for both.
        Err(error) if error.code() == "auth.conflict" && service == Service::VideoVector => {
            Client::builder(service).auth_mode("jwt").auth_status().await?
        }
        found => found?,
    };
    if found.credentials.is_empty() {
        let message = found.notes.join("; ");
        return Err(Error::new(ErrorKind::Credential, "auth.missing", message).of(service));
    }
    Ok(found)
}

/// Runs the stories. `faults` are planted in the emulator first: a test sees that the demo notices.
///
/// # Errors
/// What keeps the demo from starting: a file that cannot be used, no emulator, no key for `live`.
/// A step that goes wrong is a row of the report.
pub async fn run(options: Options, faults: Vec<Fault>) -> Result<Report, Error> {
    let clip = clip::open(options.file.as_deref())?;
    let mut stage = stage(&options, faults).await?;
    play(&mut stage, options.live, clip.path()).await;
    stage.clean_up().await;
    Ok(stage.finish())
}

async fn stage(options: &Options, faults: Vec<Fault>) -> Result<Stage, Error> {
    if let Some(service) = options.live {
        let found = credentials(service).await?.credentials;
        let kinds = found.iter().map(|credential| credential.kind).collect();
        return Stage::live(service, kinds, options.write);
    }
    let emulator = Emulator::start(Config::default())
        .await
        .map_err(|error| crate::usage("usage.bad_value", error.to_string()))?;
    for fault in faults {
        emulator.fault(fault);
    }
    Stage::emulated(emulator, !options.json)
}

/// The stories of one service, or of all.
async fn play(stage: &mut Stage, only: Option<Service>, clip: &Path) {
    for service in Service::ALL {
        if only.is_some_and(|only| only != service) {
            continue;
        }
        match service {
            Service::ApiVideo => {
                api_video::play(stage, clip).await;
                delegated::play(stage, clip).await;
            }
            Service::TwelveLabs => twelve_labs::play(stage).await,
            Service::VideoVector => videovector::play(stage).await,
        }
    }
}
