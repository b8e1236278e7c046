//! Documents of the control plane: a scenario (with its faults, switches, clock and credentials), or a
//! saved state. Refused with a reason, or taken; and what was taken can be saved, and goes on answering.

use bytes::Bytes;
use framekey_emulator::Scenario;
use framekey_emulator::fuzz::Bench;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

use super::story;
use crate::{Target, run, words};

pub(crate) const TARGET: Target =
    Target { name: "document", check, seeds, words: pieces, longest: 8192 };

fn check(data: &[u8]) {
    match Scenario::read(data) {
        Err(why) => assert!(!why.is_empty()),
        Ok(scenario) => {
            let written = json!(scenario).to_string();
            let again = Scenario::read(written.as_bytes()).expect("what is written can be read");
            assert_eq!(json!(again).to_string(), written);
            let bench = Bench::new(scenario).expect("it was checked");
            use_it(&bench);
            let (saved, other) = (bench.save(), story::bench());
            other.load(saved.to_string().as_bytes()).expect("what is saved can be loaded");
            assert_eq!(timeless(other.save()), timeless(saved));
        }
    }
    let bench = story::bench();
    if bench.load(data).is_ok() {
        use_it(&bench);
        let saved = bench.save().to_string();
        bench.load(saved.as_bytes()).expect("what is saved can be loaded");
    }
}

fn use_it(bench: &Bench) {
    for (method, path) in [
        ("GET", "/api-video/videos"),
        ("POST", "/api-video/videos"),
        ("GET", "/twelve-labs/v1.3/indexes"),
        ("GET", "/videovector/api/v2/videos"),
        ("GET", "/__emulator/info"),
        ("GET", "/__emulator/counters"),
    ] {
        let body = Full::new(Bytes::from_static(b"{\"title\":\"a\"}"));
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        // A fault may have it never answered.
        drop(run::wait(bench.ask(request)));
    }
}

/// A clock that goes shows another time at each look.
fn timeless(mut saved: Value) -> Value {
    saved["clock"] = Value::Null;
    saved
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = words::inputs(&[
        "{}",
        "[]",
        "{\"seed\":7,\"clock\":{\"now\":\"2026-01-31T00:00:00Z\",\"speed\":0}}",
        "{\"clock\":{\"advance\":1e19}}",
        "{\"credentials\":{\"api_video_key\":\"k\",\"twelve_labs_key\":\"\u{e9}\"}}",
        "{\"clock\":{\"speed\":1000000}}",
        "{\"switches\":{\"journal_limit\":0,\"rate_limits\":[{\"operation\":\"*\",\"requests\":1,\"seconds\":60}]}}",
        "{\"faults\":[{\"service\":\"api-video\",\"operation\":\"videos.*\",\"every\":2,\"status\":503,\"headers\":{\"Retry-After\":\"3\"}}]}",
        "{\"faults\":[{\"delay\":0.5,\"cut\":10,\"reset\":true},{\"size\":10737418240,\"drip\":{\"bytes\":1,\"seconds\":1}}]}",
        "{\"faults\":[{\"base64\":\"AA==\",\"probability\":0.5,\"times\":1},{\"raw\":\"HTTP/1.1 100\\r\\n\"}]}",
        "{\"faults\":[{\"set\":{\"/data/0\":1,\"/~1\":null},\"remove\":[\"/data\"],\"rebase\":\"http://a\"},{\"redirect\":\"https://evil.example\"}]}",
        "{\"faults\":[{\"stall\":true,\"calls\":[1,2]},{\"status\":1000},{\"delay\":1e300}]}",
    ]);
    seeds.push(serde_json::to_vec(&story::bench().save()).unwrap());
    seeds
}

fn pieces() -> Vec<String> {
    let mut pieces = words::of(&[
        "\"faults\":[{",
        "\"switches\":{",
        "\"clock\":{",
        "\"credentials\":{",
        "\"seed\":",
        "\"delay\":",
        "\"drip\":{\"bytes\":0,\"seconds\":",
        "\"cut\":",
        "\"size\":",
        "\"status\":",
        "\"headers\":{",
        "\"set\":{\"/",
        "\"every\":0",
        "\"probability\":",
        "\"calls\":[",
        "\"after_commit\":true",
        "\"stall\":true",
        "\"reset\":true",
        "\"service\":\"twelve-labs\"",
        "\"operation\":\"*\"",
        "\"advance\":",
        "\"speed\":",
        "\"now\":\"2026-01-31T00:00:00Z\"",
        "\"raw\":\"",
        "\"text\":\"",
        "\"redirect\":\"",
        "\"journal_limit\":",
        "\"rate_limits\":[",
        "\"version\":1",
        "\"due\":",
        "\"tries\":",
    ]);
    pieces.extend(words::of(&words::ODD));
    pieces
}
