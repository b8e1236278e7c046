//! What an operator may want to know and no call fails for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use framekey_catalog::Service;
use framekey_runtime::MaybeSend;

use crate::key_age::ago;
use crate::{Provenance, TokenEvent};

/// Something worth a line in a log. Holds no secret, and prints as one sentence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// White space, a byte order mark or quotes were stripped from around a secret.
    Cleaned {
        /// `API key`, `JWT`, …
        what: &'static str,
        /// Where it came from.
        from: Provenance,
    },
    /// A secret does not look as the service's do. It is sent anyway.
    OddShape {
        /// `API key`, `JWT`, …
        what: &'static str,
        /// Where it came from.
        from: Provenance,
        /// What it was expected to look like.
        expected: &'static str,
    },
    /// A source gives another secret than before; calls use it from now on.
    Replaced {
        /// `API key`, `JWT`, …
        what: &'static str,
        /// Where it came from.
        from: Provenance,
    },
    /// The credential is bound to another origin than the service's own: a proxy, a test, or a trap.
    Rebound {
        /// Whose credential it is.
        service: Service,
        /// The origin, and the only one it goes to.
        origin: String,
    },
    /// A key comes to its end. Told 14, 7, 3 and 1 days before, once each; no call is kept back.
    Aging {
        /// Whose key it is.
        service: Service,
        /// Where it came from.
        from: Provenance,
        /// By what it may be named.
        fingerprint: String,
        /// How long ago it was first used, as far as is known.
        age: Duration,
        /// How long it still lives.
        left: Duration,
        /// The end follows from the first use and the lifetime of such keys (option
        /// `key_lifetime`), and was not said by the source.
        assumed: bool,
    },
    /// Something happened to the access token.
    Token(TokenEvent),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Cleaned { what, from } => write!(
                f,
                "the {what} from {from} had white space, quotes or a byte order mark around it; they were stripped"
            ),
            Notice::OddShape { what, from, expected } => {
                write!(f, "the {what} from {from} does not look like {expected}; it is sent anyway")
            }
            Notice::Replaced { what, from } => {
                write!(f, "{from} gives another {what} than before; it is used from now on")
            }
            Notice::Rebound { service, origin } => write!(
                f,
                "the {} credential is bound to {origin}, which is not the service's own host",
                service.title()
            ),
            Notice::Aging { service, from, fingerprint, age, left, assumed } => {
                let (ends, ended) = match assumed {
                    true => ("is expected to end", "should have ended"),
                    false => ("ends", "has ended"),
                };
                let end = match left.as_secs() / (24 * 3600) {
                    _ if left.is_zero() => ended.to_owned(),
                    0 => format!("{ends} within a day"),
                    1 => format!("{ends} in 1 day"),
                    days => format!("{ends} in {days} days"),
                };
                write!(
                    f,
                    "the {} API key {fingerprint} from {from}, first used {}, {end}; create a new one and replace it",
                    service.title(),
                    ago(*age)
                )
            }
            Notice::Token(TokenEvent::Renewed { generation, lifetime, .. }) => {
                write!(f, "access token {generation} is in use, for {} s", lifetime.as_secs())
            }
            Notice::Token(TokenEvent::StoreUnused { problem }) => f.write_str(problem),
            Notice::Token(TokenEvent::Failed { error, still_serving }) => {
                let so_far = if *still_serving { "; the one in hand still serves" } else { "" };
                write!(f, "no new access token: {error}{so_far}")
            }
        }
    }
}

/// Is told of [`Notice`]s, on the task that finds them: it should not block. Any function that
/// takes one will do.
pub trait NoticeWatch: MaybeSend {
    /// `notice` is to be noted.
    fn note(&self, notice: &Notice);
}

impl<F: Fn(&Notice) + MaybeSend> NoticeWatch for F {
    fn note(&self, notice: &Notice) {
        self(notice);
    }
}

/// Where the notices of one client go; by default nowhere.
#[derive(Clone, Default)]
pub struct Notices(Option<Arc<dyn NoticeWatch>>);

impl Notices {
    /// To `watch`.
    #[must_use]
    pub fn to(watch: impl NoticeWatch + 'static) -> Self {
        Notices(Some(Arc::new(watch)))
    }

    /// Whether there is somebody to be told.
    pub(crate) fn are_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Passes `notice` on.
    pub fn note(&self, notice: &Notice) {
        if let Some(watch) = &self.0 {
            watch.note(notice);
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Notices(to a callback)" } else { "Notices(unheard)" })
    }
}
