//! Upload tokens: they let a stranger upload one video at a time until their TTL is over.

use framekey_catalog::Service;
use serde_json::{Value, json};

use crate::answer::{Answer, not_found, problem, refuse};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::page;

/// The largest TTL that the service takes.
const LARGEST_TTL: u64 = 2_147_483_647;

#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct UploadTokens(Vec<UploadToken>);

#[derive(serde::Serialize, serde::Deserialize)]
struct UploadToken {
    token: String,
    ttl: u64,
    created: Moment,
}

impl UploadToken {
    fn end(&self) -> Option<Moment> {
        (self.ttl > 0).then(|| self.created.plus(self.ttl))
    }

    fn to_json(&self) -> Value {
        json!({
            "token": self.token, "ttl": self.ttl, "createdAt": self.created.to_string(),
            "expiresAt": self.end().map(|end| end.to_string()),
        })
    }
}

impl UploadTokens {
    /// The same refusal for a token that is unknown, deleted or over, as the service's error page has it.
    pub(super) fn check(&self, token: &str, now: Moment) -> Result<(), Answer> {
        let good = self
            .0
            .iter()
            .any(|known| known.token == token && known.end().is_none_or(|end| now < end));
        if good {
            return Ok(());
        }
        Err(problem(
            401,
            "upload-token-invalid",
            "The upload token is unknown or has expired.",
            Some("token"),
        ))
    }

    pub(super) fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let ttl = match call.field("ttl") {
            None => 0,
            Some(value) => match value.as_u64().filter(|ttl| *ttl <= LARGEST_TTL) {
                Some(ttl) => ttl,
                None => {
                    let title = "The ttl is a whole number of seconds from 0 to 2147483647.";
                    return refuse(Service::ApiVideo, 400, "invalid-attribute", title, Some("ttl"));
                }
            },
        };
        let token =
            UploadToken { token: format!("to{}", draw.letters(22)), ttl, created: call.now };
        let answer = Answer::json(200, &token.to_json());
        self.0.push(token);
        answer
    }

    pub(super) fn list(&self, call: &Call) -> Answer {
        let mut tokens: Vec<&UploadToken> = self.0.iter().collect();
        match call.query("sortBy") {
            Some("ttl") => tokens.sort_by_key(|token| token.ttl),
            _ => tokens.sort_by_key(|token| token.created),
        }
        if call.query("sortOrder") != Some("asc") {
            tokens.reverse();
        }
        page::api_video(call, tokens, UploadToken::to_json)
    }

    pub(super) fn get(&self, call: &Call) -> Answer {
        match self.0.iter().find(|token| token.token == call.id("uploadToken")) {
            Some(token) => Answer::json(200, &token.to_json()),
            None => not_found(Service::ApiVideo, "upload token"),
        }
    }

    pub(super) fn delete(&mut self, call: &Call) -> Answer {
        match self.0.iter().position(|token| token.token == call.id("uploadToken")) {
            Some(at) => {
                self.0.remove(at);
                Answer::empty(204)
            }
            None => not_found(Service::ApiVideo, "upload token"),
        }
    }
}
