//! Reading what a service says when it refuses: each has several shapes.

use crate::encode::{add_item, scalar_text};
use crate::mask::Mask;
use crate::{Json, Value};

/// What the service said about a refusal, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    /// The service's code, or the last part of its problem type.
    pub code: Option<String>,
    /// The service's message.
    pub message: Option<String>,
    /// The parameter at fault.
    pub parameter: Option<String>,
    /// The id to give to the service's support.
    pub request_id: Option<String>,
}

/// Longer texts of a server are cut here, in characters.
const LONGEST: usize = 500;

impl ServerError {
    /// Reads an error body. Knows problem objects (`type`, `title`, `name`, `detail`), flat bodies
    /// (`code` as text or number, `message`, `error`, `error_code`), nested ones (`error: {…}`) and
    /// `detail` as text or list. Anything else, HTML included, gives an empty answer. Secrets are
    /// hidden before a text is cut, so that no part of one is left at its end.
    pub(crate) fn read(json: &dyn Json, body: &[u8], mask: &Mask) -> Self {
        let Some(Value::Object(outer)) = json.read(body) else {
            return ServerError::default();
        };
        let object = match outer.get("error") {
            Some(Value::Object(inner)) => inner,
            _ => &outer,
        };
        let short = |value: &Value| short(value, mask);
        let text = |name: &str| object.get(name).and_then(short);
        let problem =
            text("type").map(|kind| kind.rsplit('/').next().unwrap_or_default().to_owned());
        ServerError {
            code: text("code").or_else(|| text("error_code")).or(problem),
            message: text("message")
                .or_else(|| match (text("title"), text("detail")) {
                    (Some(title), Some(detail)) => Some(format!("{title} {detail}")),
                    (title, detail) => title.or(detail),
                })
                .or_else(|| first_detail(object.get("detail")).map(|text| shown(&text, mask)))
                .or_else(|| text("error")),
            parameter: text("name").filter(|name| !name.is_empty()),
            request_id: text("request_id"),
        }
    }
}

fn short(value: &Value, mask: &Mask) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(shown(text, mask)),
        Value::Number(number) => Some(shown(&number.to_string(), mask)),
        _ => None,
    }
}

/// A text of the service as it may be shown: without the credential, control characters and
/// whatever is too long.
pub(crate) fn shown(text: &str, mask: &Mask) -> String {
    // They go first: a credential with a line break in it would be whole again without it.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    mask.hide(&text).chars().take(LONGEST).collect()
}

/// FastAPI's list of faults: the first one's message and place, not masked yet.
fn first_detail(detail: Option<&Value>) -> Option<String> {
    let first = detail?.as_array()?.first()?;
    let message = first.get("msg")?.as_str()?;
    let mut place = String::new();
    for part in first.get("loc")?.as_array()? {
        add_item(&mut place, ".", &scalar_text(part).unwrap_or_default());
    }
    Some(format!("{message} ({place})"))
}

#[cfg(test)]
mod tests {
    use super::{ServerError, shown};
    use crate::mask::Mask;
    use crate::{Applied, CredentialKind, Secret, SerdeJson};

    fn read(body: &str) -> (Option<String>, Option<String>, Option<String>) {
        let found = ServerError::read(&SerdeJson, body.as_bytes(), &Mask::default());
        (found.code, found.message, found.parameter)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn rt_09_every_documented_shape_is_read() {
        assert_eq!(
            read(
                r#"{"type":"https://docs/x/attribute-required","title":"Missing.","name":"title","status":400}"#
            ),
            (some("attribute-required"), some("Missing."), some("title"))
        );
        assert_eq!(
            read(
                r#"{"code":401,"error":"token is not valid","message":"Please provide a valid token"}"#
            ),
            (some("401"), some("Please provide a valid token"), None)
        );
        assert_eq!(
            read(r#"{"error":{"error_code":"scope","message":"needs write","request_id":"r1"}}"#),
            (some("scope"), some("needs write"), None)
        );
        assert_eq!(
            read(r#"{"detail":[{"loc":["body","name"],"msg":"field required"}]}"#),
            (None, some("field required (body.name)"), None)
        );
        assert_eq!(read(r#"{"detail":"no"}"#), (None, some("no"), None));
        for empty in ["", "<html>", "[]", "null", "{", "\u{fffd}"] {
            assert_eq!(read(empty), (None, None, None), "{empty}");
        }
    }

    #[test]
    fn sh_01_a_key_that_a_service_took_apart_is_not_put_together_again() {
        let mask = Mask::of(&Applied {
            kind: CredentialKind::ApiKey,
            headers: vec![("x-api-key", Secret::new("canary.5b1f.key"))],
            ..Applied::nothing()
        });
        assert_eq!(shown("not canary.5b\r\n1f.ke\u{7f}y", &mask), "not [redacted]");
        let body = br#"{"detail":[{"loc":["canary","5b1f","key"],"msg":"no\n"}]}"#;
        let message = ServerError::read(&SerdeJson, body, &mask).message;
        assert_eq!(message.as_deref(), Some("no ([redacted])"));
    }
}
