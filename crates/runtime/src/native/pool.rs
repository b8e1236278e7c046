//! Connections, which belong to the runtime that looks after them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Client;
use rustls::ClientConfig;
use tokio::runtime::{Handle, Id};

use super::tls::no_tls;
use crate::Error;

/// The time limit for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Idle connections are dropped before common servers close them (5 s keep-alive and up).
const IDLE: Duration = Duration::from_secs(4);
/// Runtimes, beside the first, whose connections are kept: a program seldom has two.
const OTHERS: usize = 7;

/// The connections of one runtime.
#[derive(Clone)]
pub(super) struct Pool {
    /// Over TLS, through the system's proxy where one is set.
    secure: Client,
    /// Plain HTTP to this machine: never through a proxy, which would be another machine.
    local: Client,
}

impl Pool {
    fn new(tls: &ClientConfig) -> Result<Self, Error> {
        let secure = client(tls).https_only(true);
        // `localhost` is this machine whatever a name server says.
        let this_machine: [SocketAddr; 2] =
            [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()];
        let local = client(tls).no_proxy().resolve_to_addrs("localhost", &this_machine);
        let made = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| no_tls(&error.without_url().to_string()))
        };
        Ok(Pool { secure: made(secure)?, local: made(local)? })
    }

    pub(super) fn client(&self, url: &str) -> &Client {
        if url.starts_with("http://") { &self.local } else { &self.secure }
    }
}

fn client(tls: &ClientConfig) -> reqwest::ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
}

/// A pool for each runtime: a connection is served by a task of the runtime it was made in, and
/// hangs when nobody is in there, so it is of no use to a call in another one.
pub(super) struct Pools {
    tls: ClientConfig,
    first: Pool,
    owner: OnceLock<Id>,
    others: Mutex<Vec<(Id, Pool)>>,
}

impl Pools {
    /// Makes the first, so that what is wrong with TLS is told where a client is built.
    pub(super) fn new(tls: ClientConfig) -> Result<Self, Error> {
        let first = Pool::new(&tls)?;
        Ok(Pools { tls, first, owner: OnceLock::new(), others: Mutex::default() })
    }

    /// The pool of the runtime that the caller is in.
    pub(super) fn here(&self) -> Result<Pool, Error> {
        let here = Handle::current().id();
        if *self.owner.get_or_init(|| here) == here {
            return Ok(self.first.clone());
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = others.iter().find(|(runtime, _)| *runtime == here) {
            return Ok(pool.clone());
        }
        let pool = Pool::new(&self.tls)?;
        if others.len() == OTHERS {
            others.remove(0);
        }
        others.push((here, pool.clone()));
        Ok(pool)
    }
}
