//! Upload tokens: they let a stranger upload one video at a time until their TTL is over.

use framekey_catalog::Service;
use serde_json::{Value, json};

use super::{kept, list};
use crate::answer::{Answer, not_found, problem};
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::shelf::Shelf;

#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct UploadTokens(Shelf<UploadToken>);

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

    fn is_good(&self, now: Moment) -> bool {
        self.end().is_none_or(|end| now < end)
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
        if self.0.get(token).is_some_and(|token| token.is_good(now)) {
            return Ok(());
        }
        Err(problem(
            401,
            "upload-token-invalid",
            "The upload token is unknown or has expired.",
            Some("token"),
        ))
    }

    pub(super) fn answer(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        Some(match call.operation.id {
            "upload_tokens.create" => self.create(call, draw),
            "upload_tokens.list" => self.list(call),
            "upload_tokens.get" => self.get(call),
            "upload_tokens.delete" => match self.good(call) {
                Some(_) => kept::delete(&mut self.0, "upload token", call.id("uploadToken")),
                None => not_found(Service::ApiVideo, "upload token"),
            },
            _ => return None,
        })
    }

    fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        // The document holds it against the largest TTL.
        let ttl = call.field("ttl").and_then(Value::as_u64).unwrap_or(0);
        let token =
            UploadToken { token: format!("to{}", draw.letters(22)), ttl, created: call.now };
        let answer = Answer::json(200, &token.to_json());
        self.0.add(&token.token.clone(), token);
        answer
    }

    /// Those that are still good.
    fn list(&self, call: &Call) -> Answer {
        let order = |one: &UploadToken, other: &UploadToken| match call.query("sortBy") {
            Some("ttl") => one.ttl.cmp(&other.ttl),
            _ => one.created.cmp(&other.created),
        };
        let good = self.0.iter().filter(|token| token.is_good(call.now));
        list::newest_first(call, good, order, UploadToken::to_json)
    }

    /// The token of a call; one that is over is gone.
    fn good(&self, call: &Call) -> Option<&UploadToken> {
        self.0.get(call.id("uploadToken")).filter(|token| token.is_good(call.now))
    }

    fn get(&self, call: &Call) -> Answer {
        match self.good(call) {
            Some(token) => Answer::json(200, &token.to_json()),
            None => not_found(Service::ApiVideo, "upload token"),
        }
    }
}
