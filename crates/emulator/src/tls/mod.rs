//! TLS on the emulator's ports: an authority made when it is first needed, and what it shows.

mod certificate;
mod old;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use certificate::{Authority, Certificate, Identity};

/// How TLS is spoken. The ports take plain HTTP and TLS both, whatever is set here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSwitches {
    /// Whether the base URLs that are told say `https`; off. URLs in answers say what was asked by.
    pub https: bool,
    /// The certificate that is shown; the good one.
    pub certificate: Certificate,
    /// The one version of TLS that is spoken; 1.2 and 1.3 where it is not set.
    pub version: Option<TlsVersion>,
    /// Whether HTTP/2 is offered beside HTTP/1.1; on.
    pub http2: bool,
}

impl Default for TlsSwitches {
    fn default() -> Self {
        TlsSwitches { https: false, certificate: Certificate::Good, version: None, http2: true }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TlsVersion {
    /// 1.1, which is to be refused: the server settles on it, and goes no further.
    #[serde(rename = "1.1")]
    V1_1,
    /// 1.2.
    #[serde(rename = "1.2")]
    V1_2,
    /// 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}

/// TLS cannot be had.
#[derive(Clone, Debug)]
pub struct TlsError(String);

impl TlsError {
    fn of(cause: impl fmt::Display) -> Self {
        TlsError(cause.to_string())
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no certificate can be made: {}", self.0)
    }
}

impl std::error::Error for TlsError {}

/// The authority, and the last certificate that was shown.
#[derive(Debug)]
pub(crate) struct Tls {
    listens: IpAddr,
    authority: OnceLock<Result<Authority, TlsError>>,
    shown: Mutex<Option<(TlsSwitches, Arc<ServerConfig>)>>,
}

impl Tls {
    /// For ports on this address.
    pub(crate) fn new(listens: IpAddr) -> Self {
        Tls { listens, authority: OnceLock::new(), shown: Mutex::default() }
    }

    /// The authority, which nobody else has.
    pub(crate) fn authority(&self) -> Result<&Authority, TlsError> {
        self.authority
            .get_or_init(|| Authority::of_server(self.listens))
            .as_ref()
            .map_err(TlsError::clone)
    }

    /// A good certificate for servers on this machine, with its key.
    pub(crate) fn certificate(&self) -> Result<String, TlsError> {
        Ok(self.authority()?.identity(Certificate::Good)?.pem().to_owned())
    }

    /// Speaks TLS on a connection; `None` where the client does not want to go on.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
        switches: TlsSwitches,
    ) -> Option<TlsStream<TcpStream>> {
        if switches.version == Some(TlsVersion::V1_1) {
            old::settle(stream).await;
            return None;
        }
        let config = self.config(switches).ok()?;
        TlsAcceptor::from(config).accept(stream).await.ok()
    }

    fn config(&self, switches: TlsSwitches) -> Result<Arc<ServerConfig>, TlsError> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = shown.as_ref().filter(|(known, _)| *known == switches) {
            return Ok(Arc::clone(config));
        }
        let versions: &[_] = match switches.version {
            Some(TlsVersion::V1_2) => &[&rustls::version::TLS12],
            Some(TlsVersion::V1_3) => &[&rustls::version::TLS13],
            _ => &[&rustls::version::TLS13, &rustls::version::TLS12],
        };
        let protocols: &[_] = if switches.http2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
        let identity = self.authority()?.identity(switches.certificate)?;
        let config = Arc::new(identity.config(protocols, versions)?);
        *shown = Some((switches, Arc::clone(&config)));
        Ok(config)
    }
}
