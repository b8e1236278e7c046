//! A store for processes on many hosts: Redis, or what speaks its protocol.

mod address;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use framekey_runtime::native::authorities;
use framekey_runtime::{BoxFuture, Error};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError};
use ring::rand::{SecureRandom as _, SystemRandom};

use self::address::Address;
use super::{Entry, Hold, Lease, StoreError, TokenStore};
use crate::fingerprint::hex;

/// How long a lease holds: longer than the 15 s that an exchange may take with its repetitions.
const LEASE: Duration = Duration::from_secs(20);
/// How long the counter of an entry outlives its last use.
const COUNTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// Takes the lease if it is free, and counts: the number is higher than every one before it, and
/// than that of the entry, should the counter have been evicted.
const TAKE: &str = "
local got = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
local number = redis.call('INCR', KEYS[3])
local there = tonumber(redis.call('HGET', KEYS[2], 'generation') or '0') or 0
if there >= number and there < 9007199254740991 then
  number = there + 1
  redis.call('SET', KEYS[3], string.format('%.0f', number))
end
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return {got and 1 or 0, number}";

/// Writes an entry unless one of the same or a higher generation is there.
const WRITE: &str = "
local there = tonumber(redis.call('HGET', KEYS[1], 'generation') or '0') or 0
if there >= tonumber(ARGV[1]) and there < 9007199254740991 then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'sealed', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1";

/// Gives a lease back, if it is still the same owner's.
const GIVE_BACK: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// Keeps tokens in Redis, sealed. Who exchanges holds a lease of 20 s; one who was paused for
/// longer than that finds that what it would write is out of date.
///
/// An operation takes 250 ms at most. A given session cannot be shared through it: no lease that
/// ends by itself keeps two processes from presenting the same refresh token.
#[derive(Clone)]
pub struct RedisStore {
    address: Address,
    connection: Arc<Mutex<Option<MultiplexedConnection>>>,
}

impl RedisStore {
    /// A store at `redis://[user:password@]host[:port][/database]`, at `rediss://…` for TLS, or at
    /// `redis+unix:///path`. It is connected to at the first need. A certificate is checked as those
    /// of the services are, by the system's authorities; what says that it should not be (`#insecure`)
    /// is refused.
    ///
    /// # Errors
    /// `config.bad_option`: it is no such URL. The URL is not quoted. `internal` where TLS cannot be
    /// set up.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(RedisStore { address: Address::new(url, Vec::new())?, connection: Arc::default() })
    }

    /// The same for `rediss://…`, trusting the authorities of a PEM file's content beside the
    /// system's. A store may serve several clients, so a client's `ca_bundle` is not its own.
    ///
    /// # Errors
    /// As [`new`](Self::new); `config.bad_option` where there is no certificate in `pem`, or one that
    /// cannot be read, or the URL asks for no TLS.
    pub fn trusting_pem(url: &str, pem: &[u8]) -> Result<Self, Error> {
        let address = Address::new(url, authorities(pem)?)?;
        Ok(RedisStore { address, connection: Arc::default() })
    }

    fn connection(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a command over the connection there is. One that the server has closed meanwhile, as it
    /// does with idle ones, is replaced once.
    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let kept = self.connection().clone();
        if let Some(mut connection) = kept {
            match command.query_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    *self.connection() = None;
                    if !error.is_connection_dropped() {
                        return Err(self.trouble(&error));
                    }
                }
            }
        }
        let mut connection = self.address.connect().await.map_err(|error| self.trouble(&error))?;
        *self.connection() = Some(connection.clone());
        command.query_async(&mut connection).await.map_err(|error| self.trouble(&error))
    }

    async fn give_back(&self, name: &str, owner: &str) {
        let command = script(GIVE_BACK, &[&key(name, "lease")]).arg(owner).to_owned();
        // If it cannot be given back it ends by itself.
        let _: Result<u64, StoreError> = self.run(&command).await;
    }

    fn trouble(&self, error: &RedisError) -> StoreError {
        StoreError::new(self.address.trouble(error))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisStore").field(&self.address.title()).finish()
    }
}

/// The braces keep the keys of one entry on one host of a cluster.
fn key(name: &str, what: &str) -> String {
    format!("framekey:{{{name}}}:{what}")
}

fn script(code: &str, keys: &[&str]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(code).arg(keys.len()).arg(keys);
    command
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl TokenStore for RedisStore {
    fn title(&self) -> String {
        self.address.title()
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(async move {
            let mut command = redis::cmd("HMGET");
            command.arg(key(name, "entry")).arg("generation").arg("sealed");
            let found: (Option<Vec<u8>>, Option<Vec<u8>>) = self.run(&command).await?;
            let (Some(generation), Some(sealed)) = found else { return Ok(None) };
            let generation = str::from_utf8(&generation).ok().and_then(|text| text.parse().ok());
            Ok(generation.map(|generation| Entry { generation, sealed }))
        })
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            let mut random = [0; 16];
            SystemRandom::new()
                .fill(&mut random)
                .map_err(|_| StoreError::new("the system gives no random numbers"))?;
            let owner = hex(&random);
            let keys = [key(name, "lease"), key(name, "entry"), key(name, "counter")];
            let mut command = script(TAKE, &[&keys[0], &keys[1], &keys[2]]);
            command.arg(&owner).arg(millis(LEASE)).arg(millis(COUNTER));
            let (got, generation): (u8, u64) = self.run(&command).await?;
            let hold = (got == 1).then(|| {
                let held = Held { store: self.clone(), name: name.to_owned(), owner };
                let held: Box<dyn Hold> = Box::new(held);
                held
            });
            Ok(Lease { generation, hold })
        })
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut command = script(WRITE, &[&key(name, "entry")]);
            command.arg(entry.generation).arg(&entry.sealed).arg(millis(life).max(1));
            let written: u8 = self.run(&command).await?;
            Ok(written == 1)
        })
    }
}

/// The lease; dropped, it ends by itself.
struct Held {
    store: RedisStore,
    name: String,
    owner: String,
}

impl Hold for Held {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.store.give_back(&self.name, &self.owner).await })
    }
}
