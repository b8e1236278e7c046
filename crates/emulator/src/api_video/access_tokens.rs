//! Access tokens with their lives, and the families of refresh tokens beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Answer, problem};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::jwt;
use crate::draw::Draw;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct AccessTokens {
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    counts: Counts,
}

#[derive(Serialize, Deserialize)]
struct Access {
    end: Moment,
    family: u64,
}

#[derive(Serialize, Deserialize)]
struct Refresh {
    /// All that came from one exchange.
    family: u64,
    used: Option<Moment>,
}

/// What happened to credentials.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Keys given for tokens.
    exchanges: u64,
    /// Keys that were refused.
    refused_keys: u64,
    /// Refresh tokens given for tokens.
    refreshes: u64,
    /// Refresh tokens that were refused.
    refused_refreshes: u64,
    /// Refresh tokens that were presented again.
    reuses: u64,
    /// Families that ended by a reuse.
    families_revoked: u64,
    /// Access tokens that were revoked before their end.
    revoked: u64,
}

impl AccessTokens {
    pub(super) fn is_good(&self, token: &str, call: &Call) -> bool {
        !call.switches.api_video.refuse_access_tokens
            && self.access.get(token).is_some_and(|access| call.now < access.end)
    }

    pub(super) fn create(&mut self, call: &Call, key: &str, draw: &mut Draw) -> Answer {
        if call.field("apiKey").and_then(Value::as_str) == Some(key) {
            self.counts.exchanges += 1;
            return self.issue(self.counts.exchanges, call, draw);
        }
        self.counts.refused_keys += 1;
        refused(call)
    }

    pub(super) fn refresh(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let token = call.field("refreshToken").and_then(Value::as_str).unwrap_or_default();
        let switches = &call.switches.api_video;
        let family = match self.refresh.get_mut(token) {
            Some(refresh) => match (refresh.used, switches.reuse_grace) {
                (None, _) => {
                    refresh.used = switches.refresh_once.then_some(call.now);
                    Some(refresh.family)
                }
                (Some(used), Some(grace)) => {
                    self.counts.reuses += 1;
                    let is_late = call.now.0 > used.0 + Duration::from_secs_f64(grace);
                    let family = refresh.family;
                    if is_late {
                        self.revoke_family(family);
                    }
                    (!is_late).then_some(family)
                }
                (Some(_), None) => {
                    self.counts.reuses += 1;
                    None
                }
            },
            None => None,
        };
        match family {
            Some(family) => {
                self.counts.refreshes += 1;
                self.issue(family, call, draw)
            }
            None => {
                self.counts.refused_refreshes += 1;
                refused(call)
            }
        }
    }

    /// Ends every access token now. Refresh tokens stay good.
    pub(super) fn revoke_all(&mut self) -> u64 {
        let count = self.access.len() as u64;
        self.access.clear();
        self.counts.revoked += count;
        count
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    fn revoke_family(&mut self, family: u64) {
        self.access.retain(|_, access| access.family != family);
        self.refresh.retain(|_, refresh| refresh.family != family);
        self.counts.families_revoked += 1;
    }

    fn issue(&mut self, family: u64, call: &Call, draw: &mut Draw) -> Answer {
        // Now and then only: it looks at every token.
        if self.access.len() % 256 == 255 {
            self.access.retain(|_, access| call.now < access.end);
        }
        let life = call.switches.api_video.token_life;
        let (now, end) = (call.now.seconds(), call.now.plus(life));
        let claims =
            json!({ "iat": now, "nbf": now, "exp": end.seconds(), "projectId": "prEmulated" });
        let access = jwt(draw, &claims);
        let refresh = format!("def{}", draw.letters(60));
        self.access.insert(access.clone(), Access { end, family });
        self.refresh.insert(refresh.clone(), Refresh { family, used: None });
        Answer::json(
            200,
            &json!({ "token_type": "Bearer", "expires_in": life, "access_token": access, "refresh_token": refresh }),
        )
    }
}

/// Both calls refuse alike, in the document; the error page has 401 for both.
fn refused(call: &Call) -> Answer {
    problem(
        call.switches.api_video.wrong_key_status,
        "authentication-invalid-user-credentials",
        "The user credentials were incorrect.",
        Some(""),
    )
}
