//! As much of api.video as a token needs: it gives them, knows them, and counts.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::raw;

/// A service on loopback, until it is dropped.
pub struct TokenServer {
    /// Where it is.
    pub base: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    exchanges: AtomicUsize,
    calls: AtomicUsize,
    /// Answers 503 to exchanges.
    down: AtomicBool,
    good: Mutex<HashSet<String>>,
    delay: Duration,
}

impl Shared {
    fn good(&self) -> MutexGuard<'_, HashSet<String>> {
        self.good.lock().expect("nobody panics with it")
    }
}

impl TokenServer {
    /// Starts one whose exchanges take this long.
    ///
    /// # Panics
    /// Where there is no loopback.
    pub async fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared { delay, ..Shared::default() });
        let task = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            }
        });
        TokenServer { base, shared, task }
    }

    /// How many exchanges arrived.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.shared.exchanges.load(SeqCst)
    }

    /// How many calls arrived.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.shared.calls.load(SeqCst)
    }

    /// Makes every token that was given so far a bad one.
    pub fn revoke_all(&self) {
        self.shared.good().clear();
    }

    /// Whether exchanges fail from now on.
    pub fn set_down(&self, down: bool) {
        self.shared.down.store(down, SeqCst);
    }

    /// The tokens that it gave and knows.
    #[must_use]
    pub fn tokens(&self) -> Vec<String> {
        self.shared.good().iter().cloned().collect()
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let json = [("content-type", "application/json")];
    while let Some(seen) = raw::read(&mut stream, "").await {
        let (status, body) = answer(&seen, &shared).await;
        raw::answer(&mut stream, status, &json, body.as_bytes()).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "other processes wait for it, by their own clocks")]
async fn answer(seen: &raw::Seen, shared: &Shared) -> (u16, String) {
    if seen.line().1 == "/auth/api-key" {
        let number = shared.exchanges.fetch_add(1, SeqCst);
        tokio::time::sleep(shared.delay).await;
        if shared.down.load(SeqCst) {
            return (503, "{}".to_owned());
        }
        let token = format!("canary-token-{number}-{}", std::process::id());
        let body = format!(
            r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}","refresh_token":"canary-refresh-{number}"}}"#
        );
        shared.good().insert(token);
        return (200, body);
    }
    shared.calls.fetch_add(1, SeqCst);
    let token = seen.header("authorization").and_then(|field| field.strip_prefix("Bearer "));
    if token.is_some_and(|token| shared.good().contains(token)) {
        return (200, r#"{"data":[]}"#.to_owned());
    }
    (401, r#"{"title":"The access token is unknown"}"#.to_owned())
}
