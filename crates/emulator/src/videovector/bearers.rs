//! Bearer tokens: JWTs of a web login and of OAuth. They are made outside of the service's API, and end.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::control;
use crate::credential::{Credentials, jwt};
use crate::draw::Draw;

/// All that were made and not taken away; dead ones too.
#[derive(Serialize, Deserialize)]
pub(super) struct Bearers(Vec<Bearer>);

#[derive(Serialize, Deserialize)]
struct Bearer {
    token: String,
    is_user: bool,
    made: Moment,
    life: Life,
}

#[derive(Serialize, Deserialize)]
enum Life {
    /// As the switch has it: the ready ones.
    Switch,
    Until(Moment),
    Endless,
}

/// A token that is asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    kind: Kind,
    /// Seconds.
    life: Option<u64>,
}

#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    User,
    OAuth,
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

    /// What people do where they sign in: a new token, and the end of all that there are. `ready` is
    /// told where one of its own was taken away, or there is none.
    pub(super) fn desk(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        now: Moment,
        draw: &mut Draw,
        ready: &mut Credentials,
    ) -> Option<Answer> {
        match (method, path) {
            ("POST", "bearer") => Some(control::with(body, |wanted: Wanted| {
                if wanted.life.is_some_and(|life| life > 31_536_000) {
                    return Err("life: seconds from 0 to 31536000, or null for no end".to_owned());
                }
                let end = wanted.life.map(|seconds| now.plus(seconds));
                let is_user = wanted.kind == Kind::User;
                let mut claims = json!({
                    "iss": "emulator", "sub": super::USER, "kind": wanted.kind, "iat": now.seconds(),
                });
                if let Some(end) = end {
                    claims["exp"] = json!(end.seconds());
                }
                let token = jwt(draw, &claims);
                let told =
                    if is_user { &mut ready.videovector_jwt } else { &mut ready.videovector_oauth };
                if told.is_empty() {
                    told.clone_from(&token);
                }
                let life = end.map_or(Life::Endless, Life::Until);
                self.0.push(Bearer { token: token.clone(), is_user, made: now, life });
                let end = end.map(|end| end.to_string());
                Ok(Answer::json(200, &json!({ "token": token, "expires_at": end })))
            })),
            ("DELETE", "bearer") => {
                self.0.clear();
                ready.videovector_jwt.clear();
                ready.videovector_oauth.clear();
                Some(Answer::empty(204))
            }
            _ => None,
        }
    }
}
