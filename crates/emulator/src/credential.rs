//! Which credentials a request carries. Whether they are good is each service's own matter.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use framekey_catalog::Service;

use crate::digest;
use crate::journal::{CredentialKind, SeenCredential};
use crate::query::Query;

/// A credential with its value. It has no `Debug`.
#[derive(Default)]
pub(crate) struct Presented {
    pub(crate) kind: CredentialKind,
    pub(crate) value: String,
}

impl Presented {
    fn new(kind: CredentialKind, value: &str) -> Self {
        Presented { kind, value: value.to_owned() }
    }

    pub(crate) fn seen(&self) -> SeenCredential {
        let fingerprint = match self.kind {
            CredentialKind::None => String::new(),
            _ => digest::fingerprint(&self.value),
        };
        SeenCredential { kind: self.kind, fingerprint }
    }
}

/// The credential that counts with this service, and the kinds of others that came along: those
/// show a client that sends too much.
pub(crate) fn read(
    service: Service,
    headers: &HeaderMap,
    query: &Query,
) -> (Presented, Vec<CredentialKind>) {
    let key = headers.get("x-api-key").map(|value| {
        Presented::new(CredentialKind::ApiKey, &String::from_utf8_lossy(value.as_bytes()))
    });
    let authorization = headers
        .get(AUTHORIZATION)
        .map(|value| authorization(&String::from_utf8_lossy(value.as_bytes())));
    let token = query.get("token").map(|token| Presented::new(CredentialKind::UploadToken, token));
    let in_order = match service {
        Service::ApiVideo => [authorization, token, key],
        // Both headers sent: the key wins.
        Service::TwelveLabs | Service::VideoVector => [key, authorization, None],
    };
    let mut present = in_order.into_iter().flatten();
    let first = present.next().unwrap_or_default();
    (first, present.map(|other| other.kind).collect())
}

fn authorization(value: &str) -> Presented {
    let read = value.split_once(' ').and_then(|(scheme, rest)| {
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
            return Some(Presented::new(CredentialKind::Bearer, rest));
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let plain = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
            // The key is the user name; the password is empty.
            let (user, _) = plain.split_once(':')?;
            return Some(Presented::new(CredentialKind::Basic, user));
        }
        None
    });
    read.unwrap_or_else(|| Presented::new(CredentialKind::Malformed, value))
}

#[cfg(test)]
mod tests {
    use super::{CredentialKind, authorization};

    #[test]
    fn an_authorization_header_is_basic_bearer_or_malformed() {
        let read = |value| {
            let presented = authorization(value);
            (presented.kind, presented.value)
        };
        assert_eq!(read("Basic a2V5Og=="), (CredentialKind::Basic, "key".to_owned()));
        assert_eq!(read("bearer a.b.c"), (CredentialKind::Bearer, "a.b.c".to_owned()));
        for bad in ["", "Bearer", "Bearer ", "Basic", "Basic a2V5", "Basic !", "Digest x", "a.b.c"] {
            assert_eq!(read(bad).0, CredentialKind::Malformed, "{bad}");
        }
    }
}
