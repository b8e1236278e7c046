//! A secret that stands in a request or an answer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Patch;
use crate::Secret;

/// A text field that is a secret: a created key, a token, a presigned URL. It prints as
/// `[redacted]`; [`expose`](SecretText::expose) gives the text. Serialising the object that holds
/// it writes the text, since that is how it gets on the wire.
pub struct SecretText(Secret);

impl SecretText {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Hands the secret over, for a client's builder.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

impl Clone for SecretText {
    fn clone(&self) -> Self {
        SecretText(self.0.duplicate())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        SecretText(Secret::new(text))
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        SecretText(Secret::new(text))
    }
}

impl From<&str> for Patch<SecretText> {
    fn from(text: &str) -> Self {
        Patch::Value(text.into())
    }
}

impl From<String> for Patch<SecretText> {
    fn from(text: String) -> Self {
        Patch::Value(text.into())
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(SecretText::from)
    }
}

#[cfg(test)]
mod tests {
    use super::SecretText;
    use crate::typed::Patch;

    #[test]
    fn sh_02_debug_hides_the_text_and_the_wire_has_it() {
        let secret: Patch<SecretText> = serde_json::from_str(r#""canary-5e1""#).unwrap();
        assert!(!format!("{secret:?}").contains("canary"));
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""canary-5e1""#);
    }
}
