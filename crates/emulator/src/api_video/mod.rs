//! api.video: one account, of production or of the sandbox.

mod access_tokens;
mod source;
mod upload_tokens;
mod videos;

use framekey_catalog::Scheme;

use crate::answer::{Answer, problem};
use crate::call::Call;
use crate::credential::Given;
use crate::draw::Draw;
use crate::schemas::check;

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Account {
    key: String,
    access: access_tokens::AccessTokens,
    uploads: upload_tokens::UploadTokens,
    videos: videos::Videos,
}

impl Account {
    pub(crate) fn new(key: &str) -> Self {
        Account {
            key: key.to_owned(),
            access: access_tokens::AccessTokens::default(),
            uploads: upload_tokens::UploadTokens::default(),
            videos: videos::Videos::default(),
        }
    }

    /// The answer, or `None` where the schema has the last word.
    pub(crate) fn answer(&mut self, call: &Call, given: &Given, draw: &mut Draw) -> Option<Answer> {
        let answer = match self.check(call, given) {
            Err(refused) => Some(refused),
            Ok(()) => self.rules(call, draw),
        };
        // Nearly every answer of the service carries its limits.
        let answer = answer.unwrap_or_else(|| crate::synth::answer(call));
        let answer =
            answer.header("x-ratelimit-limit", "1000").header("x-ratelimit-remaining", "999");
        Some(answer.header("x-ratelimit-retry-after", "60"))
    }

    /// Ends every access token now; how many there were.
    pub(crate) fn revoke_access_tokens(&mut self) -> u64 {
        self.access.revoke_all()
    }

    /// What happened to credentials.
    pub(crate) fn counts(&self) -> serde_json::Value {
        serde_json::json!(self.access.counts())
    }

    fn check(&self, call: &Call, given: &Given) -> Result<(), Answer> {
        let refused = |kind: &str, title: &str| Err(problem(401, kind, title, None));
        match call.operation.security {
            [] => Ok(()),
            [Scheme::ApiKeyQuery(_)] => match &given.token {
                None => refused("upload-token-missing", "An upload token is required."),
                Some(token) => self.uploads.check(token, call.now),
            },
            _ => {
                if let Some(key) = given.basic() {
                    if key == self.key {
                        return Ok(());
                    }
                    return refused("authentication-invalid-api-key", "The API key is not valid.");
                }
                let bare = call.switches.api_video.bare_authorization;
                match given.bearer().or_else(|| given.bare().filter(|_| bare)) {
                    Some(token) if self.access.is_good(token, call) => Ok(()),
                    Some(_) => refused(
                        "authentication-invalid-token",
                        "The access token is unknown or has expired.",
                    ),
                    None if given.authorization.is_some() => refused(
                        "authorization-header-malformed",
                        "The Authorization header is malformed.",
                    ),
                    None => refused(
                        "authorization-header-missing",
                        "The Authorization header is missing.",
                    ),
                }
            }
        }
    }

    fn rules(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        if let Some(refused) = check::missing(call) {
            return Some(refused);
        }
        match call.operation.id {
            "access_tokens.create" => Some(self.access.create(call, &self.key, draw)),
            "access_tokens.refresh" => Some(self.access.refresh(call, draw)),
            "upload_tokens.create" => Some(self.uploads.create(call, draw)),
            "upload_tokens.list" => Some(self.uploads.list(call)),
            "upload_tokens.get" => Some(self.uploads.get(call)),
            "upload_tokens.delete" => Some(self.uploads.delete(call)),
            id if id.starts_with("videos.") => self.videos.answer(call, draw),
            _ => None,
        }
    }
}
