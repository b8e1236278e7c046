//! Hides the secrets of an attempt in what the service says about it.

use std::borrow::Cow;

use framekey_catalog::Operation;

use crate::{Applied, Body, Json, Request, Secret, Value, encode};

/// Shorter texts are in too many words to be hidden.
const SHORTEST: usize = 8;

/// The texts that must not be shown.
#[derive(Default)]
pub(crate) struct Mask(Vec<Secret>);

impl Mask {
    /// Hides what `applied` sent, and the key that a basic header holds in base64.
    pub(crate) fn of(applied: &Applied) -> Self {
        let mut mask = Mask::default();
        for (_, secret) in applied.headers.iter().chain(&applied.query) {
            let (scheme, bare) = secret.expose().split_once(' ').unwrap_or(("", secret.expose()));
            mask.add(bare);
            if scheme == "Basic" {
                let pair = Secret::new(decode(bare));
                mask.add(pair.expose().split(':').next().unwrap_or_default());
            }
        }
        mask
    }

    /// Hides also the arguments whose names say that they are secrets: `apiKey` of an exchange, the
    /// token in `/upload-tokens/{uploadToken}`, a `streamKey`.
    pub(crate) fn and_arguments(
        mut self,
        operation: &Operation,
        request: &Request,
        json: &dyn Json,
    ) -> Self {
        for (want, segment) in operation.path.split('/').zip(request.path.split('/')) {
            if want.strip_suffix('}').is_some_and(says_secret) {
                let mut plain = Vec::with_capacity(segment.len());
                let mut rest = segment.as_bytes();
                while let Some((byte, after)) = encode::next_byte(rest) {
                    plain.push(byte);
                    rest = after;
                }
                // What is not well encoded is not sent either.
                self.add(&String::from_utf8(plain).unwrap_or_default());
            }
        }
        if let Body::Bytes(body) = &request.body
            && let Some(Value::Object(fields)) = json.read(body)
        {
            for (_, value) in fields.iter().filter(|(name, _)| says_secret(name)) {
                self.add(value.as_str().unwrap_or_default());
            }
        }
        self
    }

    fn add(&mut self, text: &str) {
        if text.len() < SHORTEST {
            return;
        }
        let encoded = Secret::new(encode::query_text(text));
        if encoded.expose() != text {
            self.0.push(encoded);
        }
        self.0.push(Secret::new(text));
    }

    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.0 {
            if let Some(hidden) = hide(&text, secret.expose()) {
                text = Cow::Owned(hidden);
            }
        }
        text
    }
}

/// `text` without `secret`, should it be there.
fn hide(text: &str, secret: &str) -> Option<String> {
    let mut at = find(text, secret)?;
    let mut hidden = String::new();
    let mut rest = text;
    loop {
        hidden.push_str(&rest[..at]);
        hidden.push_str("[redacted]");
        rest = &rest[at + secret.len()..];
        match find(rest, secret) {
            Some(next) => at = next,
            None => break,
        }
    }
    hidden.push_str(rest);
    Some(hidden)
}

/// Where `text` has `word`, which is not empty. The standard library's search is made for long texts,
/// and 2 kB of a browser's module.
fn find(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|part| part == word.as_bytes())
}

/// `key_id` and the like name a key and are none.
fn says_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("key")
        || ["password", "secret", "token"].iter().any(|word| find(&name, word).is_some())
}

/// Base64 that we wrote ourselves, of ASCII text.
fn decode(text: &str) -> String {
    let (mut bits, mut count) = (0_u32, 0);
    let mut plain = String::with_capacity(text.len());
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            plain.push(char::from((bits >> count & 0xff) as u8));
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Mask;
    use crate::{Applied, Body, CredentialKind, Request, Secret, SerdeJson};
    use framekey_catalog::{Service, find};

    fn mask(header: &str, token: &str) -> Mask {
        Mask::of(&Applied {
            kind: CredentialKind::Basic,
            headers: vec![("authorization", Secret::new(header))],
            query: vec![("token", Secret::new(token))],
            ..Applied::nothing()
        })
    }

    #[test]
    fn sh_01_every_form_of_a_credential_is_hidden() {
        // The base64 of `canary-91aa?/:`.
        let mask = mask("Basic Y2FuYXJ5LTkxYWE/Lzo=", "canary+91ab");
        for (said, shown) in [
            ("key canary-91aa?/ is bad", "key [redacted] is bad"),
            ("Y2FuYXJ5LTkxYWE/Lzo= is bad", "[redacted] is bad"),
            ("token canary+91ab, token=canary%2B91ab", "token [redacted], token=[redacted]"),
            ("nothing to hide", "nothing to hide"),
        ] {
            assert_eq!(mask.hide(said), shown);
        }
        assert_eq!(super::decode("Zm9vYg=="), "foob");
    }

    #[test]
    fn sh_01_a_short_credential_does_not_tear_words() {
        assert_eq!(mask("Bearer a", "to").hide("a token that is bad"), "a token that is bad");
    }

    #[test]
    fn sh_01_arguments_that_are_secrets_are_hidden_and_others_are_not() {
        let told = |id: &str, path: &str, body: &'static str, said: &str| {
            let operation = find(Service::ApiVideo, id).unwrap();
            let body = Body::Bytes(body.into());
            let request = Request { path: path.to_owned(), body, ..Request::default() };
            let mask = Mask::default().and_arguments(operation, &request, &SerdeJson);
            mask.hide(said).into_owned()
        };
        let body = r#"{"apiKey":"canary-77aa","title":"a long title"}"#;
        let said = "canary-77aa and a long title";
        assert_eq!(
            told("access_tokens.create", "/auth/api-key", body, said),
            "[redacted] and a long title"
        );
        let path = "/upload-tokens/to%2Bcanary";
        assert_eq!(
            told("upload_tokens.get", path, "", "no to+canary, to%2Bcanary"),
            "no [redacted], [redacted]"
        );
        assert_eq!(
            told("videos.get", "/videos/vi0123456789", "", "no vi0123456789"),
            "no vi0123456789"
        );
    }
}
