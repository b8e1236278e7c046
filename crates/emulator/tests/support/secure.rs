//! A client of TLS that looks at certificates.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::sync::Arc;

use framekey_emulator::tls::Authority;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::Lab;

/// Whom a client trusts: one authority.
pub(crate) struct Trust(RootCertStore);

impl Trust {
    pub(crate) fn of(lab: &Lab) -> Self {
        Trust::in_authority(lab.emulator.authority().unwrap())
    }

    pub(crate) fn in_authority(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate()).unwrap();
        Trust(roots)
    }
}

/// A socket of the emulator's first origin.
pub(crate) async fn socket(lab: &Lab) -> TcpStream {
    let control = lab.emulator.info()["control"].as_str().unwrap().to_owned();
    TcpStream::connect(control.split('/').nth(2).unwrap()).await.unwrap()
}

/// TLS with the emulator, which is asked for as `name`; `offer` goes by ALPN.
pub(crate) async fn handshake(
    lab: &Lab,
    name: &str,
    trust: &Trust,
    offer: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trust.0.clone())
        .with_no_client_auth();
    config.alpn_protocols = offer.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket(lab).await).await
}

/// One request over https, and the whole answer.
pub(crate) async fn https(lab: &Lab, method: &str, path: &str, authorization: &str) -> String {
    let mut stream = handshake(lab, "localhost", &Trust::of(lab), &[]).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {authorization}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.unwrap();
    String::from_utf8(got).unwrap()
}
