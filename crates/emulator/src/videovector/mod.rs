//! VideoVector v2: who may do what, and the way of a call to its rules.

mod agenda;
mod bearers;
mod conditions;
mod connectors;
mod deliveries;
mod dispatch;
mod example;
mod exports;
mod extraction;
mod imports;
mod indexes;
mod keys;
mod listing;
mod mcp;
mod media;
mod prompts;
mod results;
mod retries;
mod rules;
mod running;
mod runs;
mod search;
mod shape;
mod source_file;
mod usage;
mod videos;
mod webhooks;
mod workflow;

use std::collections::BTreeMap;

use framekey_catalog::{Bearer, Scheme};
use serde_json::{Value, json};

use crate::answer::{Answer, nested};
use crate::call::Call;
use crate::clock::Moment;
use crate::credential::{Credentials, Given};
use crate::draw::Draw;
use crate::shelf::Shelf;
use agenda::{Agenda, Step};
pub(crate) use rules::stamped;

/// The only user.
const USER: &str = "user-1";
/// MT that a fresh account holds.
const BALANCE: f64 = 100_000.0;

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Account {
    keys: keys::Keys,
    bearers: bearers::Bearers,
    /// For what happens by itself, so that the time of it does not change the ids of calls.
    draw: Draw,
    agenda: Agenda,
    indexes: Shelf<indexes::Index>,
    videos: Shelf<videos::Video>,
    deletions: Shelf<indexes::Deletion>,
    prompts: Shelf<prompts::Prompt>,
    runs: Shelf<runs::Run>,
    connectors: Shelf<connectors::Connector>,
    jobs: Shelf<imports::Job>,
    exports: Shelf<exports::Export>,
    minted: BTreeMap<String, exports::Minted>,
    /// Signed URLs and their ends, by address.
    signed: BTreeMap<String, (String, Moment)>,
    webhooks: Shelf<webhooks::Webhook>,
    deliveries: Shelf<deliveries::Delivery>,
    /// Deliveries that are to go out.
    to_send: Vec<String>,
    usage: Vec<usage::Event>,
    /// Requests by kind of credential.
    requests: BTreeMap<String, u64>,
    windows: BTreeMap<String, usage::Window>,
    balance: f64,
}

/// Who is calling.
enum Caller {
    Key {
        at: usize,
    },
    User,
    OAuth,
    /// Somebody with a minted URL.
    Token,
}

impl Account {
    pub(crate) fn new(ready: &Credentials, now: Moment) -> Self {
        let key = ready.videovector_key.get(8..24).unwrap_or_default();
        let mut account = Account {
            keys: keys::Keys::with_first(&ready.videovector_key, now),
            bearers: bearers::Bearers::ready(ready, now),
            draw: Draw::new(u64::from_str_radix(key, 16).unwrap_or(1)),
            agenda: Agenda::default(),
            indexes: Shelf::default(),
            videos: Shelf::default(),
            deletions: Shelf::default(),
            prompts: Shelf::default(),
            runs: Shelf::default(),
            connectors: Shelf::default(),
            jobs: Shelf::default(),
            exports: Shelf::default(),
            minted: BTreeMap::new(),
            signed: BTreeMap::new(),
            webhooks: Shelf::default(),
            deliveries: Shelf::default(),
            to_send: Vec::new(),
            usage: Vec::new(),
            requests: BTreeMap::new(),
            windows: BTreeMap::new(),
            balance: BALANCE,
        };
        let demo = indexes::Index::new(indexes::DEMO.to_owned(), "Demonstration", now);
        account.indexes.add(indexes::DEMO, demo);
        account.prompts.add(prompts::SHARED, prompts::Prompt::shared(now));
        account
    }

    /// The answer, or `None` where the schema has the last word.
    pub(crate) fn answer(&mut self, call: &Call, given: &Given, draw: &mut Draw) -> Option<Answer> {
        self.catch_up(call.now);
        let answer = match self.check(call, given) {
            Ok(caller) => {
                self.note_request(call, caller.kind());
                self.ruled(call, &caller, draw)
            }
            Err(refused) => refused,
        };
        Some(answer)
    }

    /// An answer that was given before; not to a credential that is no longer good.
    pub(crate) fn again(&mut self, call: &Call, given: &Given, answer: Answer) -> Answer {
        self.check(call, given).map_or_else(|refused| refused, |_| answer)
    }

    /// Lets everything happen that was to happen by now.
    fn catch_up(&mut self, now: Moment) {
        let mut draw = self.draw.clone();
        while let Some((at, step)) = self.agenda.due(now) {
            match step {
                Step::Import(id) => self.go_on_importing(&id, at, &mut draw),
                Step::Run(id) => self.go_on_running(&id, at, &mut draw),
                Step::Retry { run, retry } => self.end_retry(&run, &retry, at),
                Step::Export(id) => self.go_on_exporting(&id, at, &mut draw),
                Step::Process(id) => self.end_processing(&id, at, &mut draw),
                Step::Deletion(id) => self.go_on_deleting(&id, at),
            }
        }
        self.draw = draw;
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
        match given.bearer().map(|token| self.bearers.find(token, call)) {
            Some(Ok(true)) => Ok(Caller::User),
            Some(Ok(false)) => Ok(Caller::OAuth),
            Some(Err(why)) => refused(why),
            None => refused("An API key or a bearer token is required."),
        }
    }

    /// What people do outside of the API.
    pub(crate) fn desk(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        now: Moment,
        draw: &mut Draw,
        ready: &mut Credentials,
    ) -> Option<Answer> {
        self.bearers.desk(method, path, body, now, draw, ready)
    }

    /// What `auth.validate` says of a good credential.
    fn describe(&self, caller: &Caller) -> Value {
        match caller {
            Caller::Key { at } => {
                json!({ "valid": true, "auth_type": "api_key", "scopes": self.keys.scopes(*at) })
            }
            Caller::User => json!({ "valid": true, "auth_type": "jwt", "user_id": USER }),
            Caller::OAuth | Caller::Token => {
                json!({ "valid": true, "auth_type": "oauth", "user_id": USER })
            }
        }
    }

    fn check(&mut self, call: &Call, given: &Given) -> Result<Caller, Answer> {
        if let Some(token) = call.query("token").filter(|_| call.operation.id == "exports.download")
        {
            self.check_token(call, token)?;
            return Ok(Caller::Token);
        }
        let caller = self.caller(call, given)?;
        self.may(call, &caller)?;
        Ok(caller)
    }

    /// Whether the operation takes this credential, and whether its scopes hold what it needs.
    fn may(&self, call: &Call, caller: &Caller) -> Result<(), Answer> {
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
            Caller::User | Caller::OAuth | Caller::Token => Ok(()),
            Caller::Key { at } => match call.operation.scope {
                Some(needed) if !self.keys.holds(*at, needed) => forbidden(
                    &format!("The key does not have the scope {}.", needed.as_str()),
                    &json!({ "required_scope": needed.as_str() }),
                ),
                _ => Ok(()),
            },
        }
    }
}

impl Caller {
    /// As usage is counted.
    const fn kind(&self) -> &'static str {
        match self {
            Caller::Key { .. } => "api_key",
            Caller::User => "jwt",
            Caller::OAuth => "oauth",
            Caller::Token => "download_url",
        }
    }
}
