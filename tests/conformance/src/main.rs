//! `cargo xtask conformance`: the cases against the emulator, or against a service itself.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command of the workshop")]

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use framekey::Service;
use framekey_conformance::Document;
use framekey_conformance::case::{self, Case};
use framekey_conformance::place::Place;
use framekey_conformance::run::{self, Outcome};

/// Holds the emulator, or a service itself, against what is known of the services.
#[derive(Parser)]
struct Options {
    /// The service itself, with its key from the environment: reading cases only.
    #[arg(long, value_name = "SERVICE", value_parser = service)]
    live: Option<Service>,
    /// With --live: also the cases that make things and delete them again.
    #[arg(long, requires = "live")]
    write: bool,
    /// With --live: api.video's sandbox.
    #[arg(long, requires = "live")]
    sandbox: bool,
    /// Only cases whose name has this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

fn service(text: &str) -> Result<Service, String> {
    Service::from_slug(text).ok_or_else(|| "api-video, twelve-labs or videovector".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    match all(&Options::parse()).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// How many cases differ.
async fn all(options: &Options) -> Result<usize> {
    let services = options.live.map_or(Service::ALL.to_vec(), |service| vec![service]);
    let (mut good, mut skipped, mut differing) = (0, 0, 0);
    for service in services {
        let document = Document::of(service);
        let mut live = match options.live {
            Some(service) => Some(Place::live(service, options.sandbox).await?),
            None => None,
        };
        let wanted =
            |case: &Case| options.only.as_ref().is_none_or(|text| case.name.contains(text));
        for case in case::read(service)?.iter().filter(|case| wanted(case)) {
            let title = format!("{}: {}", service.title(), case.name);
            let why = live.as_ref().and_then(|_| run::skip_live(case, options.write));
            let (outcome, at) = match (why, &mut live) {
                (Some(why), _) => (Outcome::Skipped(why.to_owned()), String::new()),
                (None, Some(place)) => {
                    (run::case(place, &document, service, case).await, place.title.clone())
                }
                (None, None) => {
                    let mut place = Place::emulator(service).await?;
                    (run::case(&mut place, &document, service, case).await, place.title)
                }
            };
            match outcome {
                Outcome::Ok => {
                    good += 1;
                    println!("ok       {title}");
                }
                Outcome::Skipped(why) => {
                    skipped += 1;
                    println!("skipped  {title}: {why}");
                }
                Outcome::Differs(what, why) => {
                    differing += 1;
                    println!("differs  {title}\n         operation: {what}\n         at: {at}");
                    println!("         {why}\n         source: {}", case.source);
                }
            }
        }
    }
    println!("{good} as they should be, {differing} differ, {skipped} skipped");
    Ok(differing)
}
