//! Bearer tokens: JWTs of a web login and of OAuth. They are made outside of the service's API, and end.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::{Credentials, jwt};
use crate::draw::Draw;

/// All that were made, dead ones too.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Bearers(Vec<Bearer>);

#[derive(serde::Serialize, serde::Deserialize)]
struct Bearer {
    token: String,
    is_user: bool,
    made: Moment,
    life: Life,
}

#[derive(serde::Serialize, serde::Deserialize)]
enum Life {
    /// As the switch has it: the ready ones.
    Switch,
    Until(Moment),
    Endless,
}

impl Bearer {
    fn end(&self, switch: Option<u64>) -> Option<Moment> {
        match self.life {
            Life::Switch => switch.map(|seconds| self.made.plus(seconds)),
            Life::Until(end) => Some(end),
            Life::Endless => None,
        }
    }
}

impl Bearers {
    pub(super) fn ready(ready: &Credentials, now: Moment) -> Self {
        let of = |token: &str, is_user| {
            let token = token.to_owned();
            Bearer { token, is_user, made: now, life: Life::Switch }
        };
        Bearers(vec![of(&ready.videovector_jwt, true), of(&ready.videovector_oauth, false)])
    }

    /// Whether a good token is a user's; why it is none otherwise.
    pub(super) fn find(&self, token: &str, call: &Call) -> Result<bool, &'static str> {
        let known = self.0.iter().find(|bearer| bearer.token == token);
        let bearer = known.ok_or("The bearer token is not valid or has expired.")?;
        match bearer.end(call.switches.videovector.bearer_life) {
            Some(end) if call.now >= end => Err("The bearer token has expired."),
            _ => Ok(bearer.is_user),
        }
    }

    /// What people do where they sign in: a new token, and the end of all that there are.
    pub(super) fn desk(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        now: Moment,
        draw: &mut Draw,
    ) -> Answer {
        let wrong = |status, why: &str| Answer::json(status, &json!({ "error": why }));
        match (method, path) {
            ("POST", "bearer") => {
                let kind = body["kind"].as_str().unwrap_or("user");
                let life = &body["life"];
                if !["user", "oauth"].contains(&kind) || !(life.is_null() || life.is_u64()) {
                    let why = "`kind` is user or oauth, `life` whole seconds or null for no end";
                    return wrong(400, why);
                }
                let end = life.as_u64().map(|seconds| now.plus(seconds));
                let mut claims = json!({ "iss": "emulator", "sub": super::USER, "kind": kind, "iat": now.seconds() });
                if let Some(end) = end {
                    claims["exp"] = json!(end.seconds());
                }
                let token = jwt(draw, &claims);
                let life = end.map_or(Life::Endless, Life::Until);
                let bearer =
                    Bearer { token: token.clone(), is_user: kind == "user", made: now, life };
                self.0.push(bearer);
                let end = end.map(|end| end.to_string());
                Answer::json(200, &json!({ "token": token, "expires_at": end }))
            }
            ("DELETE", "bearer") => {
                self.0.iter_mut().for_each(|bearer| bearer.life = Life::Until(now));
                Answer::empty(204)
            }
            _ => wrong(404, "no such switch of videovector: bearer"),
        }
    }
}
