//! How values are written into paths and queries. Both doors use these, so that they agree.

use crate::{Error, ErrorKind, Value};

/// One path segment. An empty text, `.` and `..` are refused, since URL parsing would fold them
/// onto another route.
pub fn path_segment(text: &str) -> Result<String, Error> {
    if text.is_empty() || text == "." || text == ".." {
        return Err(Error::new(
            ErrorKind::Usage,
            "usage.bad_id",
            format!(
                "an id in the path must not be {}",
                if text.is_empty() { "empty" } else { "`.` or `..`" }
            ),
        ));
    }
    Ok(query_text(text))
}

/// A name or value of a query, encoded: RFC 3986's unreserved characters stay. The crate
/// percent-encoding has a table of all escapes, which alone is much in a browser.
#[must_use]
pub fn query_text(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    encoded
}

/// The byte that a text begins with, or the one that `%` and two digits there stand for, and what
/// follows; `None` at the end, and for a `%` without them.
pub(crate) fn next_byte(encoded: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = encoded.split_first()?;
    if *first != b'%' {
        return Some((*first, rest));
    }
    let (digits, rest) = rest.split_at_checked(2)?;
    let digit = |at: usize| char::from(digits[at]).to_digit(16);
    Some((u8::try_from(digit(0)? << 4 | digit(1)?).ok()?, rest))
}

/// Adds `name=value` to an encoded query.
pub fn query_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&query_text(name));
    query.push('=');
    query.push_str(&query_text(value));
}

/// Adds an item to a list of words that are parted by `between`. Adding them one by one is less code
/// than `join`, for each type anew.
pub fn add_item(list: &mut String, between: &str, item: &str) {
    if !list.is_empty() {
        list.push_str(between);
    }
    list.push_str(item);
}

/// Words in one text, parted by `between`.
#[must_use]
pub fn listed(words: &[&str], between: &str) -> String {
    let mut list = String::new();
    for word in words {
        add_item(&mut list, between, word);
    }
    list
}

/// The text of a scalar as it stands in a path, a query, a header or a form; `None` for null, a
/// list or an object.
#[must_use]
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{path_segment, query_pair, scalar_text};

    #[test]
    fn rd_06_an_id_that_a_url_would_fold_is_refused_and_no_other() {
        for id in ["", ".", ".."] {
            assert_eq!(path_segment(id).unwrap_err().code(), "usage.bad_id");
        }
        for (id, written) in [("...", "..."), ("a/b?c", "a%2Fb%3Fc"), ("%2e", "%252e")] {
            assert_eq!(path_segment(id).unwrap(), written);
        }
    }

    #[test]
    fn pairs_are_parted_and_scalars_are_written_as_they_are() {
        let mut query = String::new();
        query_pair(&mut query, "a b", "1&2");
        query_pair(&mut query, "c", "");
        assert_eq!(query, "a%20b=1%262&c=");
        for (value, text) in
            [(json!("a"), Some("a")), (json!(true), Some("true")), (json!(1.5), Some("1.5"))]
        {
            assert_eq!(scalar_text(&value).as_deref(), text);
        }
        assert!(
            [json!(null), json!([]), json!({})].iter().all(|value| scalar_text(value).is_none())
        );
    }
}
