//! `overlay.yaml`: the decisions about a service that its document does not state.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

/// The file: decisions from top to bottom, later ones win.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: String,
    decisions: Vec<Decision>,
}

/// One decision, or what several of them come to for one operation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default)]
    reason: String,
    /// Alternatives in order of preference, each a list of scheme names.
    pub(crate) security: Option<Vec<Vec<String>>>,
    pub(crate) bearer: Option<Bearer>,
    pub(crate) scope: Option<Scope>,
    pub(crate) retry: Option<Retry>,
    pub(crate) page: Option<Page>,
    pub(crate) stream: Option<Stream>,
    /// Our names for arguments whose derived names would collide: wire name to name.
    pub(crate) arguments: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bearer {
    Any,
    User,
    NotOauth,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    Search,
    Read,
    Write,
    Admin,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Retry {
    Safe,
    Idempotent,
    Keyed,
    Unsafe,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "style", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Page {
    Number {
        page: String,
        size: String,
        items: String,
        pages: String,
    },
    Cursor {
        cursor: String,
        r#in: CursorPlace,
        size: String,
        items: String,
        next: String,
        more: Option<String>,
    },
    Token {
        operation: String,
        param: String,
        items: String,
        next: String,
    },
    Limit {
        size: String,
        items: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CursorPlace {
    Query,
    Body,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    pub(crate) kind: StreamKind,
    pub(crate) when: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StreamKind {
    Ndjson,
    Sse,
    Jsonl,
    Bytes,
}

/// The decisions of one service.
pub(crate) struct Overlay(Vec<Decision>);

impl Overlay {
    /// Reads the file and checks that each decision has a reason and still hits an operation.
    pub(crate) fn read(file: &str, text: &str, slug: &str, ids: &[String]) -> Result<Self> {
        let content: File = super::yaml::parse(file, text)?;
        ensure!(
            content.service == slug,
            "{file}: `service` is `{}`, not `{slug}`",
            content.service
        );
        for (at, decision) in content.decisions.iter().enumerate() {
            let number = at + 1;
            ensure!(
                !decision.reason.trim().is_empty(),
                "{file}: decision {number} has no `reason`"
            );
            ensure!(
                !decision.operations.is_empty(),
                "{file}: decision {number} names no `operations`"
            );
            for glob in &decision.operations {
                if !ids.iter().any(|id| matches(glob, id)) {
                    bail!("{file}: decision {number}: `{glob}` hits no operation of {slug}");
                }
            }
        }
        Ok(Overlay(content.decisions))
    }

    /// What all decisions come to for one operation.
    pub(crate) fn of(&self, id: &str) -> Decision {
        let mut sum = Decision::default();
        for decision in self.0.iter().filter(|d| d.operations.iter().any(|glob| matches(glob, id)))
        {
            let Decision {
                operations: _,
                reason: _,
                security,
                bearer,
                scope,
                retry,
                page,
                stream,
                arguments,
            } = decision.clone();
            sum.security = security.or(sum.security);
            sum.bearer = bearer.or(sum.bearer);
            sum.scope = scope.or(sum.scope);
            sum.retry = retry.or(sum.retry);
            sum.page = page.or(sum.page);
            sum.stream = stream.or(sum.stream);
            sum.arguments = arguments.or(sum.arguments);
        }
        sum
    }
}

/// `*` stands for any text, dots included.
fn matches(glob: &str, id: &str) -> bool {
    match glob.split_once('*') {
        None => glob == id,
        Some((head, tail)) => {
            let Some(rest) = id.strip_prefix(head) else {
                return false;
            };
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| matches(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_hit_whole_ids() {
        assert!(matches("*", "videos.list"));
        assert!(matches("videos.*", "videos.list"));
        assert!(matches("*.list", "indexes.videos.list"));
        assert!(!matches("videos.*", "indexes.videos.list"));
        assert!(!matches("videos", "videos.list"));
        assert!(matches("a*c*e", "abcde"));
    }
}
