//! The control plane under `/__emulator/`, for tests in any language.

use std::time::Duration;

use framekey_catalog::Service;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::switches::Switches;
use crate::world::{Place, World};

/// Base URLs and ready credentials.
pub(crate) fn info(world: &World) -> Value {
    let address = world.address();
    let keys = world.credentials();
    let base = |service: Service| Place::of(service).base_url(address);
    json!({
        "control": format!("http://{address}/__emulator"),
        "files": world.files_origin(),
        "api-video": { "base_url": base(Service::ApiVideo), "api_key": keys.api_video_key },
        "api-video-sandbox": { "base_url": Place::Sandbox.base_url(address), "api_key": keys.api_video_sandbox_key },
        "twelve-labs": { "base_url": base(Service::TwelveLabs), "api_key": keys.twelve_labs_key },
        "videovector": {
            "base_url": base(Service::VideoVector), "api_key": keys.videovector_key,
            "jwt": keys.videovector_jwt, "oauth": keys.videovector_oauth,
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
        ("DELETE", "journal") => {
            world.clear_journal();
            Answer::empty(204)
        }
        ("GET", "counters") => Answer::json(200, &world.counters()),
        ("GET", "clock") => Answer::json(200, &json!({ "now": world.now().to_string() })),
        ("GET", "switches") => Answer::json(200, &json!(*world.switches())),
        ("POST", "switches") => switch(world, body),
        ("POST", "revoke") => {
            Answer::json(200, &json!({ "access_tokens": world.revoke_access_tokens() }))
        }
        ("POST", "clock") => advance(world, body),
        ("GET", "faults") => Answer::json(200, &json!(world.faults())),
        ("POST", "faults") => plant(world, body),
        ("DELETE", "faults") => {
            world.clear_faults();
            Answer::empty(204)
        }
        _ => Answer::json(
            404,
            &json!({ "error": "no such switch: info, journal, counters, clock, faults, switches, revoke" }),
        ),
    }
}

fn wrong(message: &str) -> Answer {
    Answer::json(400, &json!({ "error": message }))
}

fn advance(world: &World, body: &[u8]) -> Answer {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let seconds = asked.get("advance").and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0);
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(time) => {
            world.advance(time);
            Answer::json(200, &json!({ "now": world.now().to_string() }))
        }
        None => wrong("`advance` is a number of seconds from 0"),
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

fn plant(world: &World, body: &[u8]) -> Answer {
    match document(body).and_then(|fault: Fault| world.plant(fault)) {
        Ok(()) => Answer::empty(204),
        Err(why) => wrong(&why),
    }
}

/// Reads a document; an error names the field and what was expected there.
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // A struct would be read from an array as well, field by field.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("invalid: a JSON object is expected".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let document =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(document)
}
