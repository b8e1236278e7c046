//! What the sources leave open, and what tests want otherwise: each with its default.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};

use crate::limits::RateLimit;
use crate::tls::TlsSwitches;

/// How the services behave where it can be chosen. The same fields are the JSON that
/// `POST /__emulator/switches` and a scenario take; what is left out keeps its value there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switches {
    /// api.video, production and sandbox.
    pub api_video: ApiVideoSwitches,
    /// Twelve Labs.
    pub twelve_labs: TwelveLabsSwitches,
    /// VideoVector.
    pub videovector: VideoVectorSwitches,
    /// TLS on the ports.
    pub tls: TlsSwitches,
    /// Rate limits, each with the headers and bodies of its service; none.
    pub rate_limits: Vec<RateLimit>,
    /// An authority in PEM that webhooks to `https` trust beside the emulator's own.
    pub webhook_authority: Option<String>,
    /// Requests that the journal remembers, from 1 to 1000000; 50000, for some 25 MB.
    pub journal_limit: usize,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            api_video: ApiVideoSwitches::default(),
            twelve_labs: TwelveLabsSwitches::default(),
            videovector: VideoVectorSwitches::default(),
            tls: TlsSwitches::default(),
            rate_limits: Vec::new(),
            webhook_authority: None,
            journal_limit: 50_000,
        }
    }
}

/// api.video's credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiVideoSwitches {
    /// Seconds that an access token lives, as `expires_in` says it; 3600, as the service has it.
    pub token_life: u64,
    /// Every access token is answered 401, however new; off.
    pub refuse_access_tokens: bool,
    /// Whether a refresh token is good once; it is. No source says what the service does.
    pub refresh_once: bool,
    /// Refresh tokens are watched for reuse: one that is presented again later than so many seconds
    /// (0 to 60) after its use takes its whole family with it, and before that it is taken as if new.
    /// Off where it is not set: then a used token is refused, and nothing else happens.
    pub reuse_grace: Option<f64>,
    /// Whether `Authorization: TOKEN` does without the word `Bearer`; it does not. One text shows it
    /// so, the service's page of errors calls it malformed.
    pub bare_authorization: bool,
    /// The status for a wrong key at the exchange, and for a wrong refresh token: 400, as the service's document has it, or 401, as
    /// its page of errors has it.
    pub wrong_key_status: u16,
}

impl Default for ApiVideoSwitches {
    fn default() -> Self {
        ApiVideoSwitches {
            token_life: 3600,
            refuse_access_tokens: false,
            refresh_once: true,
            reuse_grace: None,
            bare_authorization: false,
            wrong_key_status: 400,
        }
    }
}

/// Twelve Labs's key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TwelveLabsSwitches {
    /// Days by the emulator's clock, from its start, that the ready key lives. It does not end where it
    /// is not set: the old API's keys ended after two months, no text on v1.3 says so.
    pub key_days: Option<u64>,
    /// Whether a wrong key is refused as the old API did it, with a number as `code` and its reason in
    /// `error`; off.
    pub old_refusals: bool,
}

/// VideoVector's keys and tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VideoVectorSwitches {
    /// Seconds by the emulator's clock until a new key is known everywhere: it is refused before; 0.
    pub key_delay: f64,
    /// Seconds by the emulator's clock, from its start, that the ready JWT and OAuth token live. They do
    /// not end where it is not set.
    pub bearer_life: Option<u64>,
}

impl Switches {
    /// What is wrong with them: the field, and what it should be.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (video, vector) = (&self.api_video, &self.videovector);
        if self.twelve_labs.key_days.is_some_and(|days| !(1..=365).contains(&days)) {
            return Err("twelve_labs.key_days: days from 1 to 365, or null".to_owned());
        }
        if !(1..=31_536_000).contains(&video.token_life) {
            return Err("api_video.token_life: seconds from 1 to 31536000".to_owned());
        }
        if video.reuse_grace.is_some_and(|grace| !(0.0..=60.0).contains(&grace)) {
            return Err("api_video.reuse_grace: seconds from 0 to 60, or null".to_owned());
        }
        if ![400, 401].contains(&video.wrong_key_status) {
            return Err("api_video.wrong_key_status: 400 or 401".to_owned());
        }
        if !(0.0..=86_400.0).contains(&vector.key_delay) {
            return Err("videovector.key_delay: seconds from 0 to 86400".to_owned());
        }
        if vector.bearer_life.is_some_and(|life| !(1..=31_536_000).contains(&life)) {
            return Err("videovector.bearer_life: seconds from 1 to 31536000, or null".to_owned());
        }
        if self.webhook_authority.as_ref().is_some_and(|pem| !is_pem(pem)) {
            return Err("webhook_authority: certificates in PEM".to_owned());
        }
        if !(1..=1_000_000).contains(&self.journal_limit) {
            return Err("journal_limit: a number from 1 to 1000000".to_owned());
        }
        for (at, limit) in self.rate_limits.iter().enumerate() {
            limit.check().map_err(|why| format!("rate_limits[{at}].{why}"))?;
        }
        Ok(())
    }
}

fn is_pem(text: &str) -> bool {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    found.is_ok_and(|certificates| !certificates.is_empty())
}
