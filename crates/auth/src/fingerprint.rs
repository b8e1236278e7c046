//! A short mark by which a key is known in messages and files, and by which nothing is learned of it.

use framekey_runtime::Secret;
use ring::hmac;

/// Sets these marks apart from any other use of the same function.
const DOMAIN: &[u8] = b"framekey key fingerprint, version 1";

/// Eight hexadecimal digits that tell keys apart: the beginning of their HMAC-SHA256.
///
/// It is the same in every process and may be shown. It is too short to check a guessed key by.
#[must_use]
pub fn fingerprint(key: &Secret) -> String {
    let mark = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, DOMAIN), key.expose().as_bytes());
    hex(&mark.as_ref()[..4])
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sh_02_a_fingerprint_is_stable_and_shows_nothing_of_the_key() {
        // Reference: printf %s KEY | openssl dgst -sha256 -hmac "framekey key fingerprint, version 1"
        assert_eq!(fingerprint(&Secret::new("canary-key")), "be185597");
        let mark = fingerprint(&Secret::new("deadbeef"));
        assert_eq!(mark.len(), 8);
        assert_ne!(mark, "deadbeef");
    }
}
