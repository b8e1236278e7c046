//! The switches of credentials: revoked early, refused for ever, watched for reuse, known late.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use framekey_catalog::Service;
use framekey_emulator::{Config, Emulator};
use serde_json::{Value, json};
use support::{Got, Lab};

async fn exchange(lab: &Lab) -> Value {
    let key = lab.emulator.credentials().api_video_key.clone();
    let got = lab
        .to(Service::ApiVideo, "POST", "/auth/api-key")
        .json(json!({ "apiKey": key }))
        .send()
        .await;
    assert_eq!(got.status, 200);
    got.json()
}

async fn refresh(lab: &Lab, pair: &Value) -> Got {
    let body = json!({ "refreshToken": pair["refresh_token"] });
    lab.to(Service::ApiVideo, "POST", "/auth/refresh").json(body).send().await
}

async fn list(lab: &Lab, pair: &Value) -> u16 {
    let token = pair["access_token"].as_str().unwrap();
    lab.to(Service::ApiVideo, "GET", "/videos").bearer(token).send().await.status
}

fn counts(lab: &Lab) -> Value {
    lab.emulator.counters()["credentials"]["api-video"].clone()
}

#[tokio::test]
async fn access_tokens_end_early_or_are_never_good() {
    let lab = Lab::new().await;
    let pair = exchange(&lab).await;
    assert_eq!(list(&lab, &pair).await, 200);
    let got = lab.control("POST", "revoke").send().await.json();
    assert_eq!((got, list(&lab, &pair).await), (json!({ "access_tokens": 1 }), 401));
    assert_eq!(refresh(&lab, &pair).await.status, 200, "its refresh token is still good");
    let off = json!({ "api_video": { "refuse_access_tokens": true } });
    assert_eq!(lab.control("POST", "switches").json(off).send().await.status, 200);
    assert_eq!(list(&lab, &exchange(&lab).await).await, 401);
    lab.emulator.switch(|switches| switches.api_video.refuse_access_tokens = false);
    lab.emulator.switch(|switches| switches.api_video.token_life = 5);
    let short = exchange(&lab).await;
    assert_eq!((&short["expires_in"], list(&lab, &short).await), (&json!(5), 200));
    lab.emulator.advance(Duration::from_secs(5));
    assert_eq!(list(&lab, &short).await, 401);
    let counts = counts(&lab);
    assert_eq!((&counts["exchanges"], &counts["refreshes"]), (&json!(3), &json!(1)));
    assert_eq!(counts["revoked"], 1);
}

#[tokio::test]
async fn tk_15_a_reused_refresh_token_takes_its_family_with_it() {
    let lab = Lab::new().await;
    lab.emulator.switch(|switches| switches.api_video.reuse_grace = Some(10.0));
    let (first, other) = (exchange(&lab).await, exchange(&lab).await);
    let second = refresh(&lab, &first).await.json();
    lab.emulator.advance(Duration::from_secs(9));
    let third = refresh(&lab, &first).await;
    assert_eq!(third.status, 200, "within the grace");
    assert_eq!(counts(&lab)["families_revoked"], 0);
    lab.emulator.advance(Duration::from_secs(2));
    assert_eq!(refresh(&lab, &first).await.status, 400);
    assert_eq!(list(&lab, &second).await, 401, "its access tokens ended");
    assert_eq!(refresh(&lab, &third.json()).await.status, 400, "and its other refresh tokens");
    assert_eq!(list(&lab, &other).await, 200, "another family is not touched");
    assert_eq!(refresh(&lab, &other).await.status, 200);
    let counts = counts(&lab);
    assert_eq!((&counts["reuses"], &counts["families_revoked"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_refresh_token_is_good_once_unless_it_is_set_otherwise() {
    let lab = Lab::new().await;
    let pair = exchange(&lab).await;
    assert_eq!(refresh(&lab, &pair).await.status, 200);
    let refused = refresh(&lab, &pair).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (400, "authentication-invalid-user-credentials".to_owned())
    );
    lab.emulator.switch(|switches| switches.api_video.wrong_key_status = 401);
    assert_eq!(refresh(&lab, &pair).await.status, 401);
    assert_eq!(list(&lab, &pair).await, 200, "without the watch nothing else happens");
    lab.emulator.switch(|switches| switches.api_video.refresh_once = false);
    let pair = exchange(&lab).await;
    assert_eq!([refresh(&lab, &pair).await.status, refresh(&lab, &pair).await.status], [200, 200]);
}

#[tokio::test]
async fn what_the_sources_leave_open_is_a_switch() {
    let lab = Lab::new().await;
    let token = exchange(&lab).await["access_token"].as_str().unwrap().to_owned();
    let bare =
        || lab.to(Service::ApiVideo, "GET", "/videos").header("authorization", &token).send();
    assert_eq!(bare().await.status, 401);
    lab.emulator.switch(|switches| switches.api_video.bare_authorization = true);
    assert_eq!(bare().await.status, 200);
    let wrong = || {
        let body = json!({ "apiKey": "wrong" });
        lab.to(Service::ApiVideo, "POST", "/auth/api-key").json(body).send()
    };
    assert_eq!(wrong().await.status, 400);
    lab.emulator.switch(|switches| switches.api_video.wrong_key_status = 401);
    assert_eq!(wrong().await.status, 401);
    assert_eq!(counts(&lab)["refused_keys"], 2);
}

#[tokio::test]
async fn ro_03_a_new_key_is_known_late() {
    let lab = Lab::new().await;
    lab.emulator.switch(|switches| switches.videovector.key_delay = 5.0);
    let made = lab.user("POST", "/api-keys").json(json!({ "name": "new" })).send().await.json();
    let key = made["key"].as_str().unwrap();
    assert_eq!(lab.with_key(key, "GET", "/auth/validate").send().await.status, 401);
    let first = lab.emulator.credentials().videovector_key.clone();
    assert_eq!(lab.with_key(&first, "GET", "/auth/validate").send().await.status, 200);
    lab.emulator.advance(Duration::from_secs(5));
    assert_eq!(lab.with_key(key, "GET", "/auth/validate").send().await.status, 200);
}

#[tokio::test]
async fn a_wrong_switch_is_named() {
    let lab = Lab::new().await;
    for (switches, field) in [
        (json!({ "api_video": { "token_life": 0 } }), "api_video.token_life"),
        (json!({ "api_video": { "token_life": "1" } }), "api_video.token_life: invalid type"),
        (json!({ "api_video": { "reuse_grace": 61 } }), "api_video.reuse_grace"),
        (json!({ "videovector": { "key_dely": 1 } }), "unknown field `key_dely`"),
        (json!([]), "invalid"),
    ] {
        let got = lab.control("POST", "switches").json(switches.clone()).send().await;
        let error = got.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(got.status == 400 && error.contains(field), "{switches}: {error}");
    }
    assert_eq!(lab.emulator.switches(), framekey_emulator::Switches::default());
}

#[tokio::test]
async fn it_listens_where_it_is_told_and_its_urls_can_be_called() {
    let loopback = Emulator::start(Config::default()).await.unwrap();
    assert!(loopback.base_url(Service::ApiVideo).starts_with("http://127.0.0.1:"));
    let listen = "0.0.0.0".parse().unwrap();
    let open = Emulator::start(Config { listen, ..Config::default() }).await.unwrap();
    let url = open.base_url(Service::TwelveLabs);
    let port = url.strip_prefix("http://127.0.0.1:").unwrap().split('/').next().unwrap();
    let elsewhere = format!("127.0.0.2:{port}");
    assert!(tokio::net::TcpStream::connect(&elsewhere).await.is_ok(), "{elsewhere}");
    let url = loopback.base_url(Service::TwelveLabs).replace("http://127.0.0.1", "127.0.0.2");
    let closed = url.split('/').next().unwrap();
    assert!(tokio::net::TcpStream::connect(closed).await.is_err(), "{closed}");
}
