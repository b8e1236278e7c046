//! Rate limits as rules: windows by the emulator's clock, told with each service's own headers.

use std::time::Duration;

use framekey_catalog::{Operation, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Answer, flat, nested, problem};
use crate::clock::Moment;
use crate::fault::{check_pattern, glob};

/// A rate limit: so many calls in each window of time, whoever makes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// The service, by its slug.
    pub service: String,
    /// The operation's id or a pattern; all of the service where it is not set.
    #[serde(default)]
    pub operation: Option<String>,
    /// Calls in a window.
    pub limit: u64,
    /// Seconds of a window by the emulator's clock; 60 where it is not set.
    #[serde(default = "minute")]
    pub window: u64,
}

const fn minute() -> u64 {
    60
}

/// Operations of Twelve Labs that answer 429 without a body.
const SILENT: [&str; 3] = ["search.create", "analyze.create", "knowledge_stores.search"];
/// Resources of Twelve Labs that answer it in an envelope.
const NESTED: [&str; 3] = ["embed_v2", "embed_v2.tasks", "analyze.batches"];

impl RateLimit {
    pub(crate) fn check(&self) -> Result<(), String> {
        let service = Service::from_slug(&self.service)
            .ok_or("service: api-video, twelve-labs or videovector")?;
        if let Some(pattern) = &self.operation {
            check_pattern(Some(service), pattern)?;
        }
        if self.limit == 0 || !(1..=86_400).contains(&self.window) {
            return Err(
                "limit, window: a number of calls from 1, seconds from 1 to 86400".to_owned()
            );
        }
        Ok(())
    }

    fn covers(&self, operation: &Operation) -> bool {
        self.service == operation.service.slug()
            && self.operation.as_ref().is_none_or(|pattern| glob(pattern, operation.id))
    }
}

/// The headers of api.video where no limit covers the call: always the same.
pub(crate) fn told_by_default(answer: Answer) -> Answer {
    if answer.headers.iter().any(|(name, _)| name == "x-ratelimit-limit") {
        return answer;
    }
    Standing { limit: 1000, remaining: 999, wait: 60, refused: false }
        .told(Service::ApiVideo, answer)
}

/// What was used of the windows, by the place of the limit among the switches.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Windows(Vec<Option<Window>>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Window {
    limit: RateLimit,
    begun: Moment,
    used: u64,
}

impl Window {
    fn end(&self) -> Duration {
        self.begun.0.saturating_add(Duration::from_secs(self.limit.window))
    }

    /// Whether it is the running one of a limit.
    fn is_of(&self, limit: &RateLimit, now: Moment) -> bool {
        self.limit == *limit && (self.begun.0..self.end()).contains(&now.0)
    }
}

/// How a call stands with the tightest limit that covers it.
pub(crate) struct Standing {
    limit: u64,
    remaining: u64,
    /// Whole seconds until the window ends.
    wait: u64,
    refused: bool,
}

/// What was used of one limit in its running window.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    /// The pattern of the operations that it covers; none for all.
    pub(crate) operation: Option<String>,
    pub(crate) limit: u64,
    pub(crate) used: u64,
    /// Seconds of the window.
    pub(crate) window: u64,
    /// Seconds since 1970 at which the window ends.
    pub(crate) ends: u64,
}

impl Windows {
    /// The limits of VideoVector and what was used of them, for the one operation that tells it.
    pub(crate) fn told(
        &self,
        limits: &[RateLimit],
        operation: &Operation,
        now: Moment,
    ) -> Option<Vec<Used>> {
        let tells = ["rate_limits.get_status", "rate_limits.refresh"].contains(&operation.id);
        if !tells || operation.service != Service::VideoVector {
            return None;
        }
        let own = limits.iter().zip(&self.0).filter(|(limit, _)| limit.service == "videovector");
        let used = own.map(|(limit, window)| {
            let running = window.as_ref().filter(|window| window.is_of(limit, now));
            let (begun, used) = running.map_or((now, 0), |window| (window.begun, window.used));
            let end = begun.0 + Duration::from_secs(limit.window);
            Used {
                operation: limit.operation.clone(),
                limit: limit.limit,
                used,
                window: limit.window,
                ends: end.as_secs() + u64::from(end.subsec_nanos() > 0),
            }
        });
        Some(used.collect())
    }

    /// Counts a call; `None` where no limit covers it. A refused call uses nothing.
    pub(crate) fn count(
        &mut self,
        limits: &[RateLimit],
        operation: &Operation,
        now: Moment,
    ) -> Option<Standing> {
        self.0.resize(limits.len(), None);
        let mut tightest: Option<Standing> = None;
        let mut covering = Vec::new();
        for (limit, window) in limits.iter().zip(&mut self.0) {
            if !limit.covers(operation) {
                continue;
            }
            if window.as_ref().is_none_or(|window| !window.is_of(limit, now)) {
                *window = None;
            }
            let window =
                window.get_or_insert_with(|| Window { limit: limit.clone(), begun: now, used: 0 });
            let left = window.end().saturating_sub(now.0);
            let standing = Standing {
                limit: limit.limit,
                remaining: limit.limit.saturating_sub(window.used + 1),
                wait: left.as_secs() + u64::from(left.subsec_nanos() > 0),
                refused: window.used >= limit.limit,
            };
            covering.push(window);
            let is_tighter = tightest.as_ref().is_none_or(|known| {
                (!standing.refused, standing.remaining) < (!known.refused, known.remaining)
            });
            if is_tighter {
                tightest = Some(standing);
            }
        }
        if tightest.as_ref().is_some_and(|standing| !standing.refused) {
            for window in covering {
                window.used += 1;
            }
        }
        tightest
    }
}

impl Standing {
    /// The refusal, where the call is one too many.
    pub(crate) fn refusal(&self, operation: &Operation) -> Option<Answer> {
        if !self.refused {
            return None;
        }
        let answer = match operation.service {
            Service::ApiVideo => problem(429, "too-many-requests", "Too many requests.", None),
            Service::TwelveLabs if SILENT.contains(&operation.id) => Answer::empty(429),
            Service::TwelveLabs => {
                let (code, message) = ("too_many_requests", "Too many requests. Try again later.");
                match NESTED.contains(&operation.resource) {
                    true => nested(429, code, message, &Value::Null),
                    false => flat(429, code, message),
                }
            }
            Service::VideoVector => {
                let error = json!({
                    "code": "rate_limit_exceeded", "message": "Too many requests.",
                    "details": null, "retry_after": self.wait,
                });
                Answer::json(429, &json!({ "error": error }))
            }
        };
        Some(self.told(operation.service, answer))
    }

    /// The answer with the headers that the service sends: api.video on every answer, the others
    /// with a refusal. No source names headers of Twelve Labs; its clients read `retry-after`.
    pub(crate) fn told(&self, service: Service, answer: Answer) -> Answer {
        match service {
            Service::ApiVideo => answer
                .header("x-ratelimit-limit", self.limit.to_string())
                .header("x-ratelimit-remaining", self.remaining.to_string())
                .header("x-ratelimit-retry-after", self.wait.to_string()),
            _ if self.refused => answer.header("retry-after", self.wait.to_string()),
            _ => answer,
        }
    }
}
