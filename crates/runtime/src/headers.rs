//! Header fields of a request or an answer, in order, names in lower case.

use std::fmt;

use bytes::Bytes;

use crate::Secret;

/// Header fields. Names are compared without regard to case; `Debug` shows no values.
#[derive(Clone, Default)]
pub struct Headers(Vec<(String, Text)>);

enum Text {
    Plain(String),
    /// Of a credential: overwritten when dropped, and never indexed in HTTP/2.
    Secret(Secret),
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Text::Plain(text) => text,
            Text::Secret(secret) => secret.expose(),
        }
    }
}

impl Clone for Text {
    fn clone(&self) -> Self {
        match self {
            Text::Plain(text) => Text::Plain(text.clone()),
            Text::Secret(secret) => Text::Secret(secret.duplicate()),
        }
    }
}

impl Headers {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Headers(Vec::new())
    }

    /// Adds a field; the name is stored in lower case.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_ascii_lowercase(), Text::Plain(value.into())));
    }

    /// Adds a field of a credential. A transport that can keep its value out of tables and logs does.
    pub fn push_secret(&mut self, name: &str, value: Secret) {
        self.0.push((name.to_ascii_lowercase(), Text::Secret(value)));
    }

    /// The first value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// All fields in order, for a transport: name, value, and whether it is of a credential.
    pub fn into_fields(self) -> impl Iterator<Item = (String, Bytes, bool)> {
        self.0.into_iter().map(|(name, text)| match text {
            Text::Plain(text) => (name, text.into(), false),
            Text::Secret(secret) => (name, secret.into_bytes(), true),
        })
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

// Names only: a value of ours may be a secret, and one of the service's may repeat it.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
