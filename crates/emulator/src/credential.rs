//! Credentials as they come with a request, and the ready ones of a fresh emulator.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::draw::Draw;
use crate::journal::{Presented, PresentedKind};

/// Ready credentials of a fresh emulator. They are made up and open nothing else.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    /// A key of api.video's production.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_video_key: String,
    /// A key of api.video's sandbox.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_video_sandbox_key: String,
    /// A key of Twelve Labs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub twelve_labs_key: String,
    /// A key of VideoVector with all scopes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub videovector_key: String,
    /// The JWT of a signed-in user of VideoVector.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub videovector_jwt: String,
    /// An OAuth access token of VideoVector: not for key administration.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub videovector_oauth: String,
}

impl Credentials {
    fn draw(draw: &mut Draw) -> Self {
        // Nothing but the seed makes them, so the JWTs name no times.
        Credentials {
            api_video_key: draw.letters(43),
            api_video_sandbox_key: draw.letters(43),
            twelve_labs_key: format!("tlk_{}", draw.letters(36).to_uppercase()),
            videovector_key: format!("sk_live_{}", draw.hex(48)),
            videovector_jwt: jwt(
                draw,
                &json!({ "iss": "emulator", "sub": "user-1", "kind": "user" }),
            ),
            videovector_oauth: jwt(
                draw,
                &json!({ "iss": "emulator", "sub": "user-1", "kind": "oauth" }),
            ),
        }
    }
}

impl Credentials {
    /// These, and drawn ones for those that are empty.
    pub(crate) fn filled(mut self, draw: &mut Draw) -> Self {
        let drawn = Credentials::draw(draw);
        for (given, drawn) in [
            (&mut self.api_video_key, drawn.api_video_key),
            (&mut self.api_video_sandbox_key, drawn.api_video_sandbox_key),
            (&mut self.twelve_labs_key, drawn.twelve_labs_key),
            (&mut self.videovector_key, drawn.videovector_key),
            (&mut self.videovector_jwt, drawn.videovector_jwt),
            (&mut self.videovector_oauth, drawn.videovector_oauth),
        ] {
            if given.is_empty() {
                *given = drawn;
            }
        }
        self
    }
}

// The values open only an emulator, but what is printed by habit ends up in logs.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// A JWT. Nobody checks its signature, since the emulator knows its own by heart: it is signed with a
/// secret that is drawn for it and forgotten.
pub(crate) fn jwt(draw: &mut Draw, claims: &serde_json::Value) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, draw.letters(43).as_bytes());
    let signature = hmac::sign(&secret, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The credentials of one request, as they are.
#[derive(Clone, Default)]
pub(crate) struct Given {
    pub(crate) authorization: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) token: Option<String>,
}

impl Given {
    /// The token of `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        scheme(self.authorization.as_deref()?, "bearer")
    }

    /// A token in `Authorization` without a word before it.
    pub(crate) fn bare(&self) -> Option<&str> {
        self.authorization.as_deref().filter(|value| !value.is_empty() && !value.contains(' '))
    }

    /// The user name of `Authorization: Basic`, where the password is empty.
    pub(crate) fn basic(&self) -> Option<String> {
        let pair = STANDARD.decode(scheme(self.authorization.as_deref()?, "basic")?).ok()?;
        String::from_utf8(pair).ok()?.strip_suffix(':').map(str::to_owned)
    }

    /// What the journal may say about it. Two at once are told by the one that the services prefer.
    pub(crate) fn presented(&self) -> Presented {
        if let Some(key) = &self.api_key {
            return Presented::new(PresentedKind::ApiKey, key);
        }
        if let Some(authorization) = &self.authorization {
            let basic = scheme(authorization, "basic").is_some();
            let kind = if basic { PresentedKind::Basic } else { PresentedKind::Bearer };
            return Presented::new(kind, authorization);
        }
        match &self.token {
            Some(token) => Presented::new(PresentedKind::UploadToken, token),
            None => Presented::none(),
        }
    }
}

fn scheme<'a>(authorization: &'a str, name: &str) -> Option<&'a str> {
    let (scheme, rest) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim())
}
