//! The control plane under `/__emulator/`, for tests in any language.

use framekey_catalog::Service;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::ClockSetting;
use crate::fault::Fault;
use crate::near::{hinted, plain};
use crate::scenario::Scenario;
use crate::switches::Switches;
use crate::tls::TlsError;
use crate::world::{Place, World};

/// Base URLs and ready credentials.
pub(crate) fn info(world: &World) -> Value {
    let keys = world.credentials();
    let base = |service: Service| world.base_url(Place::of(service));
    // One that was taken away is none.
    let told = |key: &str| (!key.is_empty()).then(|| key.to_owned());
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        // Always plain: who controls the emulator need not trust its authority.
        "control": format!("{}/__emulator", world.origin("http")),
        "files": world.files_origin(world.scheme()),
        "api-video": { "base_url": base(Service::ApiVideo), "api_key": keys.api_video_key },
        "api-video-sandbox": { "base_url": world.base_url(Place::Sandbox), "api_key": keys.api_video_sandbox_key },
        "twelve-labs": { "base_url": base(Service::TwelveLabs), "api_key": told(&keys.twelve_labs_key) },
        "videovector": {
            "base_url": base(Service::VideoVector), "api_key": keys.videovector_key,
            "jwt": told(&keys.videovector_jwt), "oauth": told(&keys.videovector_oauth),
        },
    })
}

/// Answers one control request; `path` is what follows `/__emulator/`.
pub(crate) fn answer(world: &World, method: &str, path: &str, body: &[u8]) -> Answer {
    match (method, path) {
        ("GET", "info") => Answer::json(200, &info(world)),
        ("GET", "journal") => {
            let entries: Vec<Value> =
                world.journal().iter().map(crate::journal::Entry::to_json).collect();
            Answer::json(200, &Value::Array(entries))
        }
        ("GET", "authority") => pem(world.tls().authority().map(|own| own.pem().to_owned())),
        ("GET", "certificate") => pem(world.tls().certificate()),
        ("DELETE", "journal") => {
            world.clear_journal();
            Answer::empty(204)
        }
        ("POST", "broadcast") => broadcast(world, body),
        ("GET", "counters") => Answer::json(200, &world.counters()),
        ("GET", "clock") => clock(world),
        ("GET", "switches") => Answer::json(200, &json!(*world.switches())),
        ("POST", "switches") => switch(world, body),
        ("POST", "revoke") => {
            Answer::json(200, &json!({ "access_tokens": world.revoke_access_tokens() }))
        }
        ("POST", "clock") => set_clock(world, body),
        ("POST", "scenario") => {
            done(Scenario::read(body).and_then(|scenario| world.apply(scenario)))
        }
        ("POST", "reset") => {
            world.reset();
            Answer::empty(204)
        }
        ("GET", "state") => Answer::json(200, &world.save()),
        ("PUT", "state") => done(world.load(body)),
        ("GET", "faults") => Answer::json(200, &json!(world.faults())),
        ("POST", "faults") => done(document(body).and_then(|fault: Fault| world.plant(fault))),
        ("DELETE", "faults") => {
            world.clear_faults();
            Answer::empty(204)
        }
        (method, path) => world.desk(method, path, body).unwrap_or_else(|| no_switch(path)),
    }
}

/// What there is, and by which methods.
const SWITCHES: [(&str, &str); 18] = [
    ("info", "GET"),
    ("authority", "GET"),
    ("certificate", "GET"),
    ("journal", "GET, DELETE"),
    ("counters", "GET"),
    ("clock", "GET, POST"),
    ("switches", "GET, POST"),
    ("faults", "GET, POST, DELETE"),
    ("revoke", "POST"),
    ("scenario", "POST"),
    ("reset", "POST"),
    ("state", "GET, PUT"),
    ("broadcast", "POST"),
    ("example", "POST"),
    ("twelve-labs/key", "POST, DELETE"),
    ("twelve-labs/webhooks", "GET, POST"),
    ("twelve-labs/webhooks/{id}", "DELETE"),
    ("videovector/bearer", "POST, DELETE"),
];

fn no_switch(path: &str) -> Answer {
    let is_it = |name: &str| match name.strip_suffix("{id}") {
        Some(head) => path.starts_with(head),
        None => path == name,
    };
    if let Some((name, methods)) = SWITCHES.iter().find(|(name, _)| is_it(name)) {
        let body = json!({ "error": format!("{name} takes {methods}") });
        return Answer::json(405, &body).header("allow", *methods);
    }
    let names = SWITCHES.map(|(name, _)| name).join(", ");
    Answer::json(404, &json!({ "error": format!("no such switch: {names}") }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Broadcast {
    live_stream: String,
}

/// Puts a live stream of api.video on air: `{"live_stream": "li…"}`.
fn broadcast(world: &World, body: &[u8]) -> Answer {
    with(body, |Broadcast { live_stream }| match world.broadcast(&live_stream) {
        true => Ok(Answer::empty(204)),
        false => Err(format!("live_stream: there is no live stream {live_stream}")),
    })
}

/// What `then` makes of a document; no body at all is an empty one.
pub(crate) fn with<T: DeserializeOwned>(
    body: &[u8],
    then: impl FnOnce(T) -> Result<Answer, String>,
) -> Answer {
    let body = if body.is_empty() { b"{}" } else { body };
    document(body).and_then(then).unwrap_or_else(|why| wrong(&why))
}

fn pem(text: Result<String, TlsError>) -> Answer {
    match text {
        Ok(text) => Answer::of(200, "application/x-pem-file", text),
        Err(why) => Answer::json(500, &json!({ "error": why.to_string() })),
    }
}

fn wrong(message: &str) -> Answer {
    Answer::json(400, &json!({ "error": message }))
}

fn done(outcome: Result<(), String>) -> Answer {
    match outcome {
        Ok(()) => Answer::empty(204),
        Err(why) => wrong(&why),
    }
}

fn clock(world: &World) -> Answer {
    Answer::json(200, &json!({ "now": world.now(), "speed": world.clock().speed() }))
}

fn set_clock(world: &World, body: &[u8]) -> Answer {
    let setting = document(body).and_then(|setting: ClockSetting| {
        setting.check()?;
        Ok(setting)
    });
    match setting {
        Ok(setting) => {
            world.clock().set(setting);
            clock(world)
        }
        Err(why) => wrong(&why),
    }
}

/// Sets what the document names; all else stays.
fn switch(world: &World, body: &[u8]) -> Answer {
    let set = || {
        // Read by itself first, so that an error names the field.
        document::<Switches>(body)?;
        let mut switches = json!(*world.switches());
        merge(&mut switches, document(body)?);
        world.set_switches(serde_json::from_value(switches).map_err(|error| error.to_string())?)
    };
    match set() {
        Ok(()) => Answer::json(200, &json!(*world.switches())),
        Err(why) => wrong(&why),
    }
}

fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                merge(old.entry(name).or_insert(Value::Null), value);
            }
        }
        (old, new) => *old = new,
    }
}

/// Reads a document; an error names the field and what was expected there.
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // A struct would be read from an array as well, field by field.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("invalid: a JSON object is expected".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let document = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| hinted(plain(&error.to_string())))?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(document)
}
