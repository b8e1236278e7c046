//! The signals that end a command: Ctrl-C, and a service manager's SIGTERM.

use framekey::{Error, ErrorKind};

/// Catches them, from when it is made until the process ends.
pub(crate) struct Stop {
    #[cfg(unix)]
    pressed: tokio::signal::unix::Signal,
    #[cfg(unix)]
    ended: tokio::signal::unix::Signal,
    #[cfg(windows)]
    pressed: tokio::signal::windows::CtrlC,
}

impl Stop {
    pub(crate) fn catch() -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Internal, "internal", format!("no signals: {error}"))
        };
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Stop {
                pressed: signal(SignalKind::interrupt()).map_err(failed)?,
                ended: signal(SignalKind::terminate()).map_err(failed)?,
            })
        }
        #[cfg(windows)]
        {
            Ok(Stop { pressed: tokio::signal::windows::ctrl_c().map_err(failed)? })
        }
    }

    /// Until one comes: the exit code that shells give a process that it ended.
    pub(crate) async fn wait(&mut self) -> u8 {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.pressed.recv() => 130,
                _ = self.ended.recv() => 143,
            }
        }
        #[cfg(windows)]
        {
            let _ = self.pressed.recv().await;
            130
        }
    }
}
