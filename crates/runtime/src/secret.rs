//! The one type that holds a secret.

use std::fmt;
use zeroize::Zeroize;

/// A secret text: an API key, a token, a password.
///
/// It has no `Display`, `Serialize`, `PartialEq` or `Deref`, prints as `[redacted]`, and is
/// overwritten when dropped. [`expose`](Secret::expose) is the only door. Copies made by HTTP, TLS
/// and the kernel are out of its reach.
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a text over. The spare capacity of `text` is cut off first, which may leave a copy.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into().into_boxed_str())
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
}
