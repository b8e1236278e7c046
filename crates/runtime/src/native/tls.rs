//! TLS as every connection of ours speaks it: 1.2 or newer, ring, checked by the system's rules.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use crate::{Error, ErrorKind};

/// What a TLS client of rustls needs. It trusts these certificate authorities beside the system's;
/// nothing turns the checks of certificates and names off.
///
/// # Errors
/// `internal` where TLS cannot be set up.
pub fn tls_config(
    authorities: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<ClientConfig, Error> {
    // Named, not the process default: a host program may have installed another one, or two.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider))
        .map_err(|error| no_tls(&error.to_string()))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| no_tls(&error.to_string()))?
        // The name of the method is the library's: it is how any verifier is set.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// The certificates of a PEM file's content.
///
/// # Errors
/// `config.bad_option` where there is no certificate in it, or one that cannot be read.
pub fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |why: String| Error::new(ErrorKind::Configuration, "config.bad_option", why);
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(format!("no PEM: {error}")))?;
    if found.is_empty() {
        return Err(wrong("no certificate is in it".to_owned()));
    }
    Ok(found)
}

pub(super) fn no_tls(why: &str) -> Error {
    Error::new(ErrorKind::Internal, "internal", format!("no TLS: {why}"))
}
