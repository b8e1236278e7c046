//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use framekey::Service;

/// One client for three video APIs: api.video, Twelve Labs and VideoVector.
///
/// Not affiliated with any of them. Credentials are read from the environment, never from the
/// command line.
#[derive(Debug, Parser)]
#[command(name = "framekey", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// Leave no core dump of this process, and let no other program of yours read its memory.
    #[arg(long, global = true)]
    pub(crate) no_core_dump: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Walk through real calls to all three services, against the embedded emulator.
    Demo(Demo),
    /// Run the emulator of the three services on this machine.
    Emulate(Emulate),
    /// Call one operation and print its answer.
    Call(Call),
    /// Show which credentials would be used, and where they come from.
    #[command(subcommand)]
    Auth(Auth),
}

/// Options of `framekey demo`.
#[derive(Clone, Debug, Default, Args)]
pub struct Demo {
    /// Upload this video file instead of the clip that comes with framekey.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print the steps as one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Run against the real service, with its key from the environment; only reading steps.
    #[arg(long, value_name = "SERVICE", value_parser = service)]
    pub live: Option<Service>,
    /// With --live: also run the steps that create, change and delete; what they make is deleted again.
    #[arg(long, requires = "live")]
    pub write: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Emulate {
    /// The address to listen on; 0.0.0.0 for other machines and containers, which then may use the
    /// control plane too.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// The port to listen on; any free one where it is not given.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Start as this document says: clock, seed, credentials, switches, faults.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Load the state from this file, if it is there, and save it there at the end. It goes before the
    /// scenario.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Tell base URLs with https, and HTTP/2 beside HTTP/1.1. The port takes plain HTTP all the same.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Write the certificate of the emulator's own authority to this file, as PEM, for clients to trust.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Print where the services are, and ready credentials, as one JSON line; it is there when they
    /// can be called.
    #[arg(long)]
    pub(crate) json: bool,
    /// End when the standard input does: with the program that started this one, however that ends.
    #[arg(long)]
    pub(crate) until_stdin_closes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// For each service: the credential that would be used, its source, fingerprint and age; never
    /// its value. Looks in the environment, the profile file, the keyring, and runs the profile's
    /// command; calls no service.
    Status(AuthStatusOptions),
}

#[derive(Debug, Args)]
pub(crate) struct AuthStatusOptions {
    /// Only this service.
    #[arg(long, value_name = "SERVICE", value_parser = service)]
    pub(crate) service: Option<Service>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Call {
    /// api-video, twelve-labs or videovector.
    #[arg(value_parser = service)]
    pub(crate) service: Service,
    /// The operation: `videos.list`.
    pub(crate) operation: String,
    /// Arguments as NAME=VALUE. Where the operation takes a text, the value is taken as it is; elsewhere a
    /// value that is JSON is taken as JSON, a value @FILE as a file to send, and - as what standard input
    /// has. Secrets are taken from there only.
    pub(crate) arguments: Vec<String>,
    /// Use the sandbox (api.video).
    #[arg(long)]
    pub(crate) sandbox: bool,
}

fn service(text: &str) -> Result<Service, String> {
    Service::from_slug(text).ok_or_else(|| {
        let known: Vec<&str> = Service::ALL.iter().map(|service| service.slug()).collect();
        format!("the services are {}", known.join(", "))
    })
}
