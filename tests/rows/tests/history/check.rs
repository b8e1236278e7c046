//! The checker: what may not be in the histories of processes and in the service's ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Event, What};

const SECOND: u64 = 1_000_000;

/// What was seen in one run.
pub(crate) struct Run {
    /// By process.
    pub(crate) histories: Vec<Vec<Event>>,
    /// The statuses that the service answered, by token, in any order.
    pub(crate) ledger: Vec<Vec<u16>>,
    /// Whether the processes share their token through a store.
    pub(crate) shared: bool,
    /// How long a token may be sent, in microseconds.
    pub(crate) hard: u64,
}

/// Each is one breach of an invariant.
pub(crate) fn breaches(run: &Run) -> Vec<String> {
    let mut found = Vec::new();
    let all: Vec<Event> = run.histories.concat();
    if run.shared {
        found.extend(overlaps(&all).map(|at| format!("I1: two processes exchange at {at}")));
    }
    for history in &run.histories {
        found.extend(overlaps(history).map(|at| format!("I1: two exchanges at {at}")));
        found.extend(refused_again(history));
        found.extend(history.iter().filter_map(|event| {
            let took = event.ended - event.began;
            let slow = matches!(event.what, What::Call(_)) && took > 16 * SECOND;
            slow.then(|| format!("I4: a call took {took} us"))
        }));
        found.extend(history.iter().filter_map(|event| unexplained(event, history, run.shared)));
    }
    let mut spans: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let mut statuses: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
    for event in &all {
        if let What::Request(token, status) = event.what {
            let span = spans.entry(token).or_insert((event.began, event.began));
            *span = (span.0.min(event.began), span.1.max(event.began));
            statuses.entry(token).or_default().push(status);
        }
    }
    found.extend(
        spans
            .values()
            .filter(|(first, last)| last - first > run.hard)
            .map(|(first, last)| format!("I7: a token was sent for {} us", last - first)),
    );
    if sorted(statuses.into_values().collect()) != sorted(run.ledger.clone()) {
        found.push("the service's ledger and the histories differ".to_owned());
    }
    found
}

fn sorted(mut tallies: Vec<Vec<u16>>) -> Vec<Vec<u16>> {
    tallies.iter_mut().for_each(|tally| tally.sort_unstable());
    tallies.sort();
    tallies
}

/// Where an exchange begins before another one has ended.
fn overlaps(events: &[Event]) -> impl Iterator<Item = u64> {
    let mut exchanges: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| matches!(event.what, What::Exchange(_)))
        .map(|event| (event.began, event.ended))
        .collect();
    exchanges.sort_unstable();
    let pairs: Vec<u64> =
        exchanges.windows(2).filter(|pair| pair[1].0 < pair[0].1).map(|pair| pair[1].0).collect();
    pairs.into_iter()
}

/// Tokens that were sent after the service had answered 401 to them.
fn refused_again(history: &[Event]) -> Vec<String> {
    let mut refused: BTreeMap<u64, u64> = BTreeMap::new();
    for event in history {
        if let What::Request(token, 401) = event.what {
            let at = refused.entry(token).or_insert(event.ended);
            *at = event.ended.min(*at);
        }
    }
    let again = history.iter().filter(|event| match event.what {
        What::Request(token, _) => refused.get(&token).is_some_and(|at| event.began > *at),
        _ => false,
    });
    again.map(|event| format!("I3: a refused token was sent at {}", event.began)).collect()
}

/// An error that nothing on the wire explains, or that has outlived its reason.
fn unexplained(call: &Event, history: &[Event], shared: bool) -> Option<String> {
    let What::Call(code) = &call.what else { return None };
    let within = |event: &Event, seconds: u64| {
        event.ended <= call.ended && event.ended + seconds * SECOND >= call.began
    };
    let explained = match code.as_str() {
        "ok" => true,
        "auth.key_rejected" => history
            .iter()
            .any(|event| matches!(event.what, What::Request(_, 401)) && within(event, 31)),
        // Revoked again just after it was renewed. Two dead tokens are no reason where the second
        // one was there before the first one was refused: there is a third attempt then.
        "auth.token_rejected" => {
            let mine = |event: &&Event| event.began >= call.began && within(event, 0);
            let refused: BTreeMap<u64, u64> = history
                .iter()
                .filter(mine)
                .filter_map(|event| match event.what {
                    What::Request(token, 401) => Some((event.ended, token)),
                    _ => None,
                })
                .collect();
            let tokens: BTreeSet<u64> = refused.values().copied().collect();
            let renewed = history.iter().filter(mine).any(|event| {
                let first = refused.keys().next().is_some_and(|first| event.began >= *first);
                first && matches!(event.what, What::Exchange(200))
            });
            tokens.len() == 3 || (tokens.len() == 2 && renewed)
        }
        "auth.exchange_unavailable" => {
            let ended = |good: bool| {
                history
                    .iter()
                    .filter(|event| within(event, 25))
                    .filter(
                        move |event| matches!(event.what, What::Exchange(s) if (s == 200) == good),
                    )
                    .map(|event| event.ended)
            };
            let failed = ended(false).max();
            // Another process may have succeeded meanwhile, without ours having looked yet.
            let outlived = !shared
                && ended(true).max().is_some_and(|good| {
                    good < call.began && failed.is_none_or(|failed| failed < good)
                });
            failed.is_some() && !outlived
        }
        _ => false,
    };
    (!explained).then(|| format!("I6: {code} at {} has no reason", call.began))
}
