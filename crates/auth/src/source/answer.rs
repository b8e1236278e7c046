//! What a command printed as its answer.

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
