//! Clock, scenarios, reset, and state that is saved and loaded.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::Path;
use std::time::Duration;

use framekey_catalog::Service;
use framekey_emulator::{Config, Emulator, Moment, Scenario};
use serde_json::{Value, json};
use support::Lab;

#[tokio::test]
async fn the_clock_freezes_steps_and_runs() {
    let lab = Lab::new().await;
    let set = |setting: Value| lab.control("POST", "clock").json(setting).send();
    let got = set(json!({ "now": "2026-01-31T00:00:00Z", "speed": 0 })).await.json();
    assert_eq!(got, json!({ "now": "2026-01-31T00:00:00Z", "speed": 0.0 }));
    tokio::task::yield_now().await;
    assert_eq!(lab.emulator.now(), Moment::parse("2026-01-31T00:00:00Z").unwrap());
    assert_eq!(set(json!({ "advance": 1.5 })).await.json()["now"], "2026-01-31T00:00:01.5Z");
    let video = lab.video("POST", "/videos").json(json!({ "title": "a" })).send().await.json();
    assert_eq!(video["createdAt"], "2026-01-31T00:00:01Z");
    set(json!({ "speed": 100_000 })).await;
    let before = lab.emulator.now();
    std::thread::sleep(Duration::from_millis(20));
    let passed = lab.emulator.now().0 - before.0;
    assert!((2000..60_000).contains(&passed.as_secs()), "{passed:?}");
    for (wrong, field) in [
        (json!({ "speed": -1 }), "speed: a number from 0"),
        (json!({ "now": "yesterday" }), "now: `yesterday` is not a time"),
        (json!({ "now": "1969-12-31T00:00:00Z" }), "is not a time"),
        (json!({ "forward": 1 }), "unknown field `forward`"),
    ] {
        let got = set(wrong.clone()).await;
        let error = got.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(got.status == 400 && error.contains(field), "{wrong}: {error}");
    }
}

#[tokio::test]
async fn a_scenario_starts_everything_over() {
    let lab = Lab::new().await;
    lab.video("POST", "/videos").json(json!({ "title": "old" })).send().await;
    let scenario = json!({
        "seed": 3,
        "clock": { "now": "2026-02-03T04:05:06Z", "speed": 0 },
        "credentials": { "api_video_key": "one-of-ours" },
        "switches": { "api_video": { "token_life": 60 } },
        "faults": [{ "operation": "videos.get", "status": 500 }],
    });
    let applied = lab.control("POST", "scenario").json(scenario).send().await;
    assert_eq!(applied.status, 204, "{}", applied.json());
    assert_eq!(lab.emulator.credentials().api_video_key, "one-of-ours");
    assert_eq!(lab.emulator.now().to_string(), "2026-02-03T04:05:06Z");
    assert_eq!(lab.emulator.switches().api_video.token_life, 60);
    assert!(lab.emulator.journal().is_empty());
    let videos = lab.video("GET", "/videos").send().await.json();
    assert_eq!(videos["pagination"]["itemsTotal"], 0);
    assert_eq!(lab.video("GET", "/videos/a").send().await.status, 500);

    lab.video("POST", "/videos").json(json!({ "title": "new" })).send().await;
    lab.emulator.clear_faults();
    assert_eq!(lab.control("POST", "reset").send().await.status, 204);
    let videos = lab.video("GET", "/videos").send().await.json();
    assert_eq!(videos["pagination"]["itemsTotal"], 0);
    assert_eq!(lab.video("GET", "/videos/a").send().await.status, 500, "as the scenario has it");
    assert_eq!(lab.emulator.calls(Service::ApiVideo, "videos.create"), 0);
}

#[tokio::test]
async fn credentials_of_a_scenario_open_what_they_are_for_and_the_clock_begins_later() {
    let key = format!("sk_live_{}", "0123456789abcdef".repeat(3));
    let credentials = json!({
        "api_video_key": "ours-1", "api_video_sandbox_key": "ours-2", "twelve_labs_key": "ours-3",
        "videovector_key": key, "videovector_jwt": "ours.4.x", "videovector_oauth": "ours.5.x",
    });
    let clock = json!({ "now": "2026-01-31T00:00:00Z", "advance": 90, "speed": 0 });
    let scenario = json!({ "credentials": credentials, "clock": clock }).to_string();
    let lab = Lab::of(Scenario::read(scenario.as_bytes()).unwrap()).await;
    assert_eq!(lab.emulator.now().to_string(), "2026-01-31T00:01:30Z");
    let (drawn, service) = (Lab::new().await.emulator.credentials(), Service::VideoVector);
    let sandbox = || support::ask("GET", format!("{}/videos", lab.emulator.sandbox_url()));
    let video = || lab.to(Service::ApiVideo, "GET", "/videos");
    let labs = || lab.to(Service::TwelveLabs, "GET", "/indexes");
    let (indexes, keys) =
        (|| lab.to(service, "GET", "/indexes"), || lab.to(service, "GET", "/api-keys"));
    for (request, status) in [
        (video().basic("ours-1"), 200),
        (video().basic("ours-2"), 401),
        (video().basic(&drawn.api_video_key), 401),
        (sandbox().basic("ours-2"), 200),
        (sandbox().basic(&drawn.api_video_sandbox_key), 401),
        (labs().key("ours-3"), 200),
        (labs().key(&drawn.twelve_labs_key), 401),
        (indexes().key(&key), 200),
        (indexes().key(&drawn.videovector_key), 401),
        (keys().bearer("ours.4.x"), 200),
        (keys().bearer(&drawn.videovector_jwt), 401),
        (indexes().bearer("ours.5.x"), 200),
        (indexes().bearer(&drawn.videovector_oauth), 401),
    ] {
        assert_eq!(request.clone().send().await.status, status, "{:?}", request.url());
    }
}

#[tokio::test]
async fn the_same_scenario_has_the_same_story() {
    let text = std::fs::read(scenarios().join("lossy.json")).unwrap();
    let play = || async {
        let scenario = Scenario::read(&text).unwrap();
        let config = Config { scenario, ..Config::default() };
        let lab = Lab { emulator: Emulator::start(config).await.unwrap() };
        let mut story = Vec::new();
        for _ in 0..200 {
            let created = lab.video("POST", "/videos").json(json!({ "title": "t" })).try_send();
            story.push(created.await.map_or(0, |got| got.status));
        }
        story
    };
    let (one, two) = (play().await, play().await);
    assert_eq!(one, two);
    assert!(one.contains(&201) && one.iter().any(|status| *status != 201), "{one:?}");
}

fn scenarios() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

#[tokio::test]
async fn every_document_of_the_tests_can_be_applied() {
    let lab = Lab::new().await;
    let mut count = 0;
    for entry in std::fs::read_dir(scenarios()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let scenario = Scenario::read(&std::fs::read(&path).unwrap());
            let scenario = scenario.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            assert!(!scenario.about.is_empty(), "{}", path.display());
            lab.emulator.apply(scenario).unwrap();
            count += 1;
        }
    }
    assert!(count >= 10, "{count}");
}

#[tokio::test]
async fn the_scenario_of_the_readme_does_what_it_says() {
    let readme = include_str!("../README.md");
    let example = readme.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let lab = Lab::new().await;
    let got = lab.control("POST", "scenario").raw("application/json", example).send().await;
    assert_eq!(got.status, 204, "{}", got.json());
    let switches = lab.emulator.switches();
    assert_eq!((switches.api_video.token_life, switches.journal_limit), (60, 1000));
    let body = json!({ "apiKey": "a-key-of-ours" });
    let exchange = || lab.to(Service::ApiVideo, "POST", "/auth/api-key").json(body.clone());
    assert_eq!(exchange().send().await.status, 503);
    assert_eq!(exchange().send().await.json()["expires_in"], 60);
    // Every name of a field stands in the tables.
    for name in serde_json::to_value(&switches).unwrap()["api_video"].as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`api_video.{name}`")), "{name}");
    }
}

#[tokio::test]
async fn a_wrong_scenario_is_named_and_changes_nothing() {
    let lab = Lab::new().await;
    lab.video("POST", "/videos").json(json!({ "title": "kept" })).send().await;
    for (scenario, field) in [
        (json!({ "sed": 1 }), "unknown field `sed`, expected one of `about`, `seed`"),
        (json!({ "sed": 1 }), "; did you mean `seed`?"),
        (json!({ "faults": [{ "goaway": "gracefull" }] }), "; did you mean `graceful`?"),
        (
            json!({ "faults": [{ "operation": "video.list", "reset": true }] }),
            "faults[0].operation: no operation is called `video.list`; did you mean `videos.list`?",
        ),
        (
            json!({ "faults": [{ "operation": "vidoes.*", "reset": true }] }),
            "; did you mean `videos.*`?",
        ),
        (
            json!({ "seed": "1" }),
            "seed: invalid type: string \"1\", expected a whole number from 0",
        ),
        (json!({ "clock": { "speed": -1 } }), "clock.speed: a number from 0"),
        (
            json!({ "switches": { "api_video": { "token_life": 0 } } }),
            "switches.api_video.token_life",
        ),
        (json!({ "faults": [{ "reset": true }, { "status": 1 }] }), "faults[1].status: a number"),
        (json!({ "faults": [{ "status": true }] }), "faults[0].status: invalid type"),
        (json!({ "credentials": { "key": "x" } }), "credentials.key: unknown field `key`"),
    ] {
        let got = lab.control("POST", "scenario").json(scenario.clone()).send().await;
        let error = got.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(got.status == 400 && error.contains(field), "{scenario}: {error}");
    }
    let videos = lab.video("GET", "/videos").send().await.json();
    assert_eq!(videos["data"][0]["title"], "kept");
}

#[tokio::test]
async fn a_saved_state_is_the_same_in_another_emulator() {
    let lab = Lab::new().await;
    lab.emulator.freeze();
    let video = lab.video("POST", "/videos").json(json!({ "title": "kept" })).send().await.json();
    let token = lab.video("POST", "/upload-tokens").json(json!({ "ttl": 60 })).send().await.json();
    let made = lab.user("POST", "/api-keys").json(json!({ "name": "new" })).send().await.json();
    let key = lab.emulator.credentials().api_video_key;
    let exchange =
        lab.to(Service::ApiVideo, "POST", "/auth/api-key").json(json!({ "apiKey": key }));
    let pair = exchange.send().await.json();
    lab.emulator.switch(|switches| switches.api_video.reuse_grace = Some(3.0));
    let fault = json!({ "operation": "videos.delete", "status": 500 });
    lab.control("POST", "faults").json(fault).send().await;
    let saved = lab.control("GET", "state").send().await;
    assert_eq!(saved.json(), lab.emulator.snapshot());

    let config = Config { seed: 99, ..Config::default() };
    let other = Lab { emulator: Emulator::start(config).await.unwrap() };
    let loaded = other.control("PUT", "state").json(saved.json()).send().await;
    assert_eq!(loaded.status, 204, "{}", loaded.json());
    assert_eq!(other.emulator.snapshot(), lab.emulator.snapshot());
    let path = format!("/videos/{}", video["videoId"].as_str().unwrap());
    assert_eq!(other.video("GET", &path).send().await.json(), video);
    assert_eq!(other.video("DELETE", &path).send().await.status, 500);
    let path = format!("/upload-tokens/{}", token["token"].as_str().unwrap());
    assert_eq!(other.video("GET", &path).send().await.json(), token);
    let key = made["key"].as_str().unwrap();
    assert_eq!(other.with_key(key, "GET", "/auth/validate").send().await.status, 200);
    let bearer = pair["access_token"].as_str().unwrap();
    let list = other.to(Service::ApiVideo, "GET", "/videos").bearer(bearer).send().await;
    assert_eq!(list.status, 200);
    let draw = |lab: &Lab| lab.video("POST", "/videos").json(json!({ "title": "next" })).send();
    let (one, two) = (draw(&lab).await.json(), draw(&other).await.json());
    assert_eq!(one["videoId"], two["videoId"], "and it goes on alike");
}

#[tokio::test]
async fn a_wrong_state_is_named() {
    let lab = Lab::new().await;
    let good = lab.emulator.snapshot();
    let with = |name: &str, value: Value| {
        let mut state = good.clone();
        state[name] = value;
        lab.emulator.restore(&state).unwrap_err()
    };
    assert!(with("version", json!(2)).contains("version: 1 is known to this emulator, not 2"));
    assert!(with("calls", json!({ "api-video": { "x.y": 1 } })).contains("calls.api-video.x.y"));
    assert!(with("services", json!({})).contains("services: missing field"));
    assert!(with("clock", json!({ "speed": "x" })).contains("clock.speed"));
    assert_eq!(lab.emulator.snapshot()["services"], good["services"]);
}
