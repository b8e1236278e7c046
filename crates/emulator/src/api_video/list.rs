//! Lists in the order and in the pages that the query asks for.

use std::cmp::Ordering;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::page;

/// All but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One page in the given order: `data` and `pagination` with links. Only its items are written.
pub(super) fn page<T>(call: &Call, items: Vec<T>, write: impl Fn(T) -> Value) -> Answer {
    let wanted = match page::wanted(call, "currentPage", "pageSize", 25, 100) {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    let (items, pages, total) = wanted.cut(items);
    let data: Vec<Value> = items.into_iter().map(write).collect();
    let list = address(call);
    let link = |rel: &str, page: usize| json!({ "rel": rel, "uri": format!("{list}currentPage={page}&pageSize={}", wanted.size) });
    let mut links = vec![link("self", wanted.page), link("first", 1), link("last", pages)];
    if wanted.page > 1 {
        links.push(link("previous", wanted.page - 1));
    }
    if wanted.page < pages {
        links.push(link("next", wanted.page + 1));
    }
    let pagination = json!({
        "currentPage": wanted.page, "currentPageItems": data.len(), "pageSize": wanted.size,
        "pagesTotal": pages, "itemsTotal": total, "links": links,
    });
    Answer::json(200, &json!({ "data": data, "pagination": pagination }))
}

/// The list that was asked for, with all of its query but the page, ready for more parameters.
fn address(call: &Call) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut address = format!("{}{}", call.base_url, call.operation.path);
    for (name, value) in &call.path {
        address = address.replace(&format!("{{{name}}}"), &encoded(value));
    }
    address.push('?');
    for (name, value) in &call.query {
        if name != "currentPage" && name != "pageSize" {
            address += &format!("{}={}&", encoded(name), encoded(value));
        }
    }
    address
}

/// One page; newest, highest or last of the alphabet first, unless `sortOrder` is `asc`.
pub(super) fn newest_first<'a, T: 'a>(
    call: &Call,
    items: impl Iterator<Item = &'a T>,
    order: impl Fn(&T, &T) -> Ordering,
    write: impl Fn(&T) -> Value,
) -> Answer {
    let mut items: Vec<&T> = items.collect();
    items.sort_by(|one, other| order(one, other));
    if call.query("sortOrder") != Some("asc") {
        items.reverse();
    }
    page(call, items, write)
}

/// Parameters like `filter[name]`, `filter[name][]` and `filter[name][0]` (which one of the official
/// clients sends): each name and value.
pub(super) fn deep<'a>(
    call: &'a Call,
    filter: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    call.query.iter().filter_map(move |(name, value)| {
        let inner = name.strip_prefix(filter)?.strip_prefix('[')?;
        let (name, place) = inner.split_once(']')?;
        let place = place.strip_prefix('[').unwrap_or(place).trim_end_matches(']');
        place.bytes().all(|byte| byte.is_ascii_digit()).then_some((name, value.as_str()))
    })
}
