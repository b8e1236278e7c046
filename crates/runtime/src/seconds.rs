//! Seconds as JSON and people write them, `60` or `0.25`, read exactly: no floating point, which in
//! a browser would be a tenth of the module.

use std::fmt;
use std::time::Duration;

use crate::Value;

/// A duration, shown in seconds with at most three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, thousandths) = (self.0.as_secs(), self.0.subsec_millis());
        if thousandths == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{whole}.{thousandths:03}");
        f.write_str(digits.trim_end_matches('0'))
    }
}

impl Seconds {
    /// Reads a JSON number, or a text that holds one. `None` for anything else and for what is
    /// negative. Longer than 584 years is that.
    #[must_use]
    pub fn read(value: &Value) -> Option<Duration> {
        match value {
            Value::String(text) => parse(text.trim()),
            Value::Number(number) => parse(&number.to_string()),
            _ => None,
        }
    }
}

/// The exponents beyond which a number is 0 or too long whatever its digits are.
const EXPONENTS: std::ops::RangeInclusive<i32> = -400..=400;

fn parse(text: &str) -> Option<Duration> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || digits.ends_with('.') {
        return None;
    }
    let exponent = exponent.clamp(*EXPONENTS.start(), *EXPONENTS.end());
    // Nanoseconds that one unit of the digit at hand stands for, as a power of ten.
    let mut power = i32::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_add(8)?;
    let mut nanos = 0_u64;
    for digits in [whole, part] {
        for digit in digits.bytes() {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            if let (1.., Ok(power)) = (digit, u32::try_from(power)) {
                let more = 10_u64.saturating_pow(power).saturating_mul(u64::from(digit));
                nanos = nanos.saturating_add(more);
            }
            power = power.checked_sub(1)?;
        }
    }
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::Seconds;

    #[test]
    fn tk_11_seconds_are_read_as_they_are_written() {
        let read = |text: &str| Seconds::read(&serde_json::from_str::<Value>(text).unwrap());
        for (text, millis) in [
            ("3600", 3_600_000),
            ("0.25", 250),
            ("1.5e3", 1_500_000),
            ("25E-2", 250),
            ("0", 0),
            ("1e-300", 0),
            ("\" 59 \"", 59_000),
        ] {
            assert_eq!(read(text), Some(Duration::from_millis(millis)), "{text}");
        }
        let longest = Some(Duration::from_nanos(u64::MAX));
        assert_eq!(read("1e308"), longest);
        assert_eq!(read("9223372036854775808"), longest);
        for odd in ["-1", "\"NaN\"", "\"\"", "\"1.\"", "\".5\"", "\"1,5\"", "true", "null", "[]"] {
            assert_eq!(read(odd), None, "{odd}");
        }
        assert_eq!(Seconds::read(&json!("9".repeat(1_000_000))), longest);
    }

    #[test]
    fn seconds_are_shown_with_three_decimals_at_most() {
        for (millis, text) in [(60_000, "60"), (250, "0.25"), (1_005, "1.005"), (0, "0")] {
            assert_eq!(Seconds(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
