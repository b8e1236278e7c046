//! A command that prints a secret (`credential_process`): no shell, ten seconds, 64 KiB.
//! What it complains of is not read: nothing tells which of the words are a secret.

use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::{BoxFuture, Clock, Error, ErrorKind};
use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::{Found, SecretSource, answer};
use crate::{Provenance, Slot};

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long its output may stay open when it has ended: a helper that it leaves behind may hold it.
const GRACE: Duration = Duration::from_millis(500);
/// What a command prints is read up to here.
const LARGEST: usize = 64 << 10;

/// A command that prints `{"version": 1, "api_key": "…", "expires_at": "2026-11-21T12:00:00Z"}`.
///
/// `jwt` or `token` stands in the place of `api_key` where such a one is wanted; `expires_at` (RFC
/// 3339, or seconds since 1970) may be left out. The command line is split into words by the rules
/// of a shell, but no shell sees it. It runs when the secret is first needed, shortly before the
/// secret ends, and once when the secret is refused; after 10 s it is killed with its children.
pub struct CommandSource {
    words: Vec<String>,
    slot: Slot,
    clock: Arc<dyn Clock>,
}

impl CommandSource {
    /// A command line that gives what `slot` is for. `origin` says where the line stands.
    ///
    /// # Errors
    /// `config.bad_option`: it is empty, or a quote is not closed.
    pub fn new(
        line: &str,
        slot: Slot,
        origin: &Provenance,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let words = shlex::split(line).filter(|words| !words.is_empty()).ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "config.bad_option",
                format!("the command line of `credential_process` ({origin}) is empty or has an open quote"),
            )
        })?;
        Ok(CommandSource { words, slot, clock })
    }

    fn failed(&self, why: &str) -> Error {
        let from = self.provenance();
        Error::new(ErrorKind::Credential, "auth.source", format!("the {from} {why}"))
    }

    async fn run(&self) -> Result<Found, Error> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        // A group of its own, so that its children can be ended with it.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => self.failed("is not there"),
            kind => self.failed(&format!("cannot be started: {kind}")),
        })?;
        let mut running = Running(child);
        // Of the full size from the start: a buffer that grows leaves copies behind.
        let mut output = Zeroizing::new(Vec::with_capacity(LARGEST + 1));
        let status = {
            let reading = pin!(read(running.0.stdout.take(), &mut output));
            let ended = pin!(async {
                match select(pin!(running.0.wait()), self.clock.sleep(LIMIT)).await {
                    Either::Left((status, _)) => Some(status),
                    Either::Right(_) => None,
                }
            });
            match select(reading, ended).await {
                Either::Left(((), ended)) => ended.await,
                Either::Right((status, reading)) => {
                    if status.is_some() {
                        select(reading, self.clock.sleep(GRACE)).await;
                    }
                    status
                }
            }
        };
        let status = status.ok_or_else(|| {
            self.failed(&format!("did not end within {} s and was killed", LIMIT.as_secs()))
        })?;
        let status = status.map_err(|error| self.failed(&format!("was lost: {}", error.kind())))?;
        if output.len() > LARGEST {
            return Err(self.failed("printed more than 64 KiB, which is no answer"));
        }
        if !status.success() {
            let why = format!("failed ({status}); run it by hand to see what it says");
            return Err(self.failed(&why));
        }
        answer::read(&output, self.slot).map_err(|why| self.failed(&why))
    }
}

/// Reads up to a byte more than [`LARGEST`], and lets go of what comes after: whoever writes on
/// finds the pipe closed.
async fn read(stream: Option<impl AsyncRead + Unpin>, bytes: &mut Vec<u8>) {
    if let Some(stream) = stream {
        // A pipe that breaks leaves an answer that cannot be read, and that is told.
        let _ = stream.take(LARGEST as u64 + 1).read_to_end(bytes).await;
    }
}

/// Ends the command with its children, unless it has ended by itself.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // No id: it has ended and been waited for, so the number may be another's by now.
        #[cfg(unix)]
        if let Some(group) = self
            .0
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.start_kill();
    }
}

impl SecretSource for CommandSource {
    fn provenance(&self) -> Provenance {
        Provenance::Command(self.words[0].as_str().into())
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(self.run())
    }

    fn can_change(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for CommandSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its arguments may hold a secret.
        f.debug_struct("CommandSource").field("program", &self.words[0]).finish_non_exhaustive()
    }
}
