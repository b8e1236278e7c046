//! What a request and a credential must not have, seen before anything is sent.

use framekey_catalog::Operation;

use crate::base_url::is_dots;
use crate::encode::next_byte;
use crate::{Applied, Error, ErrorKind, Request};

/// Header fields that carry credentials or frame the message: not a caller's to set.
const RESERVED: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "proxy-authorization",
    "referer",
    "transfer-encoding",
    "upgrade",
    "x-api-key",
];

/// Refuses a request that would reach another route, or that has a byte that may end a line.
pub(crate) fn request(operation: &'static Operation, request: &Request) -> Result<(), Error> {
    if !matches_template(operation.path, &request.path) {
        return Err(Error::new(
            ErrorKind::Usage,
            "usage.bad_id",
            format!("the arguments do not give a path of the form {}", operation.path),
        ));
    }
    for (want, segment) in operation.path.split('/').zip(request.path.split('/')) {
        if let Some(place) = bad_escape(segment) {
            return Err(Error::new(
                ErrorKind::Usage,
                "usage.bad_id",
                format!("the id for {want} has {place}"),
            ));
        }
    }
    for pair in request.query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Some(place) = bad_escape(name).or_else(|| bad_escape(value)) {
            // A name of the table is shown; one that a caller made up is not.
            let known = operation.params.iter().find(|param| param.wire == name);
            let what = known.map_or("a query parameter".to_owned(), |param| {
                format!("the query parameter `{}`", param.name)
            });
            return Err(bad_value(format!("{what} has {place}")));
        }
    }
    for (name, value) in request.headers.iter() {
        if RESERVED.contains(&name) {
            return Err(bad_value(format!("the header `{name}` is framekey's to set")));
        }
        header(name, value)?;
    }
    Ok(())
}

/// Refuses a header value that could begin another field.
pub(crate) fn header(name: &str, value: &str) -> Result<(), Error> {
    match bad_byte(value) {
        None => Ok(()),
        Some(place) => Err(bad_value(format!("the header `{name}` has {place}"))),
    }
}

/// Refuses a credential that could write a header of its own.
pub(crate) fn credential(applied: &Applied) -> Result<(), Error> {
    let mut secrets = applied.headers.iter().chain(&applied.query);
    match secrets.find_map(|(_, secret)| bad_byte(secret.expose())) {
        None => Ok(()),
        // Without its length: that of a secret is nobody's business.
        Some(_) => Err(Error::new(
            ErrorKind::Configuration,
            "auth.malformed",
            format!("{} has a character that cannot be sent", applied.kind.title()),
        )),
    }
}

fn bad_value(message: String) -> Error {
    Error::new(ErrorKind::Usage, "usage.bad_value", message)
}

/// Whether a path has the template's segments, with one non-empty segment for each `{parameter}`.
fn matches_template(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let fits = template.split('/').all(|want| match segments.next() {
        Some(segment) if want.starts_with('{') => !segment.is_empty() && !is_dots(segment),
        Some(segment) => segment == want,
        None => false,
    });
    fits && segments.next().is_none() && !path.contains(['?', '#', '\\'])
}

/// What of an encoded text may not be sent, and where: a control character, encoded or not, and
/// whatever should have been encoded. Places are those of the text before it was encoded.
fn bad_escape(encoded: &str) -> Option<String> {
    let mut rest = encoded.as_bytes();
    let mut at = 0;
    while let Some(&first) = rest.first() {
        at += 1;
        let Some((byte, after)) = next_byte(rest) else {
            return Some(format!("a `%` at byte {at} that is not encoded"));
        };
        rest = after;
        if byte < 0x20 || byte == 0x7f {
            return Some(format!("a control character at byte {at}"));
        }
        if matches!(first, b' ' | b'#' | 0x80..) {
            return Some(format!("a character at byte {at} that is not encoded"));
        }
    }
    None
}

/// What of a header value may not be sent, and where: control characters, and all outside ASCII.
fn bad_byte(value: &str) -> Option<String> {
    let at = value.bytes().position(|byte| !(0x20..0x7f).contains(&byte))?;
    let kind = match value.as_bytes()[at] {
        0x80.. => "a character outside ASCII",
        _ => "a control character",
    };
    Some(format!("{kind} at byte {} of {}", at + 1, value.len()))
}

#[cfg(test)]
mod tests {
    use super::{bad_byte, bad_escape, matches_template};

    #[test]
    fn rd_06_only_paths_of_the_template_pass() {
        let template = "/videos/{videoId}/captions/{language}";
        assert!(matches_template(template, "/videos/vi1/captions/en"));
        assert!(matches_template("/connections:authorize", "/connections:authorize"));
        for bad in [
            "/videos/vi1/captions",
            "/videos//captions/en",
            "/videos/../captions/en",
            "/videos/%2e%2E/captions/en",
            "/videos/vi1/captions/en/",
            "/videos/vi1/captions/en?x=1",
            "/videos/vi1/source/en",
            "videos/vi1/captions/en",
            "/videos/vi1/captions/en#f",
            "/videos/vi1/captions/..",
            "/videos/a\\b/captions/en",
        ] {
            assert!(!matches_template(template, bad), "{bad}");
        }
    }

    #[test]
    fn rd_06_what_may_end_a_line_is_told_by_its_place() {
        assert_eq!(bad_escape("vi%2F1%20%C3%BC%25"), None);
        for (text, told) in [
            ("vi%0a", "a control character at byte 3"),
            ("%2F%7F", "a control character at byte 2"),
            ("vi\r", "a control character at byte 3"),
            ("v i", "a character at byte 2 that is not encoded"),
            ("ü", "a character at byte 1 that is not encoded"),
            ("%2F%", "a `%` at byte 2 that is not encoded"),
            ("%x1", "a `%` at byte 1 that is not encoded"),
        ] {
            assert_eq!(bad_escape(text).as_deref(), Some(told), "{text}");
        }
        assert_eq!(bad_byte("part 1/2"), None);
        assert_eq!(bad_byte("a\tb").as_deref(), Some("a control character at byte 2 of 3"));
        assert_eq!(bad_byte("aü").as_deref(), Some("a character outside ASCII at byte 2 of 3"));
    }
}
