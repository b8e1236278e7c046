//! Sealing of what a store keeps: with a key that is derived from the credential's own secret, so
//! that whoever has only the store has nothing.

use framekey_runtime::{BaseUrl, Secret};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::fingerprint::hex;

const NAMES: &[u8] = b"framekey store name, version 1";
const KEYS: &[u8] = b"framekey store key, version 1";

/// Where in a store one credential's token lies, and the key that it is sealed with.
pub(crate) struct Place {
    name: String,
    key: LessSafeKey,
}

impl Place {
    /// The place of what `secret` gives at `base`. The same in every process; nothing is learned of
    /// the secret from the name.
    pub(crate) fn new(base: &BaseUrl, secret: &Secret) -> Result<Self, Unspecified> {
        let secret = secret.expose().as_bytes();
        let mut name = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, NAMES));
        name.update(base.to_string().as_bytes());
        name.update(&[0]);
        name.update(secret);
        let name = hex(&name.sign().as_ref()[..16]);
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, KEYS).extract(secret);
        let key = UnboundKey::from(extracted.expand(&[name.as_bytes()], &CHACHA20_POLY1305)?);
        Ok(Place { name, key: LessSafeKey::new(key) })
    }

    /// 32 hexadecimal digits.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Seals `text` for this place and this generation.
    pub(crate) fn seal(&self, generation: u64, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        // Not by the platform's randomness: that one may be seeded, or be zero where the system has
        // none, and a nonce must never come twice.
        SystemRandom::new().fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + text.len() + MAX_TAG_LEN);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(text);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.key.seal_in_place_separate_tag(
            nonce,
            self.bound(generation),
            &mut sealed[NONCE_LEN..],
        )?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// What was sealed; `None` if it was not sealed here, or is not as it was.
    pub(crate) fn open(&self, generation: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, self.bound(generation), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    /// What a sealed text is bound to beside the key, so that it cannot be moved or renumbered.
    fn bound(&self, generation: u64) -> Aad<Vec<u8>> {
        Aad::from([self.name.as_bytes(), &generation.to_be_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(base: &str, key: &str) -> Place {
        Place::new(&BaseUrl::parse(base).unwrap(), &Secret::new(key)).unwrap()
    }

    #[test]
    fn mp_04_a_flipped_bit_a_foreign_place_and_another_number_open_nothing() {
        let here = place("https://ws.example", "canary-key");
        let sealed = here.seal(7, b"canary-token").unwrap();
        assert_eq!(here.open(7, &sealed).unwrap().as_slice(), b"canary-token");
        assert!(here.open(8, &sealed).is_none());
        for other in
            [place("https://sandbox.example", "canary-key"), place("https://ws.example", "k")]
        {
            assert_ne!(other.name(), here.name());
            assert!(other.open(7, &sealed).is_none());
        }
        for bit in 0..sealed.len() * 8 {
            let mut torn = sealed.clone();
            torn[bit / 8] ^= 1 << (bit % 8);
            assert!(here.open(7, &torn).is_none(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(here.open(7, &sealed[..length]).is_none(), "{length} bytes");
        }
    }

    #[test]
    fn mp_04_what_is_sealed_shows_nothing_and_never_looks_the_same() {
        let here = place("https://ws.example", "canary-key");
        let (one, two) = (here.seal(1, b"canary").unwrap(), here.seal(1, b"canary").unwrap());
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|window| window == b"canary"));
        assert!(!here.name().contains("canary"));
    }
}
