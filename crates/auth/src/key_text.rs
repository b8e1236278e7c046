//! Cleans and checks a secret before it is used, so that a stray newline is told before a call.

use framekey_catalog::Service;
use framekey_runtime::{Error, ErrorKind, Secret};

#[cfg(feature = "native")]
use crate::Notice;
use crate::Provenance;

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slot {
    /// The API key of a service.
    ApiKey,
    /// An API key that is sent as HTTP basic user name.
    BasicKey,
    /// A JWT.
    Jwt,
    /// An access token that was given.
    AccessToken,
    /// A refresh token that was given.
    RefreshToken,
    /// A token for delegated uploads.
    UploadToken,
}

impl Slot {
    /// The name in texts: `API key`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Slot::ApiKey | Slot::BasicKey => "API key",
            Slot::Jwt => "JWT",
            Slot::AccessToken => "access token",
            Slot::RefreshToken => "refresh token",
            Slot::UploadToken => "upload token",
        }
    }
}

/// What a secret has to look like: for which service, and what for.
#[derive(Clone, Copy, Debug)]
pub struct KeyRule {
    service: Service,
    slot: Slot,
}

impl KeyRule {
    /// The rule for a secret of `service`.
    #[must_use]
    pub const fn new(service: Service, slot: Slot) -> Self {
        KeyRule { service, slot }
    }

    /// The name in texts: `API key`.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.slot.title()
    }

    /// Strips what copying and files leave around a secret - white space, a byte order mark, one
    /// pair of quotes - and refuses what no such secret has. What is only odd comes back as notices.
    ///
    /// # Errors
    /// `auth.malformed`: it is empty; has a control character, a space or a character outside ASCII
    /// inside; a colon, where it goes as basic user name (RFC 7617, section 2); or the shape of
    /// another service's key. The text names the position, never the value.
    #[cfg(feature = "native")]
    pub fn check(self, text: &str, from: &Provenance) -> Result<(Secret, Vec<Notice>), Error> {
        let secret = self.clean(text, from)?;
        let remarks = self.remarks(text, secret.expose(), from);
        Ok((secret, remarks))
    }

    /// As `check`, without the notices.
    ///
    /// # Errors
    /// `auth.malformed`.
    pub fn clean(self, text: &str, from: &Provenance) -> Result<Secret, Error> {
        let malformed = |why: String| {
            Error::new(
                ErrorKind::Configuration,
                "auth.malformed",
                format!("the {} from {from} {why}", self.what()),
            )
        };
        let bare = bare(text);
        if bare.is_empty() {
            return Err(malformed("is empty".to_owned()));
        }
        let start = bare.as_ptr() as usize - text.as_ptr() as usize;
        if let Some(at) = bare.bytes().position(|b| !(0x21..0x7f).contains(&b)) {
            let kind = match bare.as_bytes()[at] {
                b' ' => "a space",
                0..0x20 | 0x7f => "a control character",
                _ => "a character outside ASCII",
            };
            let hint = match bare.get(..at) {
                Some(word) if word.eq_ignore_ascii_case("bearer") => "; leave out `Bearer`",
                _ => "",
            };
            let place = format!("has {kind} at byte {} of {}{hint}", start + at + 1, text.len());
            return Err(malformed(place));
        }
        if self.slot == Slot::BasicKey && bare.contains(':') {
            let why = "has a ':', which HTTP basic cannot carry (RFC 7617, section 2)";
            return Err(malformed(why.to_owned()));
        }
        if let Some(other) = owner(bare).filter(|other| *other != self.service) {
            let mine = self.service.title();
            let why = format!("is a key of {}; give {mine} a key of its own", other.title());
            return Err(malformed(why));
        }
        Ok(Secret::new(bare))
    }

    #[cfg(feature = "native")]
    fn remarks(self, text: &str, bare: &str, from: &Provenance) -> Vec<Notice> {
        let mut remarks = Vec::new();
        // A file ends in a newline as a rule.
        let line = match from {
            Provenance::File(_) => text.strip_suffix('\n').unwrap_or(text),
            _ => text,
        };
        if line.trim_end_matches('\r') != bare {
            remarks.push(Notice::Cleaned { what: self.what(), from: from.clone() });
        }
        let expected = match (self.slot, self.service) {
            (Slot::ApiKey, Service::VideoVector) if !is_videovector(bare) => {
                Some("`sk_live_` and 48 hexadecimal digits")
            }
            (Slot::ApiKey, Service::TwelveLabs) if !bare.starts_with(TWELVE_LABS) => {
                Some("`tlk_` and more")
            }
            (Slot::Jwt, _) if !is_jwt(bare) => Some("a JWT, three parts with dots between"),
            _ => None,
        };
        if let Some(expected) = expected {
            remarks.push(Notice::OddShape { what: self.what(), from: from.clone(), expected });
        }
        remarks
    }
}

fn is_edge(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn bare(text: &str) -> &str {
    let bare = text.trim_matches(is_edge);
    for quote in ['"', '\''] {
        if let Some(inner) = bare.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.trim_matches(is_edge);
        }
    }
    bare
}

/// How the keys of Twelve Labs begin.
const TWELVE_LABS: &str = "tlk_";

/// `sk_live_` and 48 lower-case hexadecimal digits: what VideoVector's own MCP server demands. Its
/// tests use `sk_test_`.
fn is_videovector(key: &str) -> bool {
    let digits = key.strip_prefix("sk_live_").or_else(|| key.strip_prefix("sk_test_"));
    digits.is_some_and(|digits| {
        digits.len() == 48 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The service whose keys have this shape; api.video's have none of their own.
fn owner(key: &str) -> Option<Service> {
    if key.starts_with(TWELVE_LABS) {
        return Some(Service::TwelveLabs);
    }
    is_videovector(key).then_some(Service::VideoVector)
}

#[cfg(feature = "native")]
fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(letter))
}

#[cfg(test)]
mod tests;
