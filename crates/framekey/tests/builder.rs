//! How a client is configured: options, environment, and what is wrong with them.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::dynamic::Client;
use framekey::runtime::testing::{Answer, HandClock, Script};
use framekey::{CallOptions, ClientBuilder, Error, ErrorKind, Service};
use serde_json::{Map, Value, json};

fn builder(service: Service) -> ClientBuilder {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    Client::builder(service).platform(script.platform(&HandClock::default())).environment(|_| None)
}

fn refused(builder: ClientBuilder) -> Error {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary"), "{shown}");
    error
}

#[test]
fn e33_a_key_with_a_newline_inside_is_refused_by_place() {
    let error = refused(builder(Service::TwelveLabs).api_key("canary\ncanary"));
    assert_eq!(error.code(), "auth.malformed");
    assert!(
        error
            .to_string()
            .contains("API key from option `api_key` has a control character at byte 7 of 13"),
        "{error}"
    );
}

#[test]
fn unknown_options_and_wrong_types_are_told_with_the_nearest_name() {
    let told = |name: &str, value: Value| {
        builder(Service::ApiVideo).set(name, value).unwrap_err().to_string()
    };
    assert!(
        told("apikey_", json!(1)).contains("`api_key` takes a text"),
        "{}",
        told("apikey_", json!(1))
    );
    assert!(told("base_ulr", json!("x")).contains("did you mean `base_url`?"));
    assert!(told("sandbox", json!("yes")).contains("`sandbox` takes true or false"));
    assert!(told("timeout", json!("1")).contains("`timeout` takes a number of seconds"));
    let other = builder(Service::TwelveLabs).set("sandbox", json!(true)).unwrap_err().to_string();
    assert!(other.contains("Twelve Labs has no option `sandbox`"), "{other}");
    assert!(builder(Service::ApiVideo).set("apiKey", json!("canary")).is_ok());
    assert!(builder(Service::ApiVideo).set("timeout", Value::Null).is_ok());
}

#[test]
fn values_that_cannot_be_used_are_refused_at_build() {
    assert_eq!(
        refused(builder(Service::ApiVideo).base_url("ftp://x")).code(),
        "config.bad_base_url"
    );
    assert_eq!(
        refused(builder(Service::ApiVideo).base_url("http://ws.api.video")).code(),
        "auth.insecure"
    );
    assert_eq!(
        refused(builder(Service::ApiVideo).base_url("https://x").sandbox(true)).code(),
        "config.bad_option"
    );
    assert_eq!(
        refused(builder(Service::ApiVideo).auth_mode("basik").api_key("canary")).code(),
        "config.bad_option"
    );
    assert_eq!(
        refused(builder(Service::ApiVideo).auth_mode("basic").api_key("can:ary")).code(),
        "auth.malformed"
    );
    assert_eq!(
        refused(builder(Service::ApiVideo).set("timeout", json!(0)).unwrap()).code(),
        "config.bad_option"
    );
    let error = refused(builder(Service::VideoVector).api_key("canary-1").jwt("canary.2.3"));
    assert_eq!(error.code(), "auth.conflict");
    assert!(error.to_string().contains("auth_mode"), "{error}");
    assert!(
        builder(Service::VideoVector)
            .api_key("canary-1")
            .jwt("canary.2.3")
            .auth_mode("jwt")
            .build()
            .is_ok()
    );
}

/// The `x-api-key` that a client with this environment sends.
async fn key_from(
    service: Service,
    variables: &'static [(&'static str, &'static str)],
    explicit: Option<&str>,
) -> Result<String, Error> {
    let script = Script::new(|_, _| Answer::json(200, "[]"));
    let look_up = move |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let mut builder = Client::builder(service)
        .platform(script.platform(&HandClock::default()))
        .environment(look_up);
    if let Some(key) = explicit {
        builder = builder.api_key(key);
    }
    let client = builder.build()?;
    client.call("indexes.list", Map::new(), Vec::new(), CallOptions::default()).await?;
    let sent = script.take();
    let base = sent[0].url.clone();
    Ok(format!("{} {base}", sent[0].headers.get("x-api-key").unwrap_or_default()))
}

#[tokio::test]
async fn e32_the_environment_is_read_under_all_its_names_and_explicit_values_switch_it_off() {
    for name in ["FRAMEKEY_TWELVELABS_API_KEY", "TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"] {
        let variables: &'static [(&str, &str)] = Box::leak(Box::new([(name, " tlk_env\n")]));
        let got = key_from(Service::TwelveLabs, variables, None).await.unwrap();
        assert_eq!(got, "tlk_env https://api.twelvelabs.io/v1.3/indexes");
    }
    let both =
        &[("TWELVE_LABS_API_KEY", "tlk_env"), ("TWELVELABS_BASE_URL", "http://127.0.0.1:9/x")];
    assert_eq!(
        key_from(Service::TwelveLabs, both, Some("tlk_code")).await.unwrap(),
        "tlk_code http://127.0.0.1:9/x/indexes"
    );
    let same = &[("TWELVE_LABS_API_KEY", "tlk_env"), ("TWELVELABS_API_KEY", "tlk_env")];
    assert!(key_from(Service::TwelveLabs, same, None).await.is_ok());
    let differ = &[("TWELVE_LABS_API_KEY", "canary-a"), ("TWELVELABS_API_KEY", "canary-b")];
    let error = key_from(Service::TwelveLabs, differ, None).await.unwrap_err();
    assert_eq!(error.code(), "auth.conflict");
    let text = error.to_string();
    assert!(
        text.contains("TWELVE_LABS_API_KEY and TWELVELABS_API_KEY") && !text.contains("canary"),
        "{text}"
    );
    let none = key_from(Service::TwelveLabs, &[], None).await.unwrap_err();
    assert_eq!(none.code(), "auth.missing");
    assert!(
        none.to_string().contains("Set TWELVE_LABS_API_KEY or pass the option `api_key`."),
        "{none}"
    );
}

#[tokio::test]
async fn e33_an_empty_variable_is_not_set_and_a_blank_key_is_refused() {
    let none = key_from(Service::TwelveLabs, &[("TWELVE_LABS_API_KEY", "")], None).await;
    assert_eq!(none.unwrap_err().code(), "auth.missing");
    let one: &[_] = &[("FRAMEKEY_TWELVELABS_API_KEY", ""), ("TWELVE_LABS_API_KEY", "tlk_env")];
    assert!(key_from(Service::TwelveLabs, one, None).await.unwrap().starts_with("tlk_env"));
    for variables in [&[("TWELVE_LABS_API_KEY", " \r\n")], &[("TWELVE_LABS_API_KEY", "''")]] {
        let error = key_from(Service::TwelveLabs, variables, None).await.unwrap_err();
        assert_eq!(error.code(), "auth.malformed");
        assert!(error.to_string().contains("TWELVE_LABS_API_KEY is empty"), "{error}");
    }
}

#[test]
fn sh_02_nothing_that_holds_a_secret_prints_it() {
    let builder =
        builder(Service::VideoVector).api_key("canary-1").jwt("canary.2.3").auth_mode("jwt");
    let shown = format!("{builder:?}");
    let client = builder.build().unwrap();
    let shown = format!("{shown} {client:?} {:?}", client.session());
    assert!(shown.contains("VideoVector") && !shown.contains("canary"), "{shown}");
}
