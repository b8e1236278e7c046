//! Links to a user's cloud storage: consent on a page of the second origin, and addresses to return to.

use serde_json::{Value, json};

use super::Account;
use super::list;
use super::refusal::{Outcome, invalid, refuse, unknown};
use super::store::Thing;
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::files::{self, FileCall};

/// Seconds after which a connection needs a new consent: 180 days.
const LIFE: u64 = 180 * 86_400;
/// Seconds for which a consent page can be opened.
const CONSENT_LIFE: u64 = 600;
const SCOPE: &str = "https://www.googleapis.com/auth/drive.readonly";

/// Whether a connection works.
fn status(connection: &Thing, now: Moment) -> &'static str {
    if connection.age(now).as_secs() < LIFE { "active" } else { "expired" }
}

fn show(connection: &Thing, now: Moment) -> Value {
    let mut value = Value::Object(connection.shown.clone());
    value["_id"] = json!(connection.id);
    value["status"] = json!(status(connection, now));
    value["connected_at"] = json!(connection.created.to_string());
    value["last_used_at"] = json!(connection.updated.to_string());
    value
}

/// An HTTPS address on a public host, without wildcards.
fn is_public(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let is_private = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok()
        || ["local", "internal", "localhost"].iter().any(|end| host.ends_with(&format!(".{end}")));
    host.contains('.') && !is_private && !address.contains('*')
}

impl Account {
    pub(super) fn connections(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        match call.operation.verb {
            "authorize" => return self.authorize(call, draw),
            "list" => {
                let write = |connection| show(connection, call.now);
                return list::page(call, self.connections.of(""), &[], write);
            }
            _ => {}
        }
        let id = call.id("connection_id");
        match call.operation.verb {
            "get" => Ok(Answer::json(200, &show(self.connection(call)?, call.now))),
            "create_picker_token" => {
                self.use_connection(call)?;
                let body = json!({
                    "access_token": format!("ya29.{}", draw.letters(40)), "expires_in": 3600, "scope": SCOPE,
                    "app_id": "100000000000", "developer_key": format!("AIza{}", draw.letters(35)),
                });
                Ok(Answer::json(200, &body))
            }
            _ => {
                self.connection(call)?;
                self.connections.remove(id);
                self.imports.retain(|import| import.owner != id);
                Ok(Answer::empty(200))
            }
        }
    }

    pub(super) fn connection(&self, call: &Call) -> Result<&Thing, Answer> {
        let id = call.id("connection_id");
        self.connections.get(id).ok_or_else(|| unknown(call, "connection", id))
    }

    /// Notes the use of a connection that works.
    pub(super) fn use_connection(&mut self, call: &Call) -> Result<(), Answer> {
        let id = call.id("connection_id");
        let found = self.connections.get_mut(id);
        let connection = found.ok_or_else(|| unknown(call, "connection", id))?;
        if status(connection, call.now) != "active" {
            let message = "The connection is not active; the user has to consent again.";
            return Err(refuse(call, 409, "connection_not_active", message));
        }
        connection.updated = call.now;
        Ok(())
    }

    fn authorize(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let back = call.body["redirect_uri"].as_str().unwrap_or_default();
        let registered = self.redirect_uris.of("");
        if !registered.is_empty() && !registered.iter().any(|uri| uri.text("redirect_uri") == back)
        {
            return Err(invalid(call, "redirect_uri", "it is not one of those registered"));
        }
        if !back.starts_with("http://") && !back.starts_with("https://") {
            return Err(invalid(call, "redirect_uri", "it must be an HTTPS address"));
        }
        let state = draw.letters(43);
        let kept = json!({
            "redirect_uri": back, "provider": call.body["provider"], "custom_id": call.field("custom_id"),
        });
        self.consents.add(state.clone(), "", Value::Null, kept, call.now);
        let page = format!("{}{}twelve-labs/consent", call.files_origin, files::PREFIX);
        let body = json!({ "authorize_url": format!("{page}?state={state}"), "state": state });
        Ok(Answer::json(200, &body))
    }

    /// The consent page: whoever opens it consents, unless `deny` is in the query.
    pub(super) fn consent(&mut self, call: &FileCall, draw: &mut Draw) -> Answer {
        let state = call.query("state").unwrap_or_default();
        let known = self.consents.get(state);
        let Some(consent) = known.filter(|known| known.age(call.now).as_secs() < CONSENT_LIFE)
        else {
            return files::refuse(400, "InvalidState", "The consent is not known or has ended.");
        };
        let consent = consent.clone();
        self.consents.remove(state);
        let back = consent.kept_text("redirect_uri");
        let outcome = if call.query("deny").is_some() {
            "error=access_denied".to_owned()
        } else {
            let shown = json!({
                "provider": consent.kept.get("provider"), "custom_id": consent.kept.get("custom_id"),
                "account": { "external_id": draw.hex(21), "display_name": "user@example.com" }, "scopes": [SCOPE],
            });
            let made = self.connections.add(draw.hex(24), "", shown, Value::Null, call.now);
            format!("connection_id={}&status=ok", made.id)
        };
        let own = consent.kept_text("custom_id");
        let own = if own.is_empty() { String::new() } else { format!("&custom_id={own}") };
        let joint = if back.contains('?') { '&' } else { '?' };
        Answer::empty(302).header("location", format!("{back}{joint}{outcome}{own}"))
    }

    pub(super) fn redirect_uris(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let write = |uri: &Thing| {
            json!({
                "_id": uri.id, "redirect_uri": uri.text("redirect_uri"), "created_at": uri.created.to_string(),
            })
        };
        match call.operation.verb {
            "list" => list::page(call, self.redirect_uris.of(""), &[], write),
            "create" => {
                let wanted = call.body["redirect_uri"].as_str().unwrap_or_default();
                if !is_public(wanted) {
                    let message =
                        "The address must use HTTPS, be on a public host and have no wildcards.";
                    return Err(refuse(call, 422, "redirect_uri_invalid", message));
                }
                if self.redirect_uris.all().any(|uri| uri.text("redirect_uri") == wanted) {
                    let message = "The address is registered already.";
                    return Err(refuse(call, 409, "redirect_uri_already_exists", message));
                }
                let shown = json!({ "redirect_uri": wanted });
                let made = self.redirect_uris.add(draw.hex(24), "", shown, Value::Null, call.now);
                Ok(Answer::json(201, &write(made)))
            }
            _ => {
                let id = call.id("redirect_uri_id");
                let gone = self.redirect_uris.remove(id);
                gone.ok_or_else(|| unknown(call, "redirect URI", id))?;
                Ok(Answer::empty(200))
            }
        }
    }
}
