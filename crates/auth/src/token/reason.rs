//! What a caller is told when there is no token.

use std::time::Duration;

use framekey_runtime::{Error, ErrorKind, Seconds};

use super::state::Reason;

/// What became of the last cycle that failed.
pub(super) struct Cause {
    pub(super) error: Option<Error>,
    pub(super) attempts: u32,
    pub(super) took: Duration,
}

/// The error for `reason`.
pub(super) fn explain(reason: Reason, cause: Option<&Cause>, from: &str) -> Error {
    let inner = cause.and_then(|cause| cause.error.as_ref());
    let (error, retry_in) = match reason {
        Reason::Unavailable { retry_in } => {
            // That there is no key is said as it is: nothing was sent.
            let no_key = inner.filter(|error| {
                matches!(error.code(), "auth.missing" | "auth.source" | "auth.malformed")
            });
            let error = no_key.cloned().unwrap_or_else(|| unavailable(cause, retry_in));
            (error, Some(retry_in))
        }
        Reason::KeyRefused { retry_in } => (key_refused(inner, from, retry_in), Some(retry_in)),
        Reason::Rejected { retry_in } => {
            let text = format!("{}. Is it for this host?", rejected(from, retry_in));
            (Error::new(ErrorKind::Authentication, "auth.key_rejected", text), Some(retry_in))
        }
        Reason::SessionLost => {
            let why = match inner.and_then(Error::status) {
                Some(status @ (400 | 401 | 403)) => {
                    format!("the refresh token was refused ({status})")
                }
                _ if cause.is_some() => {
                    "the refresh token was sent and the answer was lost".to_owned()
                }
                _ => "the access token has ended, and there is no refresh token".to_owned(),
            };
            let text = format!(
                "{why}. Sign in again and give the new session; no API key is configured to recover"
            );
            (Error::new(ErrorKind::Credential, "auth.session_lost", text), None)
        }
        Reason::TooSlow => {
            let text = "no access token within 15.5 s; the exchange is still under way";
            (Error::new(ErrorKind::Credential, "auth.exchange_unavailable", text), None)
        }
        Reason::Closed => {
            let text = "the client is closed; make a new one";
            (Error::new(ErrorKind::Usage, "usage.closed", text), None)
        }
    };
    match retry_in {
        Some(pause) => error.with_retry_after(pause),
        None => error,
    }
}

/// What to say of a second token that is refused before a 401 may cause an exchange again.
pub(super) fn rejected(from: &str, retry_in: Duration) -> String {
    format!(
        "api.video refused a second access token within 30 s (401; {from}); the next exchange is made in {} s",
        seconds(retry_in)
    )
}

fn unavailable(cause: Option<&Cause>, retry_in: Duration) -> Error {
    let next = format!("the next exchange is made in {} s", seconds(retry_in));
    let text = match cause {
        Some(Cause { error: Some(error), attempts, took }) => format!(
            "could not obtain an access token ({attempts} attempts in {} s): {}; {next}",
            Seconds(*took),
            error.message()
        ),
        _ => format!(
            "could not obtain an access token: the task that exchanges was dropped each time; {next}"
        ),
    };
    let error = Error::new(ErrorKind::Credential, "auth.exchange_unavailable", text);
    match cause.and_then(|cause| cause.error.clone()) {
        Some(inner) => error.because(inner),
        None => error,
    }
}

fn key_refused(inner: Option<&Error>, from: &str, retry_in: Duration) -> Error {
    let status = inner.and_then(Error::status).unwrap_or_default();
    let server = inner.and_then(Error::server).cloned().unwrap_or_default();
    let said = server.code.clone().or_else(|| server.message.clone()).unwrap_or_default();
    let text = format!(
        "api.video refused to exchange the API key from {from} for an access token ({status}, {said}). \
         Sandbox and production have keys of their own; is it for this host? It is asked again in {} s, or at once for another key",
        seconds(retry_in)
    );
    Error::new(ErrorKind::Authentication, "auth.exchange_refused", text)
        .with_answer(status, server, None)
}

fn seconds(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}
