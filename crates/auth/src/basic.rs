//! HTTP basic (RFC 7617): the API key as user name, an empty password.

use framekey_catalog::Scheme;
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, Repair, Secret};

use crate::source::repair;
use crate::{Credential, HeldKey, Provenance};

/// An api.video key that is sent on every call as basic user name.
#[derive(Debug)]
pub struct BasicCredential {
    key: HeldKey,
}

impl BasicCredential {
    /// A key without a colon: one that [`Slot::BasicKey`](crate::Slot) lets pass.
    #[must_use]
    pub fn new(key: HeldKey) -> Self {
        BasicCredential { key }
    }

    fn advice(&self) -> String {
        format!(
            "api.video refused the API key from {}. Sandbox and production have keys of their own; is it for this host?",
            self.key.describe()
        )
    }
}

impl Credential for BasicCredential {
    fn kind(&self) -> CredentialKind {
        CredentialKind::Basic
    }

    fn provenance(&self) -> Provenance {
        self.key.provenance()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        scheme == Scheme::Basic
    }

    fn apply(&self, _: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        Box::pin(async {
            let held = self.key.get().await?;
            // In pieces of the right size: a text that grows leaves copies behind.
            let pair = Secret::new([held.secret.expose(), ":"].concat());
            let code = Secret::new(base64(pair.expose().as_bytes()));
            let header = Secret::new(["Basic ", code.expose()].concat());
            let headers = vec![("authorization", header)];
            let generation = held.generation;
            Ok(Applied { kind: self.kind(), headers, generation, ..Applied::nothing() })
        })
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(repair(&self.key, applied.generation, "auth.key_rejected", self.advice()))
    }
}

/// Base64 (RFC 4648, section 4) by arithmetic: no table is looked into at a place that a secret gives.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| group.get(at).copied().unwrap_or_default();
        let sixes = [
            byte(0) >> 2,
            (byte(0) & 3) << 4 | byte(1) >> 4,
            (byte(1) & 15) << 2 | byte(2) >> 6,
            byte(2) & 63,
        ];
        for (at, six) in sixes.into_iter().enumerate() {
            text.push(if at > group.len() { '=' } else { letter(six) });
        }
    }
    text
}

/// `A`-`Z`, `a`-`z`, `0`-`9`, `+`, `/`: what lies beyond a run is moved on to the next one.
fn letter(six: u8) -> char {
    let beyond = |last: u8| u8::from(six > last);
    char::from(b'A' + six + 6 * beyond(25) - 75 * beyond(51) - 15 * beyond(61) + 3 * beyond(62))
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), code);
        }
        let all: Vec<u8> = (0..64).collect();
        let triples: Vec<u8> = all
            .chunks(4)
            .flat_map(|four| {
                [four[0] << 2 | four[1] >> 4, four[1] << 4 | four[2] >> 2, four[2] << 6 | four[3]]
            })
            .collect();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        assert_eq!(base64(&triples), alphabet);
    }
}
