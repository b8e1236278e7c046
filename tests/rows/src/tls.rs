//! Servers that show the certificates of an authority of the tests' own.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::sync::Arc;

use framekey_emulator::tls::{Authority, Identity};
use tokio_rustls::TlsAcceptor;

/// An authority that lives as long as the test.
#[must_use]
pub fn authority() -> Authority {
    Authority::new().expect("an authority")
}

/// What a server needs to show a certificate. `protocols` are offered by ALPN, such as `h2`.
#[must_use]
pub fn acceptor(identity: Identity, protocols: &[&str]) -> TlsAcceptor {
    let versions = [&rustls::version::TLS12, &rustls::version::TLS13];
    let config = identity.config(protocols, &versions).expect("a usable certificate");
    TlsAcceptor::from(Arc::new(config))
}

/// The same, for a good certificate for this machine.
#[must_use]
pub fn good(authority: &Authority, protocols: &[&str]) -> TlsAcceptor {
    acceptor(authority.identity(Default::default()).expect("a certificate"), protocols)
}
