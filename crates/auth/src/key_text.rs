//! Cleans and checks a secret before it is used, so that a stray newline is told before a call.

use framekey_runtime::{Error, ErrorKind, Secret};

use crate::Provenance;

/// Strips what copying and files leave around a key - white space, a byte order mark, one pair of
/// quotes - and refuses what no key has. `what` names it in the error: `API key`.
///
/// # Errors
/// `auth.malformed`: it is empty, or has a control character, a space or a character outside ASCII
/// inside. The text names the position, never the value.
pub fn clean(what: &str, text: &str, from: &Provenance) -> Result<Secret, Error> {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let bare = strip_quotes(bare).trim();
    let malformed = |why: String| {
        Error::new(
            ErrorKind::Configuration,
            "auth.malformed",
            format!("the {what} from {from} {why}"),
        )
    };
    if bare.is_empty() {
        return Err(malformed("is empty".to_owned()));
    }
    let start =
        text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
    if let Some(at) = bare.bytes().position(|b| !(0x21..0x7f).contains(&b)) {
        let kind = match bare.as_bytes()[at] {
            b' ' => "a space",
            0..0x20 | 0x7f => "a control character",
            _ => "a character outside ASCII",
        };
        return Err(malformed(format!("has {kind} at byte {} of {}", start + at + 1, text.len())));
    }
    Ok(Secret::new(bare))
}

fn strip_quotes(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Provenance, clean};

    const FROM: Provenance = Provenance::Environment("TWELVE_LABS_API_KEY");

    #[test]
    fn e33_what_copying_leaves_around_a_key_is_stripped() {
        for text in ["tlk_1", " tlk_1\n", "\u{feff}tlk_1\r\n", "\"tlk_1\"", "' tlk_1 '"] {
            assert_eq!(clean("API key", text, &FROM).unwrap().expose(), "tlk_1", "{text:?}");
        }
    }

    #[test]
    fn e33_a_bad_character_inside_is_named_by_place_and_not_shown() {
        for (text, place) in [
            ("canary\ncanary", "byte 7 of 13"),
            (" can ary", "byte 5 of 8"),
            ("canäry", "byte 4 of 7"),
        ] {
            let error = clean("API key", text, &FROM).unwrap_err();
            assert_eq!(error.code(), "auth.malformed");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(place) && shown.contains("TWELVE_LABS_API_KEY"), "{shown}");
            assert!(!shown.contains("canary"), "{shown}");
        }
        for empty in ["", " \n", "\"\""] {
            assert!(
                clean("API key", empty, &FROM).unwrap_err().message().contains("is empty"),
                "{empty:?}"
            );
        }
    }
}
