//! Faults that a test plants: which calls they meet, and what then goes wrong.

mod deliver;
mod http2;
mod rule;

use std::collections::BTreeMap;

use framekey_catalog::Service;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use deliver::{Body, End, Reply, reply};
pub use http2::{Code, GoAway};
pub(crate) use rule::{Planted, check_pattern, glob};

/// What goes wrong, and at which calls. The same fields are the JSON that `POST /__emulator/faults`
/// and a scenario take.
///
/// Of `reset`, `stall`, an abrupt `goaway`, `raw` and an answer (`status`, `redirect`, a body) a fault has one; with none
/// of them the true answer is given, but late, altered or in pieces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// The service; all of them where it is not set.
    #[serde(with = "slug", skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The operation's id, or a pattern in which `*` stands for anything: `videos.*`. Empty: all.
    /// Requests to the second origin have names by their method, `files.get` and `files.put`, and are
    /// met where the pattern begins with `files.`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation: String,

    /// The calls that it meets, from 1, counted since it was planted; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<u64>,
    /// Every n-th call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// A share of the calls from 0 to 1, drawn from the emulator's seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// How often it is met at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,

    /// Whether the operation is carried out although its answer is lost or replaced.
    #[serde(skip_serializing_if = "is_false")]
    pub after_commit: bool,

    /// The status to answer; 200 for a body without one, 307 for a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers to answer, in place of those of the same name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The body as text, sent as JSON unless `headers` has a `content-type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body as bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// A body of so many bytes, made as it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Answers a redirect: to the same path at this origin, or to this URL where it has a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,

    /// The connection is reset, before any byte or after `cut` bytes of the body. In HTTP/2 it is the
    /// stream, with `code`; `internal_error` where that is not set.
    #[serde(skip_serializing_if = "is_false")]
    pub reset: bool,
    /// Nothing is answered, or nothing after `cut` bytes of the body; the connection stays open.
    #[serde(skip_serializing_if = "is_false")]
    pub stall: bool,
    /// The server takes no more requests on this connection: `graceful` gives the true answer and those
    /// of the requests before, `abrupt` none (or so much of it as `cut` lets through). In HTTP/2 it says
    /// so by GOAWAY with `code` (`no_error` where that is not set); an abrupt one says that this request
    /// was not looked at, unless it is carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goaway: Option<GoAway>,
    /// The error code of HTTP/2 that `reset` and an abrupt `goaway` bear. HTTP/1 has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// These bytes are answered and the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,

    /// Seconds of real time before the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<f64>,
    /// The body ends after so many bytes, the connection with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<u64>,
    /// The body comes piece by piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drip: Option<Drip>,
    /// Values put into the true answer's JSON, by pointer (`/data/0/title`), so that they may be wrong.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// Values taken out of the true answer's JSON, by pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// The emulator's own URLs in the true answer (next page, upload) point to this origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebase: Option<String>,
}

/// How a body comes piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// Bytes of a piece.
    pub bytes: u64,
    /// Seconds of real time before each piece.
    pub seconds: f64,
}

impl Fault {
    /// Every call of `operation` answers `status` with `body` and is not carried out.
    pub fn always(
        service: Service,
        operation: impl Into<String>,
        status: u16,
        body: Value,
    ) -> Self {
        Fault { status: Some(status), body: Some(body), ..Fault::of(service, operation) }
    }

    /// Every call of `operation`; what happens to it is for the caller to set.
    pub fn of(service: Service, operation: impl Into<String>) -> Self {
        Fault { service: Some(service), operation: operation.into(), ..Fault::default() }
    }

    /// Whether it takes the place of the true answer.
    pub(crate) fn replaces(&self) -> bool {
        self.answers() || self.raw.is_some() || (self.breaks() && self.cut.is_none())
    }

    /// Whether the operation is not carried out.
    pub(crate) fn forestalls(&self) -> bool {
        self.replaces() && !self.after_commit
    }

    /// Whether it ends the answer, at once or after `cut` bytes.
    fn breaks(&self) -> bool {
        self.reset || self.stall || self.goaway == Some(GoAway::Abrupt)
    }

    fn answers(&self) -> bool {
        self.status.is_some() || self.redirect.is_some() || self.bodies() > 0
    }

    fn bodies(&self) -> usize {
        [self.body.is_some(), self.text.is_some(), self.base64.is_some(), self.size.is_some()]
            .into_iter()
            .filter(|set| *set)
            .count()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A service by its slug.
mod slug {
    use framekey_catalog::Service;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        service: &Option<Service>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        service.map(Service::slug).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Service>, D::Error> {
        let Some(slug) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let known = "api-video, twelve-labs or videovector";
        Service::from_slug(&slug)
            .map(Some)
            .ok_or_else(|| D::Error::custom(format!("`{slug}` is not {known}")))
    }
}
