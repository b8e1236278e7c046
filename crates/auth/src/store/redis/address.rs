//! Where a Redis is, and connections to it, plain or over TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::native::tls_config;
use framekey_runtime::{Error, ErrorKind};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, RedisError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

/// A connection that has not answered for this long is given up: just before the store's patience
/// ends, so that a dead one is replaced and not kept.
const ANSWER: Duration = Duration::from_millis(240);

/// A Redis by its URL.
#[derive(Clone)]
pub(super) struct Address {
    client: Client,
    /// TLS, and the name that the certificate is held against.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Address {
    /// Reads a URL. The system's authorities are read here, once, and not at each connection.
    pub(super) fn new(url: &str, authorities: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let bad = |why: &str| {
            let text = format!(
                "the token store's URL {why}; it is like redis://host:6379, or rediss://host:6379 for TLS"
            );
            Error::new(ErrorKind::Configuration, "config.bad_option", text)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| bad("cannot be read"))?;
        let secure = ["rediss", "valkeys"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
        if !secure {
            if !authorities.is_empty() {
                return Err(bad("asks for no TLS, so that authorities are of no use"));
            }
            let client = Client::open(url).map_err(|_| bad("cannot be read"))?;
            return Ok(Address { client, tls: None });
        }
        // `#insecure` is how libraries of Redis are told not to look at certificates.
        if rest.contains('#') {
            return Err(bad(
                "has a `#`: certificates are always checked (in a password it is %23)",
            ));
        }
        // redis reads the URL; TLS is spoken below it.
        let client = Client::open(format!("redis://{rest}")).map_err(|_| bad("cannot be read"))?;
        let ConnectionAddr::Tcp(host, _) = client.get_connection_info().addr() else {
            return Err(bad("cannot be read"));
        };
        let name = ServerName::try_from(host.clone()).map_err(|_| bad("names no host"))?;
        let config: ClientConfig = tls_config(authorities)?;
        Ok(Address { client, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    /// Host and port, or the path of a socket, for people.
    pub(super) fn title(&self) -> String {
        let tls = if self.tls.is_some() { " (TLS)" } else { "" };
        format!("Redis at {}{tls}", self.client.get_connection_info().addr())
    }

    /// A new connection, signed in.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER));
        match &self.tls {
            None => self.client.get_multiplexed_async_connection_with_config(&config).await,
            Some((connector, name)) => {
                let connecting = self.connect_over(connector, name.clone(), config);
                // redis has the same limit, by the same timer, for connections of its own.
                tokio::time::timeout(ANSWER, connecting)
                    .await
                    .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
            }
        }
    }

    async fn connect_over(
        &self,
        connector: &TlsConnector,
        name: ServerName<'static>,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, RedisError> {
        let info = self.client.get_connection_info();
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(io::Error::from(io::ErrorKind::Unsupported).into());
        };
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        // Commands are short, and each is waited for.
        stream.set_nodelay(true)?;
        let stream = connector.connect(name, stream).await?;
        let (connection, driver) =
            MultiplexedConnection::new_with_config(info.redis_settings(), stream, config).await?;
        // It ends with the last clone of the connection.
        drop(tokio::spawn(driver));
        Ok(connection)
    }

    /// What is wrong, without the password.
    pub(super) fn trouble(&self, error: &RedisError) -> String {
        let text = error.to_string();
        match self.client.get_connection_info().redis_settings().password() {
            Some(password) if !password.is_empty() => text.replace(password, "[redacted]"),
            _ => text,
        }
    }
}
