//! What is sealed into a store's entry, and what is believed of it when it comes back.

use std::time::Duration;

use framekey_runtime::{Secret, Time};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::exchange::Granted;
use super::life::elapsed;

/// A wall clock that is this far behind the one of the process that made the token is put down to
/// the difference of two good clocks.
const CLOCKS: Duration = Duration::from_secs(5);

/// The text to be sealed. The time is the wall clock's: no other is the same in two processes.
pub(super) fn write(granted: &Granted, refresh: Option<&Secret>, now: Time) -> Zeroizing<Vec<u8>> {
    // By the clock that ran further since, so that it is never taken for younger than it is.
    let sent = now.wall.saturating_sub(elapsed(now, granted.sent));
    let record = json!({
        "header": granted.header.expose(),
        "refresh": refresh.map(Secret::expose),
        "sent": millis(sent),
        "life": millis(granted.life),
    });
    Zeroizing::new(record.to_string().into_bytes())
}

/// The token that such a text holds, if it makes sense at `now`.
pub(super) fn read(text: &[u8], now: Time) -> Option<Granted> {
    let record: Value = serde_json::from_slice(text).ok()?;
    let header = record.get("header")?.as_str()?;
    let carried = header.strip_prefix("Bearer ")?;
    if carried.is_empty() || carried.bytes().any(|b| !(0x21..0x7f).contains(&b)) {
        return None;
    }
    let moment = |name: &str| Some(Duration::from_millis(record.get(name)?.as_u64()?));
    let (sent, life) = (moment("sent")?, moment("life")?);
    // From a clock in the future. Its age cannot be told, so it is not used; within the skew that
    // every token's life is cut by, it may be.
    let skew = (life / 100).clamp(Duration::from_secs(1), CLOCKS);
    if sent > now.wall.saturating_add(skew) {
        return None;
    }
    Some(Granted {
        header: Secret::new(header),
        life,
        refresh: record.get("refresh").and_then(Value::as_str).map(Secret::new),
        sent: now,
        found: Some(now.wall.saturating_sub(sent)),
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use framekey_runtime::BaseUrl;

    use super::*;
    use crate::seal::Place;
    use crate::store::Entry;

    fn at(monotonic: u64, wall: u64) -> Time {
        Time { monotonic: Duration::from_secs(monotonic), wall: Duration::from_secs(wall) }
    }

    fn granted(sent: Time) -> Granted {
        Granted {
            header: Secret::new("Bearer canary"),
            life: Duration::from_secs(3600),
            refresh: None,
            sent,
            found: None,
        }
    }

    #[test]
    fn mp_01_the_age_is_carried_from_one_process_to_another() {
        let text = write(&granted(at(50, 1_000_000)), Some(&Secret::new("rt")), at(60, 1_000_010));
        let found = read(&text, at(3, 1_000_110)).unwrap();
        assert_eq!(found.found, Some(Duration::from_secs(110)));
        assert_eq!(found.header.expose(), "Bearer canary");
        assert_eq!(found.refresh.unwrap().expose(), "rt");
        // The clock was set back between the request and the answer: 10 s passed all the same.
        let text = write(&granted(at(50, 1_000_000)), None, at(60, 900_000));
        let found = read(&text, at(3, 900_000)).unwrap();
        assert_eq!(found.found, Some(Duration::from_secs(10)));
    }

    #[test]
    fn mp_01_a_token_from_the_future_is_not_used() {
        let text = write(&granted(at(50, 1_000_000)), None, at(50, 1_000_000));
        assert_eq!(read(&text, at(3, 999_996)).unwrap().found, Some(Duration::ZERO));
        assert!(read(&text, at(3, 999_990)).is_none());
        assert!(read(&text, at(3, 0)).is_none());
    }

    #[test]
    fn mp_04_a_hundred_thousand_damaged_entries_are_misses() {
        let base = BaseUrl::parse("https://ws.example").unwrap();
        let place = Place::new(&base, &Secret::new("canary-key")).unwrap();
        let text = write(&granted(at(50, 1_000_000)), None, at(50, 1_000_000));
        let entry = Entry { generation: 3, sealed: place.seal(3, &text).unwrap() };
        let good = entry.to_bytes();
        let open = |bytes: &[u8]| {
            let entry = Entry::from_bytes(bytes)?;
            read(&place.open(entry.generation, &entry.sealed)?, at(60, 1_000_010))
        };
        assert!(open(&good).is_some());
        let mut seed = 4_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(seed >> 33).unwrap()
        };
        for round in 0..100_000 {
            let mut bytes = good.clone();
            match round % 4 {
                0 => bytes.truncate(next() % good.len()),
                1 => bytes.extend((0..=next() % 9).map(|_| 0)),
                2 => bytes.rotate_left(1 + next() % (good.len() - 1)),
                _ => {
                    let place = next() % good.len();
                    bytes[place] ^= 1 << (next() % 8);
                }
            }
            assert!(open(&bytes).is_none(), "{round}");
        }
    }

    #[test]
    fn mp_04_texts_that_are_none_of_ours_are_misses() {
        for text in [
            "",
            "{}",
            "null",
            r#"{"header":"Bearer a"}"#,
            r#"{"header":"Bearer a b","sent":1,"life":3600000}"#,
            r#"{"header":"Basic a","sent":1,"life":3600000}"#,
            r#"{"header":"Bearer ","sent":1,"life":3600000}"#,
            r#"{"header":"Bearer a","sent":-1,"life":3600000}"#,
            r#"{"header":"Bearer a","sent":1e300,"life":3600000}"#,
        ] {
            assert!(read(text.as_bytes(), at(3, 1_000_000)).is_none(), "{text}");
        }
        let huge = format!(r#"{{"header":"Bearer a","sent":1,"life":{}}}"#, u64::MAX);
        assert!(read(huge.as_bytes(), at(3, 1_000_000)).is_some());
    }
}
