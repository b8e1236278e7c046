//! Lists: pages by cursor, and arrays with a limit.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::rules::{Answered, count, invalid};
use crate::answer::Answer;
use crate::call::Call;

/// A cursor as text. It holds for one operation only.
pub(super) fn cursor(operation: &str, place: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json!([operation, place]).to_string())
}

/// What a cursor of this operation stands for.
pub(super) fn place_of(operation: &str, cursor: &str) -> Result<Value, Answer> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    match serde_json::from_slice::<[Value; 2]>(&bytes) {
        Ok([of, place]) if of == operation => Ok(place),
        _ => Err(invalid(
            "cursor",
            "cursor is none of this list: use next_cursor of the page before.",
        )),
    }
}

/// One page.
pub(super) struct Cut<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// The page behind `after`, of items whose numbers grow.
pub(super) fn cut<T>(
    operation: &str,
    limit: usize,
    after: Option<&str>,
    items: impl Iterator<Item = (u64, T)>,
) -> Result<Cut<T>, Answer> {
    let after = after.map(|after| place_of(operation, after)).transpose()?;
    let after = after.and_then(|place| place.as_u64());
    let mut rest = items.skip_while(|(number, _)| after.is_some_and(|after| *number <= after));
    let page: Vec<(u64, T)> = rest.by_ref().take(limit).collect();
    let last = page.last().map(|(number, _)| *number).filter(|_| rest.next().is_some());
    let next = last.map(|last| cursor(operation, &json!(last)));
    Ok(Cut { items: page.into_iter().map(|(_, item)| item).collect(), next })
}

/// `{data, pagination}` by the query's `limit` and `cursor`.
pub(super) fn page<T>(
    call: &Call,
    items: impl Iterator<Item = (u64, T)>,
    write: impl Fn(T) -> Value,
) -> Answered {
    let limit = count(call, "limit", 50);
    let cut = cut(call.operation.id, limit, call.query("cursor"), items)?;
    let data: Vec<Value> = cut.items.into_iter().map(write).collect();
    Ok(json!({ "data": data, "pagination": pagination(limit, cut.next.as_deref()) }))
}

pub(super) fn pagination(limit: usize, next: Option<&str>) -> Value {
    json!({ "limit": limit, "has_more": next.is_some(), "next_cursor": next })
}

/// `{items, next_cursor, total}` by the query's `limit` and `cursor`.
pub(super) fn parts<T>(call: &Call, items: Vec<T>, write: impl Fn(T) -> Value) -> Answered {
    let total = items.len();
    let limit = count(call, "limit", 100);
    let cut = cut(call.operation.id, limit, call.query("cursor"), numbered(items.into_iter()))?;
    let items: Vec<Value> = cut.items.into_iter().map(write).collect();
    Ok(json!({ "items": items, "next_cursor": cut.next, "total": total }))
}

/// Items of a list that does not change, numbered by their place.
pub(super) fn numbered<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = (u64, T)> {
    (0_u64..).zip(items)
}

#[cfg(test)]
mod tests {
    use super::{cut, numbered};

    #[test]
    fn pages_join_and_the_last_one_ends() {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = cut("a", 3, after.as_deref(), numbered(0..7)).unwrap_or_else(|_| panic!());
            assert!(page.items.len() <= 3);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
        let full = cut("a", 7, None, numbered(0..7)).unwrap_or_else(|_| panic!());
        assert!(full.next.is_none());
        let foreign = super::cursor("b", &serde_json::json!(1));
        assert!(cut("a", 3, Some(&foreign), numbered(0..7)).is_err());
        assert!(cut("a", 3, Some("nonsense"), numbered(0..7)).is_err());
    }
}
