//! Viewing figures: made up, but always the same for the same videos, so that the parts of a breakdown
//! or of a series add up to the one number. The rules of what may be asked are the service's.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::list;
use super::videos::{Video, Videos};
use crate::answer::{Answer, no_route};
use crate::call::Call;
use crate::clock::Moment;
use crate::journal::sha256_hex;

const DAY: u64 = 86_400;
/// How far back a period may begin.
const KEPT: u64 = 30 * DAY;

/// What each metric can be reduced to.
const AGGREGATIONS: [(&str, &[&str]); 8] = [
    ("play", &["count", "rate", "total"]),
    ("start", &["count"]),
    ("end", &["count"]),
    ("impression", &["count"]),
    ("impression-time", &["average", "sum"]),
    ("watch-time", &["average", "sum"]),
    ("ccv", &["average", "peak", "live"]),
    ("view", &["count"]),
];

/// A breakdown, the filter by it, and its groups with their shares in hundredths.
type Group = (&'static str, &'static str, &'static [(&'static str, u64)]);

/// The breakdowns but that by medium. They do not depend on each other.
const GROUPS: [Group; 7] = [
    ("media-type", "mediaType", &[("video", 100)]),
    ("continent", "continent", &[("EU", 60), ("NA", 30), ("AS", 10)]),
    ("country", "country", &[("FR", 50), ("US", 30), ("DE", 20)]),
    ("device-type", "deviceType", &[("computer", 70), ("phone", 30)]),
    ("operating-system", "operatingSystem", &[("windows", 60), ("ios", 40)]),
    ("browser", "browser", &[("chrome", 70), ("firefox", 30)]),
    ("referrer", "referrer", &[("https://example.com/", 100)]),
];

/// Filters of which the document lists the values.
const ENUMS: [(&str, &[&str]); 2] = [
    ("mediaType", &["video", "live-stream"]),
    ("continent", &["AS", "AF", "NA", "SA", "AN", "EU", "AZ"]),
];

pub(super) fn answer(call: &Call, videos: &Videos) -> Answer {
    match ask(call) {
        Err(refused) => refused,
        Ok(period) => {
            let plays: Vec<(&str, u64)> = videos
                .iter()
                .filter(|video| is_wanted(call, video))
                .map(|video| (video.id.as_str(), share(call, plays(video, call.now))))
                .collect();
            match call.operation.id {
                "analytics.get_aggregate" => aggregate(call, period, &plays),
                "analytics.get_breakdown" => breakdown(call, period, &plays),
                _ => timeseries(call, period, &plays),
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Period {
    from: Moment,
    to: Moment,
}

impl Period {
    fn seconds(self) -> u64 {
        self.to.seconds().saturating_sub(self.from.seconds())
    }

    fn write(self) -> Value {
        json!({ "from": self.from.to_string(), "to": self.to.to_string() })
    }
}

/// Holds a question against the rules; its period.
fn ask(call: &Call) -> Result<Period, Answer> {
    let metric = call.id("metric");
    let offered = match call.operation.id {
        "analytics.get_aggregate" => AGGREGATIONS
            .iter()
            .any(|(known, ways)| *known == metric && ways.contains(&call.id("aggregation"))),
        "analytics.get_breakdown" => {
            let breakdown = call.id("breakdown");
            let is_group = breakdown == "media-id" || group(breakdown).is_some();
            is_in_groups(metric) && is_group && (metric != "play-total" || breakdown == "media-id")
        }
        _ => is_in_groups(metric) && metric != "play-total",
    };
    if !offered {
        return Err(no_route(call.operation.service));
    }
    let counts_viewers = metric == "view" || metric.starts_with("ccv");
    if call.query("unique").is_some() && !counts_viewers {
        return Err(bad("unique", "This parameter goes with ccv and view only."));
    }
    if call.query("viewDuration").is_some() && metric != "view" {
        return Err(bad("viewDuration", "This parameter goes with view only."));
    }
    for (name, allowed) in ENUMS {
        if filters(call).any(|(known, value)| known == name && !allowed.contains(&value)) {
            let detail = format!("This parameter should be one of {}.", allowed.join(", "));
            return Err(bad(&format!("filterBy[{name}]"), &detail));
        }
    }
    let day = Duration::from_secs(DAY);
    if (metric, call.id("aggregation")) == ("play", "total") || metric == "play-total" {
        // Over all time, whatever is asked for.
        return Ok(Period { from: Moment(call.now.0.saturating_sub(day)), to: call.now });
    }
    let to = moment(call, "to")?.unwrap_or(call.now);
    let from = moment(call, "from")?.unwrap_or(Moment(to.0.saturating_sub(day)));
    if from >= to {
        return Err(bad("from", "This parameter should be before the end of the period."));
    }
    if from.plus(KEPT + 1) < call.now {
        return Err(bad("from", "This parameter should be at most 30 days ago."));
    }
    let period = Period { from, to };
    if period.seconds() > 2 * KEPT {
        return Err(bad("to", "The period should be at most 60 days long."));
    }
    if call.query("interval") == Some("minute") && period.seconds() >= 3600 {
        return Err(bad("interval", "Minutes need a period under 60 minutes."));
    }
    Ok(period)
}

fn is_in_groups(metric: &str) -> bool {
    [
        "play",
        "play-rate",
        "play-total",
        "start",
        "end",
        "impression",
        "ccv-peak",
        "ccv-average",
        "view",
    ]
    .contains(&metric)
}

fn group(breakdown: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|(known, ..)| *known == breakdown)
}

/// The groups that the query lets through.
fn passed(call: &Call, (_, filter, groups): &Group) -> Vec<(&'static str, u64)> {
    let asked: Vec<&str> =
        filters(call).filter(|(name, _)| name == filter).map(|pair| pair.1).collect();
    let passes =
        |group: &str| asked.is_empty() || asked.iter().any(|one| one.eq_ignore_ascii_case(group));
    groups.iter().filter(|(group, _)| passes(group)).copied().collect()
}

fn filters(call: &Call) -> impl Iterator<Item = (&str, &str)> {
    list::deep(call, "filterBy")
}

/// The analytics calls have a refusal of their own: with `detail`, without `problems`.
fn bad(name: &str, detail: &str) -> Answer {
    let body = json!({
        "type": "https://docs.api.video/reference/request-invalid-query-parameter",
        "title": "A query parameter is invalid.", "name": name, "status": 400, "detail": detail,
    });
    Answer::json(400, &body)
}

fn moment(call: &Call, name: &str) -> Result<Option<Moment>, Answer> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let read = text.parse::<jiff::Timestamp>().ok();
    let seconds = read.and_then(|time| u64::try_from(time.as_second()).ok());
    match seconds {
        Some(seconds) => Ok(Some(Moment(Duration::from_secs(seconds)))),
        None => Err(bad(name, "This parameter should be an RFC 3339 time with an offset.")),
    }
}

/// What the filters by group leave of a number of plays.
fn share(call: &Call, plays: u64) -> u64 {
    GROUPS.iter().fold(plays, |plays, group| {
        plays * passed(call, group).iter().map(|(_, share)| share).sum::<u64>() / 100
    })
}

fn is_wanted(call: &Call, video: &Video) -> bool {
    let filters: Vec<(&str, &str)> = filters(call).collect();
    let is_asked = |name: &str| filters.iter().any(|(known, _)| *known == name);
    (!is_asked("mediaId") || filters.contains(&("mediaId", video.id.as_str())))
        && (!is_asked("tag") || video.tags().any(|tag| filters.contains(&("tag", tag))))
}

/// How often a video was played: by its id, once it can be played.
fn plays(video: &Video, now: Moment) -> u64 {
    let hash = sha256_hex(video.id.as_bytes());
    let drawn = hash.get(..4).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    if video.source.is_playable(now) { 10 + drawn.unwrap_or(0) % 90 } else { 0 }
}

/// A metric's figure from a number of plays.
fn figure(metric: &str, way: &str, plays: u64) -> f64 {
    let plays = plays as f64;
    match (metric, way) {
        ("play-rate", _) | ("play", "rate") => {
            if plays > 0.0 {
                0.8
            } else {
                0.0
            }
        }
        ("impression", _) => plays * 1.25,
        ("end", _) => plays * 0.5,
        ("impression-time", "average") => {
            if plays > 0.0 {
                250.0
            } else {
                0.0
            }
        }
        ("impression-time", _) => plays * 250.0,
        ("watch-time", "average") => {
            if plays > 0.0 {
                30.0
            } else {
                0.0
            }
        }
        ("watch-time", _) => plays * 30.0,
        ("ccv" | "ccv-peak" | "ccv-average", _) => (plays / 10.0).floor(),
        _ => plays,
    }
}

/// The metric as the context of an answer names it.
fn widened(call: &Call) -> String {
    let metric = call.id("metric");
    let unique = if call.query("unique") == Some("true") { "unique-" } else { "" };
    let seconds = call.query("viewDuration").unwrap_or("5s").trim_end_matches('s');
    match metric {
        "view" => format!("{unique}view-{seconds}"),
        _ => format!("{unique}{metric}"),
    }
}

/// The context of an answer. A value that the document's own enum leaves out is not told.
fn context(call: &Call, period: Period, unsaid: &[&str], more: &[(&str, &str)]) -> Value {
    let mut context = Map::new();
    let metric = widened(call);
    let told = [("metric", metric.as_str())].into_iter().chain(more.iter().copied());
    for (name, value) in told.filter(|(_, value)| !unsaid.contains(value)) {
        context.insert(name.to_owned(), json!(value));
    }
    context.insert("timeframe".to_owned(), period.write());
    Value::Object(context)
}

fn aggregate(call: &Call, period: Period, plays: &[(&str, u64)]) -> Answer {
    let total = plays.iter().map(|(_, count)| count).sum();
    let way = call.id("aggregation");
    let context = context(call, period, &["peak", "live"], &[("aggregation", way)]);
    let data = figure(call.id("metric"), way, total);
    Answer::json(200, &json!({ "context": context, "data": data }))
}

fn breakdown(call: &Call, period: Period, plays: &[(&str, u64)]) -> Answer {
    let dimension = call.id("breakdown");
    let total: u64 = plays.iter().map(|(_, count)| count).sum();
    let mut groups: Vec<(String, u64)> = match group(dimension) {
        None => plays.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect(),
        Some(group) => {
            let groups = passed(call, group);
            shares(total, groups.iter().map(|(_, share)| *share))
                .zip(&groups)
                .map(|(count, (name, _))| ((*name).to_owned(), count))
                .collect()
        }
    };
    groups.retain(|(_, count)| *count > 0);
    match call.query("sortBy") {
        Some("dimensionValue") => groups.sort(),
        _ => groups.sort_by_key(|(_, count)| *count),
    }
    if call.query("sortOrder") != Some("asc") {
        groups.reverse();
    }
    let metric = call.id("metric");
    let write = |(name, count): (String, u64)| json!({ "dimensionValue": name, "metricValue": figure(metric, "", count) });
    let context = context(call, period, &["play-total", "referrer"], &[("breakdown", dimension)]);
    with_context(list::page(call, groups, write), &context)
}

fn timeseries(call: &Call, period: Period, plays: &[(&str, u64)]) -> Answer {
    let short = period.seconds() <= 2 * DAY;
    let interval = call.query("interval").unwrap_or(if short { "hour" } else { "day" });
    let step = match interval {
        "minute" => 60,
        "hour" => 3600,
        _ => DAY,
    };
    let count = period.seconds().div_ceil(step);
    let total = plays.iter().map(|(_, count)| count).sum();
    let starts = (0..count).map(|at| period.from.plus(at * step));
    let mut points: Vec<(Moment, u64)> = starts.zip(shares(total, (0..count).map(|_| 1))).collect();
    if call.query("sortBy") == Some("metricValue") {
        points.sort_by_key(|(_, count)| *count);
    }
    // By time, oldest first, when nothing is said: it is a series.
    if call.query("sortOrder") == Some("desc") {
        points.reverse();
    }
    let metric = call.id("metric");
    let write = |(at, count): (Moment, u64)| json!({ "emittedAt": at.to_string(), "metricValue": figure(metric, "", count) });
    let context = context(call, period, &[], &[("interval", interval)]);
    with_context(list::page(call, points, write), &context)
}

/// Parts of a whole by weight that add up to it.
fn shares(whole: u64, weights: impl Iterator<Item = u64> + Clone) -> impl Iterator<Item = u64> {
    let sum = weights.clone().sum::<u64>().max(1);
    let mut before = 0;
    weights.map(move |weight| {
        let start = whole * before / sum;
        before += weight;
        whole * before / sum - start
    })
}

/// The answer of a list, with the question that it answers.
fn with_context(mut page: Answer, context: &Value) -> Answer {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&page.body)
        && page.status == 200
    {
        body["context"] = context.clone();
        page.body = body.to_string().into();
    }
    page
}
