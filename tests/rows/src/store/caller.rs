//! A process that calls the service with a shared token, and what it tells of it.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use framekey_auth::store::{FileStore, RedisStore, TokenStore};
use framekey_auth::{DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::Service;
use framekey_runtime::{BaseUrl, Platform, Secret, Session};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The key that every process has.
pub const KEY: &str = "canary-key-of-all";

/// The store of this name: `file:/folder` or `redis://…`.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn store(name: &str) -> Arc<dyn TokenStore> {
    match name.strip_prefix("file:") {
        Some(folder) => Arc::new(FileStore::new(folder)),
        None => Arc::new(RedisStore::new(name).expect("a URL")),
    }
}

/// A credential that shares its token through `store`, and its session without credentials.
///
/// # Panics
/// If `base` is no URL.
#[must_use]
pub fn credential(
    base: &str,
    store: Arc<dyn TokenStore>,
    platform: Platform,
) -> (DisposableTokenCredential, Session) {
    let base = BaseUrl::parse(base).expect("a URL");
    let bare = Session::builder(Service::ApiVideo, base, platform).build();
    let key = HeldKey::fixed(Secret::new(KEY), Provenance::Option("api_key"));
    let credential = DisposableTokenCredential::new(key, Renewal::Exchange, bare.clone())
        .stored_in(store)
        .expect("keys can be shared through every store");
    (credential, bare)
}

/// What the calls of one process came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Calls that succeeded.
    pub good: usize,
    /// Calls that failed.
    pub failed: usize,
    /// What they failed with.
    pub errors: String,
    /// The longest call, in milliseconds.
    pub longest_ms: f64,
    /// From the first call to the end of the last, in milliseconds.
    pub took_ms: f64,
    /// What the watch heard of the store, since the process started.
    pub troubles: usize,
    /// Operations of the store since the process started.
    pub asked: usize,
    /// Those of them that failed or were given up.
    pub in_vain: usize,
}

impl Tally {
    /// As a line.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            self.good,
            self.failed,
            self.longest_ms,
            self.took_ms,
            self.troubles,
            self.asked,
            self.in_vain,
            self.errors
        )
    }

    fn read(line: &str) -> Option<Self> {
        let mut parts = line.trim_end().splitn(8, '\t');
        Some(Tally {
            good: parts.next()?.parse().ok()?,
            failed: parts.next()?.parse().ok()?,
            longest_ms: parts.next()?.parse().ok()?,
            took_ms: parts.next()?.parse().ok()?,
            troubles: parts.next()?.parse().ok()?,
            asked: parts.next()?.parse().ok()?,
            in_vain: parts.next()?.parse().ok()?,
            errors: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

/// A process that is ready to call.
pub struct Caller {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Caller {
    /// Starts `program` (`CARGO_BIN_EXE_framekey-store-caller`), to be killed at a place if one is
    /// named, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not come up.
    pub async fn start(program: &str, store: &str, base: &str, kill_at: Option<&str>) -> Self {
        let mut command = Command::new(program);
        command.args([store, base]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.kill_on_drop(true).env_remove("FRAMEKEY_KILL_AT");
        if let Some(place) = kill_at {
            command.env("FRAMEKEY_KILL_AT", place);
        }
        let mut child = command.spawn().expect("the helper of the store tests");
        let to = child.stdin.take().expect("a pipe");
        let mut from = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        from.read_line(&mut line).await.expect("a line");
        assert_eq!(line, "ready\n");
        Caller { child, to, from }
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Has it make `count` calls with `pause` milliseconds between them; without, all at once.
    pub async fn go(&mut self, count: usize, pause: u64) {
        // One that was killed does not hear it.
        let _ = self.to.write_all(format!("{count} {pause}\n").as_bytes()).await;
    }

    /// Waits for its end; whether it was killed.
    pub async fn killed(&mut self) -> bool {
        let end = tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await;
        end.is_ok_and(|status| status.is_ok_and(|status| status.signal() == Some(9)))
    }

    /// What the calls came to; `None` if the process is dead.
    pub async fn done(&mut self) -> Option<Tally> {
        let mut line = String::new();
        let _ = self.from.read_line(&mut line).await;
        Tally::read(&line)
    }
}
