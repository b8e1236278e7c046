//! What a command printed: the answer on standard output, and what may be told of its complaints.

use std::time::Duration;

use framekey_runtime::Secret;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Found;
use crate::Slot;

/// The fields that may hold the secret.
const FIELDS: [&str; 3] = ["api_key", "jwt", "token"];

/// Reads an answer that is to give a secret for `slot`. Says what is wrong without quoting it.
pub(crate) fn read(output: &[u8], slot: Slot) -> Result<Found, String> {
    // Some shells put a byte order mark before all that they print.
    let output = output.strip_prefix("\u{feff}".as_bytes()).unwrap_or(output);
    let answer: Map<String, Value> =
        serde_json::from_slice(output).map_err(|_| "printed no JSON object".to_owned())?;
    if answer.get("version").and_then(Value::as_u64) != Some(1) {
        return Err("printed an answer without `\"version\": 1`".to_owned());
    }
    let wanted: &[&str] = match slot {
        Slot::ApiKey | Slot::BasicKey => &["api_key"],
        Slot::Jwt => &["jwt", "token"],
        _ => &["token"],
    };
    let given: Vec<&str> = FIELDS.into_iter().filter(|field| answer.contains_key(*field)).collect();
    let secret = match given[..] {
        [field] if wanted.contains(&field) => answer[field].as_str(),
        [] => None,
        _ => {
            return Err(format!(
                "gave `{}` where only `{}` is wanted; is `auth_mode` what you mean?",
                given.join("` and `"),
                wanted[0]
            ));
        }
    };
    let secret = secret.ok_or_else(|| format!("gave no text `{}`", wanted[0]))?;
    let expires_at = match answer.get("expires_at") {
        None | Some(Value::Null) => None,
        Some(value) => Some(moment(value).ok_or_else(|| {
            "gave an `expires_at` that is neither RFC 3339 nor seconds since 1970".to_owned()
        })?),
    };
    Ok(Found { secret: Secret::new(secret), expires_at })
}

/// A moment since 1970 in UTC.
fn moment(value: &Value) -> Option<Duration> {
    match value {
        Value::String(text) => {
            let moment: Timestamp = text.parse().ok()?;
            Duration::try_from(moment.as_duration()).ok()
        }
        value => Duration::try_from_secs_f64(value.as_f64()?).ok(),
    }
}

/// What a failed command said, as the end of a sentence: its first line, unless something of what
/// it printed as an answer, or something like a key, is in it.
pub(crate) fn told(errors: &[u8], output: &[u8]) -> String {
    // Control characters go first: a secret with one in it would be whole again without it.
    let errors: String =
        String::from_utf8_lossy(errors).chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let line = errors.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().take(LONGEST).collect();
    if line.is_empty() {
        return String::new();
    }
    let output = String::from_utf8_lossy(output);
    let printed = words(&output).any(|word| errors.contains(word));
    if printed || words(&errors).any(is_like_a_key) {
        return "; what it said is withheld, since it may hold a secret".to_owned();
    }
    format!("; it said: {line}")
}

/// Whether there is something in a word that begins as keys do, or is as long and mixed as those that
/// have no form of their own.
fn is_like_a_key(word: &str) -> bool {
    let mixed = |part: &str| {
        part.len() >= 20
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    };
    ["tlk_", "sk_", "eyJ"].iter().any(|start| word.starts_with(start))
        || word.split(['.', '+', '/', '=', '~']).any(mixed)
}

/// Longer complaints are cut here, in characters.
const LONGEST: usize = 300;

/// The parts of a text that are long enough to be a secret.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_-.+/=~".contains(c);
    text.split(move |c| !inside(c)).filter(|word| word.len() >= 8)
}
