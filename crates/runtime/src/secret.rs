//! The one type that holds a secret.

use std::fmt;

use bytes::Bytes;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize;

/// A secret text: an API key, a token, a password.
///
/// It has no `Clone`, `Display`, `Serialize`, `PartialEq` or `Deref`, prints as `[redacted]`, and
/// is overwritten when dropped. [`expose`](Secret::expose) is the only door. Copies made by HTTP,
/// TLS and the kernel are out of its reach.
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a text over. A text with spare capacity is copied to its exact size, and the first
    /// copy is overwritten.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let mut text: String = text.into();
        if text.capacity() == text.len() {
            return Secret(text.into_boxed_str());
        }
        let exact = Box::from(text.as_str());
        text.zeroize();
        Secret(exact)
    }

    /// The text itself. Every use of a secret is found by searching for this name.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A second copy, asked for by name because it should be rare.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Secret(self.0.clone())
    }

    /// The text as bytes that others may share; overwritten when the last of them lets go.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        struct Owner(Secret);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                self.0.expose().as_bytes()
            }
        }
        Bytes::from_owner(Owner(self))
    }

    /// Whether the secret is this text, in a time that depends on the two lengths only. The one
    /// comparison there is.
    #[must_use]
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(candidate).into()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn sh_02_debug_hides_the_text() {
        let shown =
            format!("{:?} {:#?}", Secret::new("canary-7f3"), Some(Secret::new("canary-7f3")));
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn sh_07_a_comparison_needs_every_byte_and_the_length() {
        let mut roomy = String::with_capacity(64);
        roomy.push_str("canary-7f3");
        let secret = Secret::new(roomy);
        assert!(secret.matches(b"canary-7f3"));
        for other in [&b"canary-7f4"[..], b"Canary-7f3", b"canary-7f", b"canary-7f3x", b""] {
            assert!(!secret.matches(other));
        }
        assert!(secret.duplicate().matches(secret.expose().as_bytes()));
    }
}
