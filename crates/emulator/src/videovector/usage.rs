//! Usage by calendar month in UTC, and the limits of requests.

use std::collections::BTreeMap;
use std::time::Duration;

use framekey_catalog::Scope;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::rules::{Answered, count, time};
use super::{Account, USER};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::limits::Used;

/// What counts: name, unit, description.
const METRICS: [(&str, &str, &str); 6] = [
    ("videos_uploaded", "count", "Media that were brought in"),
    ("storage_bytes", "bytes", "Bytes of the files that were brought in"),
    ("processing_seconds", "seconds", "Playing time that runs worked on"),
    ("segments_created", "count", "Segments that runs worked on"),
    ("llm_tokens", "tokens", "Tokens of language models"),
    ("searches", "count", "Searches"),
];
/// Older events are forgotten.
const MOST_EVENTS: usize = 10_000;
/// Groups of requests: name, per minute, per hour.
const LIMITS: [(&str, u64, u64); 3] =
    [("read", 600, 10_000), ("search", 120, 3000), ("write", 120, 2000)];

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Event {
    id: String,
    metric: String,
    value: f64,
    at: Moment,
    about: Value,
}

/// Requests of one group in the running minute and hour.
#[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Window {
    minute: u64,
    in_minute: u64,
    hour: u64,
    in_hour: u64,
}

fn date(at: Moment) -> Date {
    let second = i64::try_from(at.seconds()).unwrap_or(0);
    Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC).date()
}

fn start_of(date: Date) -> Moment {
    let zoned = date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_second());
    Moment(Duration::from_secs(
        zoned.ok().and_then(|second| u64::try_from(second).ok()).unwrap_or(0),
    ))
}

/// The month of a moment: its first moment, and the first of the next.
fn month(at: Moment) -> (Moment, Moment) {
    let first = date(at).first_of_month();
    let next = first.last_of_month().tomorrow().unwrap_or(first);
    (start_of(first), start_of(next))
}

/// The period that the query asks for; the running month where it does not.
fn period(call: &Call) -> (Moment, Moment) {
    let (first, end) = month(call.now);
    let given = |name: &str| call.query(name).and_then(time);
    (given("start_date").unwrap_or(first), given("end_date").unwrap_or(end))
}

impl Account {
    /// Notes that something was used.
    pub(super) fn used(
        &mut self,
        metric: &str,
        value: f64,
        at: Moment,
        about: &Value,
        draw: &mut Draw,
    ) {
        if value <= 0.0 {
            return;
        }
        if self.usage.len() >= MOST_EVENTS {
            self.usage.drain(..MOST_EVENTS / 10);
        }
        let id = format!("use_{}", draw.hex(24));
        self.usage.push(Event { id, metric: metric.to_owned(), value, at, about: about.clone() });
    }

    fn events(&self, from: Moment, until: Moment) -> impl DoubleEndedIterator<Item = &Event> {
        self.usage.iter().filter(move |event| from <= event.at && event.at <= until)
    }

    fn sums(&self, from: Moment, until: Moment) -> BTreeMap<&'static str, f64> {
        let mut sums: BTreeMap<&str, f64> = METRICS.iter().map(|(name, ..)| (*name, 0.0)).collect();
        for event in self.events(from, until) {
            if let Some(sum) = sums.get_mut(event.metric.as_str()) {
                *sum += event.value;
            }
        }
        sums
    }

    fn totals(&self, from: Moment, until: Moment) -> Value {
        let sums = self.sums(from, until);
        let whole = |name: &str| sums.get(name).map_or(0, |sum| sum.round() as u64);
        json!({
            "total_tokens": whole("llm_tokens"), "total_searches": whole("searches"),
            "total_storage_bytes": whole("storage_bytes"), "total_videos_uploaded": whole("videos_uploaded"),
            "total_videos_processed": self.events(from, until).filter(|event| event.metric == "processing_seconds").count(),
            "total_segments_created": whole("segments_created"),
        })
    }

    fn models(&self, from: Moment, until: Moment) -> Value {
        let mut models: BTreeMap<&str, f64> = BTreeMap::new();
        for event in self.events(from, until).filter(|event| event.metric == "llm_tokens") {
            *models.entry(event.about["model"].as_str().unwrap_or_default()).or_default() +=
                event.value;
        }
        Value::Object(
            models
                .into_iter()
                .map(|(name, sum)| (name.to_owned(), json!({ "tokens": sum })))
                .collect(),
        )
    }

    pub(super) fn current_usage(&self, call: &Call) -> Answered {
        let (from, end) = month(call.now);
        let requests: Map<String, Value> = self
            .requests
            .iter()
            .map(|(kind, count)| (kind.clone(), json!({ "requests": count })))
            .collect();
        Ok(json!({
            "user_id": USER, "period_start": from.to_string(), "period_end": end.to_string(),
            "metrics": self.sums(from, call.now), "model_usage": self.models(from, call.now),
            "auth_usage": requests, "totals": self.totals(from, call.now),
        }))
    }

    /// The months before this one in which something was used, latest first.
    pub(super) fn usage_history(&self, call: &Call) -> Answered {
        let (this, _) = month(call.now);
        let given = |name: &str| call.query(name).and_then(time);
        let (from, until) = (given("start_date"), given("end_date"));
        let months: std::collections::BTreeSet<(Moment, Moment)> =
            self.usage.iter().map(|event| month(event.at)).collect();
        let past = months.into_iter().rev().filter(|(first, end)| {
            *first < this
                && from.is_none_or(|from| *end > from)
                && until.is_none_or(|until| *first <= until)
        });
        let periods: Vec<Value> = past
            .take(count(call, "limit", 12))
            .map(|(first, end)| {
                let last = Moment(end.0.saturating_sub(Duration::from_millis(1)));
                json!({
                    "summary_id": format!("sum_{}", date(first).strftime("%Y_%m")), "period_start": first.to_string(),
                    "period_end": end.to_string(), "metrics": self.sums(first, last),
                    "model_usage": self.models(first, last), "auth_usage": {}, "totals": self.totals(first, last),
                })
            })
            .collect();
        Ok(json!({ "user_id": USER, "periods": periods }))
    }

    pub(super) fn usage_details(&self, call: &Call) -> Answered {
        let wanted = call.query("metric_type");
        let (from, until) = period(call);
        let events = self.events(from, until).rev();
        let events = events.filter(|event| wanted.is_none_or(|name| name == event.metric));
        let details = events.take(count(call, "limit", 100)).map(|event| {
            let unit = METRICS.iter().find(|(name, ..)| *name == event.metric).map(|(_, unit, _)| *unit);
            json!({
                "event_id": event.id, "metric_type": event.metric, "value": event.value, "unit": unit,
                "timestamp": event.at.to_string(), "metadata": event.about,
            })
        });
        Ok(details.collect())
    }

    pub(super) fn usage_breakdown(&self, call: &Call) -> Answered {
        let (from, until) = period(call);
        Ok(json!({
            "user_id": USER, "period_start": from.to_string(), "period_end": until.to_string(),
            "breakdown": self.sums(from, until), "totals": self.totals(from, until),
        }))
    }

    pub(super) fn metric_types() -> Answered {
        let types = METRICS.iter().map(|(name, unit, description)| {
            json!({ "type": name, "unit": unit, "description": description })
        });
        Ok(types.collect())
    }

    /// Counts a request.
    pub(super) fn note_request(&mut self, call: &Call, kind: &str) {
        *self.requests.entry(kind.to_owned()).or_default() += 1;
        let group = match call.operation.scope {
            Some(Scope::Search) => "search",
            Some(Scope::Write | Scope::Admin) => "write",
            _ => "read",
        };
        let (minute, hour) = (call.now.seconds() / 60, call.now.seconds() / 3600);
        let window = self.windows.entry(group.to_owned()).or_default();
        if window.minute != minute {
            (window.minute, window.in_minute) = (minute, 0);
        }
        if window.hour != hour {
            (window.hour, window.in_hour) = (hour, 0);
        }
        window.in_minute += 1;
        window.in_hour += 1;
    }

    pub(super) fn rate_limits(&self, call: &Call) -> Answered {
        let (minute, hour) = (call.now.seconds() / 60, call.now.seconds() / 3600);
        let mut groups: Map<String, Value> = LIMITS
            .iter()
            .map(|(name, per_minute, per_hour)| {
                let window = self.windows.get(*name).copied().unwrap_or_default();
                let in_minute = if window.minute == minute { window.in_minute } else { 0 };
                let in_hour = if window.hour == hour { window.in_hour } else { 0 };
                let group = json!({
                    "minute_used": in_minute, "minute_limit": per_minute,
                    "minute_remaining": per_minute.saturating_sub(in_minute), "hour_used": in_hour,
                    "hour_limit": per_hour, "hour_remaining": per_hour.saturating_sub(in_hour),
                    "reset_at": (minute + 1) * 60,
                });
                ((*name).to_owned(), group)
            })
            .collect();
        for limit in &call.limits {
            // One for all operations holds in each group; others are groups of their own.
            let names: Vec<&str> = match &limit.operation {
                Some(pattern) => vec![pattern],
                None => LIMITS.iter().map(|(name, ..)| *name).collect(),
            };
            for name in names {
                lay_limit(groups.entry(name).or_insert_with(|| json!({})), limit);
            }
        }
        Ok(json!({ "user_id": USER, "plan_id": "emulator", "categories": groups }))
    }
}

/// Tells a limit where its window belongs; an hour's worth of a shorter one, where nothing else is said.
fn lay_limit(group: &mut Value, limit: &Used) {
    let mut lay = |name: &str, limit: u64, used: u64, forced: bool| {
        let left = limit.saturating_sub(used);
        for (field, value) in [("used", used), ("limit", limit), ("remaining", left)] {
            let field = format!("{name}_{field}");
            if forced || group[&field].is_null() {
                group[field] = json!(value);
            }
        }
    };
    let by_hour = limit.window > 60;
    let an_hour = limit.limit.saturating_mul((3600 / limit.window).max(1));
    lay("hour", if by_hour { limit.limit } else { an_hour }, limit.used, by_hour);
    lay("minute", limit.limit, limit.used, !by_hour);
    group["reset_at"] = json!(limit.ends);
}

#[cfg(test)]
mod tests {
    use super::month;
    use crate::videovector::rules::time;

    #[test]
    fn a_month_has_a_start_and_an_end() {
        let (first, end) = month(time("2028-02-29T12:00:00Z").unwrap());
        assert_eq!(
            (first.to_string().as_str(), end.to_string().as_str()),
            ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z")
        );
        let (first, end) = month(time("2026-12-31T23:59:59Z").unwrap());
        assert_eq!(
            (first.to_string().as_str(), end.to_string().as_str()),
            ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
        );
    }
}
