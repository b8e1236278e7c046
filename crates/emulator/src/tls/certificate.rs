//! An authority of the emulator's own, and the certificates below it: good, or bad in one way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

use super::TlsError;

/// The certificate that the emulator shows. All but the first are to be refused by every client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Certificate {
    /// For `localhost`, 127.0.0.1, ::1 and the address that the emulator listens on, by its authority.
    #[default]
    Good,
    /// Ended in 2001.
    Expired,
    /// Begins in 4000.
    NotYetValid,
    /// For `other.example`.
    OtherName,
    /// For `localhost.evil.example`, which begins with the right name.
    LongerName,
    /// For 192.0.2.1, which is nobody's (RFC 5737).
    OtherAddress,
    /// For no name at all.
    NoName,
    /// Signed by nobody but itself.
    SelfSigned,
    /// Good, by an authority that nobody knows.
    UnknownAuthority,
    /// For clients, not for servers.
    ForClients,
    /// Signed by a certificate that is none of an authority.
    NoAuthority,
    /// By an authority below ours that may only sign for `other.example`.
    OthersAuthority,
}

impl Certificate {
    /// All that are to be refused.
    pub const BAD: [Certificate; 11] = [
        Certificate::Expired,
        Certificate::NotYetValid,
        Certificate::OtherName,
        Certificate::LongerName,
        Certificate::OtherAddress,
        Certificate::NoName,
        Certificate::SelfSigned,
        Certificate::UnknownAuthority,
        Certificate::ForClients,
        Certificate::NoAuthority,
        Certificate::OthersAuthority,
    ];

    fn names(self, listens: Option<IpAddr>) -> Result<Vec<SanType>, TlsError> {
        let name = |text: &str| Ok(vec![SanType::DnsName(text.try_into().map_err(TlsError::of)?)]);
        match self {
            Certificate::OtherName => name("other.example"),
            Certificate::LongerName => name("localhost.evil.example"),
            Certificate::OtherAddress => Ok(vec![SanType::IpAddress([192, 0, 2, 1].into())]),
            Certificate::NoName => Ok(Vec::new()),
            _ => {
                let mut names = name("localhost")?;
                let here: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                let other = listens.filter(|address| !here.contains(address));
                names.extend(here.into_iter().chain(other).map(SanType::IpAddress));
                Ok(names)
            }
        }
    }

    fn params(self, listens: Option<IpAddr>) -> Result<CertificateParams, TlsError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = self.names(listens)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match self {
            Certificate::ForClients => ExtendedKeyUsagePurpose::ClientAuth,
            _ => ExtendedKeyUsagePurpose::ServerAuth,
        }];
        params.use_authority_key_identifier_extension = true;
        match self {
            Certificate::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            Certificate::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
            _ => {}
        }
        Ok(params)
    }
}

/// An authority that lives as long as this value. Its key is made up at random and never leaves it.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    /// Where the server listens, if it is known: certificates name that too.
    listens: Option<IpAddr>,
}

impl Authority {
    /// One whose certificates are for a server on `address` too.
    pub(super) fn of_server(address: IpAddr) -> Result<Self, TlsError> {
        Ok(Authority { listens: Some(address), ..Authority::new()? })
    }

    /// A new one.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn new() -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(rcgen::DnType::CommonName, "framekey emulator");
        let key = KeyPair::generate().map_err(TlsError::of)?;
        let certificate = params.self_signed(&key).map_err(TlsError::of)?;
        Ok(Self::of(&certificate, params, key))
    }

    fn of(certificate: &rcgen::Certificate, params: CertificateParams, key: KeyPair) -> Self {
        let pem = certificate.pem();
        let issuer = Issuer::new(params, key);
        Authority { issuer, certificate: certificate.der().clone(), pem, listens: None }
    }

    /// One below this one, that signs in its name.
    fn below(&self, is_ca: IsCa, only: Option<&str>) -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.is_ca = is_ca;
        params.name_constraints = only.map(|name| NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
            excluded_subtrees: Vec::new(),
        });
        let key = KeyPair::generate().map_err(TlsError::of)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(TlsError::of)?;
        Ok(Self::of(&certificate, params, key))
    }

    /// What a client is to trust.
    #[must_use]
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// The same as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate of this kind and its key.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn identity(&self, kind: Certificate) -> Result<Identity, TlsError> {
        let signer = match kind {
            Certificate::UnknownAuthority => Some(Authority::new()?),
            Certificate::NoAuthority => Some(self.below(IsCa::ExplicitNoCa, None)?),
            Certificate::OthersAuthority => {
                let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                Some(self.below(is_ca, Some("other.example"))?)
            }
            _ => None,
        };
        let params = kind.params(self.listens)?;
        if kind == Certificate::SelfSigned {
            let key = KeyPair::generate().map_err(TlsError::of)?;
            return Identity::of(&params.self_signed(&key).map_err(TlsError::of)?, &key);
        }
        let mut identity = signer.as_ref().unwrap_or(self).sign(params)?;
        // Who looks for the way to the root is shown what is between.
        identity.chain.extend(signer.map(|signer| signer.certificate));
        Ok(identity)
    }

    /// A good certificate for these names and addresses, and its key.
    ///
    /// # Errors
    /// Where one is neither, or the system has no randomness.
    pub fn named(&self, names: &[&str]) -> Result<Identity, TlsError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let names = CertificateParams::new(names).map_err(TlsError::of)?.subject_alt_names;
        let mut params = Certificate::Good.params(None)?;
        params.subject_alt_names = names;
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Result<Identity, TlsError> {
        let key = KeyPair::generate().map_err(TlsError::of)?;
        Identity::of(&params.signed_by(&key, &self.issuer).map_err(TlsError::of)?, &key)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// A certificate and its key, for a server.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    pem: String,
}

impl Identity {
    fn of(certificate: &rcgen::Certificate, key: &KeyPair) -> Result<Self, TlsError> {
        let pem = format!("{}\n{}", certificate.pem(), key.serialize_pem());
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(TlsError::of)?;
        Ok(Identity { chain: vec![certificate.der().clone()], key, pem })
    }

    /// The certificate and its key as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What a server of rustls needs to show it, with TLS of `versions`. `protocols` are offered by
    /// ALPN, such as `h2`.
    ///
    /// # Errors
    /// Where rustls does not take it.
    pub fn config(
        self,
        protocols: &[&str],
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(TlsError::of)?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .map_err(TlsError::of)?;
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

// The key is not for logs, though it is good for nothing else.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
