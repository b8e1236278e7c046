//! How values are written into paths and queries. Both doors use these, so that they agree.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Error, ErrorKind, Value};

/// RFC 3986 unreserved characters stay, everything else is encoded.
const KEEP_UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

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
    Ok(utf8_percent_encode(text, KEEP_UNRESERVED).to_string())
}

/// A name or value of a query, encoded.
#[must_use]
pub fn query_text(text: &str) -> String {
    utf8_percent_encode(text, KEEP_UNRESERVED).to_string()
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
