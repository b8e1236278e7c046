//! VideoVector v2: keys with scopes, and who may do what.

mod keys;

use framekey_catalog::{Bearer, Scheme};
use serde_json::{Value, json};

use crate::answer::{Answer, nested};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::{Credentials, Given};
use crate::draw::Draw;
use crate::schemas::check;

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Account {
    keys: keys::Keys,
    user: String,
    oauth: String,
}

/// Who is calling.
enum Caller {
    Key { at: usize },
    User,
    OAuth,
}

impl Account {
    pub(crate) fn new(ready: &Credentials, now: Moment) -> Self {
        Account {
            keys: keys::Keys::with_first(&ready.videovector_key, now),
            user: ready.videovector_jwt.clone(),
            oauth: ready.videovector_oauth.clone(),
        }
    }

    /// The answer, or `None` where the schema has the last word.
    pub(crate) fn answer(&mut self, call: &Call, given: &Given, draw: &mut Draw) -> Option<Answer> {
        let caller = match self.check(call, given) {
            Ok(caller) => caller,
            Err(refused) => return Some(refused),
        };
        if let Some(refused) = check::missing(call) {
            return Some(refused);
        }
        Some(match call.operation.id {
            "auth.validate" => Answer::json(200, &self.describe(&caller)),
            "api_keys.create" => self.keys.create(call, draw),
            "api_keys.list" => self.keys.list(call),
            "api_keys.get" => self.keys.get(call),
            "api_keys.rotate" => self.keys.rotate(call, draw),
            "api_keys.revoke" => self.keys.revoke(call),
            "api_keys.delete" => self.keys.delete(call),
            // No prompt can be run here yet, so there are no runs to list.
            "prompt_runs.list" => Answer::json(200, &json!([])),
            _ => return None,
        })
    }

    /// The key wins where both headers are sent.
    fn caller(&mut self, call: &Call, given: &Given) -> Result<Caller, Answer> {
        let refused =
            |message: &str| Err(nested(401, "authentication_error", message, &Value::Null));
        if let Some(key) = &given.api_key {
            return match self.keys.find(key, call) {
                Ok(at) => Ok(Caller::Key { at }),
                Err(why) => refused(why),
            };
        }
        match given.bearer() {
            Some(token) if token == self.user => Ok(Caller::User),
            Some(token) if token == self.oauth => Ok(Caller::OAuth),
            Some(_) => refused("The bearer token is not valid or has expired."),
            None => refused("An API key or a bearer token is required."),
        }
    }

    /// What `auth.validate` says of a good credential.
    fn describe(&self, caller: &Caller) -> Value {
        match caller {
            Caller::Key { at } => {
                json!({ "valid": true, "auth_type": "api_key", "scopes": self.keys.scopes(*at) })
            }
            Caller::User => json!({ "valid": true, "auth_type": "jwt", "user_id": "user-1" }),
            Caller::OAuth => json!({ "valid": true, "auth_type": "oauth", "user_id": "user-1" }),
        }
    }

    fn check(&mut self, call: &Call, given: &Given) -> Result<Caller, Answer> {
        let caller = self.caller(call, given)?;
        let by_bearer = call.operation.security.iter().find_map(|scheme| match scheme {
            Scheme::Bearer(kind) => Some(*kind),
            _ => None,
        });
        let by_key =
            call.operation.security.iter().any(|scheme| matches!(scheme, Scheme::ApiKeyHeader(_)));
        let forbidden = |message: &str, details: &Value| {
            Err(nested(403, "insufficient_permissions", message, details))
        };
        match caller {
            Caller::Key { .. } if !by_key => {
                forbidden("API keys cannot do this: sign in as a user.", &Value::Null)
            }
            Caller::OAuth if by_bearer != Some(Bearer::Any) => {
                forbidden("OAuth tokens cannot do this: sign in as a user.", &Value::Null)
            }
            Caller::User | Caller::OAuth => Ok(caller),
            Caller::Key { at } => match call.operation.scope {
                Some(needed) if !self.keys.holds(at, needed) => forbidden(
                    &format!("The key does not have the scope {}.", needed.as_str()),
                    &json!({ "required_scope": needed.as_str() }),
                ),
                _ => Ok(caller),
            },
        }
    }
}
