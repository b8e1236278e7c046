//! Access tokens of one hour, and the refresh tokens beside them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, problem};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::jwt;
use crate::draw::Draw;

/// How long an access token lives, in seconds (`expires_in` of the service).
const LIFE: u64 = 3600;

#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct AccessTokens {
    /// Ends by access token.
    good_until: BTreeMap<String, Moment>,
    refresh: Vec<String>,
}

impl AccessTokens {
    pub(super) fn is_good(&self, token: &str, now: Moment) -> bool {
        self.good_until.get(token).is_some_and(|end| now < *end)
    }

    pub(super) fn create(&mut self, call: &Call, key: &str, draw: &mut Draw) -> Answer {
        if call.field("apiKey").and_then(Value::as_str) == Some(key) {
            return self.issue(call.now, draw);
        }
        problem(
            400,
            "authentication-invalid-user-credentials",
            "The user credentials were incorrect.",
            Some(""),
        )
    }

    /// A refresh token is good once; whether the service does the same is not known.
    pub(super) fn refresh(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let token = call.field("refreshToken").and_then(Value::as_str).unwrap_or_default();
        let known = self.refresh.iter().position(|known| known == token);
        match known {
            Some(at) => {
                self.refresh.swap_remove(at);
                self.issue(call.now, draw)
            }
            None => problem(
                401,
                "authentication-invalid-refresh-token",
                "The refresh token is unknown.",
                None,
            ),
        }
    }

    fn issue(&mut self, now: Moment, draw: &mut Draw) -> Answer {
        self.good_until.retain(|_, end| now < *end);
        let claims = json!({ "iat": now.seconds(), "nbf": now.seconds(), "exp": now.plus(LIFE).seconds(), "projectId": "prEmulated" });
        let access = jwt(draw, &claims);
        let refresh = format!("def{}", draw.letters(60));
        self.good_until.insert(access.clone(), now.plus(LIFE));
        self.refresh.push(refresh.clone());
        Answer::json(
            200,
            &json!({ "token_type": "Bearer", "expires_in": LIFE, "access_token": access, "refresh_token": refresh }),
        )
    }
}
