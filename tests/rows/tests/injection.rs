//! RD-06: no byte of the caller's begins a header, another route or another origin.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::dynamic::Client;
use framekey::{CallOptions, Error, Service};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{BaseUrl, HttpRequest, Request, Session};
use serde_json::{Value, json};

/// What goes on the wire, or why nothing does.
type Outcome = Result<Vec<HttpRequest>, Error>;

const BASE: &str = "https://api.example/v1";

async fn call(
    service: Service,
    options: &[(&str, &str)],
    operation: &str,
    arguments: Value,
) -> Outcome {
    let script = Script::new(|_, _| {
        Answer::json(200, r#"{"access_token":"access-0123456789","expires_in":3600}"#)
    });
    let mut builder = Client::builder(service)
        .environment(|_| None)
        .platform(script.platform(&HandClock::default()));
    let base = [("base_url", BASE)];
    let given = options.iter().any(|(name, _)| *name == "base_url");
    for (name, value) in options.iter().chain(if given { &[][..] } else { &base }) {
        builder = builder.set(name, (*value).into())?;
    }
    let outcome = match builder.build() {
        Err(error) => Err(error),
        Ok(client) => {
            let Value::Object(arguments) = arguments else { panic!("not an object") };
            let client: Client = client;
            client.call(operation, arguments, Vec::new(), CallOptions::default()).await
        }
    };
    match (outcome, script.take()) {
        (Ok(_), sent) => Ok(sent),
        (Err(error), sent) => {
            assert!(sent.is_empty(), "{operation}: sent, and then: {error}");
            Err(error)
        }
    }
}

const PLACES: [&str; 10] = [
    "key in a header",
    "key as basic",
    "key in the exchange",
    "JWT",
    "upload token",
    "id",
    "value of a query",
    "value of a header",
    "base URL",
    "User-Agent",
];

async fn put(place: &str, text: &str) -> Outcome {
    use Service::{ApiVideo, TwelveLabs, VideoVector};
    let none = || json!({});
    match place {
        "key in a header" => call(TwelveLabs, &[("api_key", text)], "indexes.list", none()).await,
        "key as basic" => {
            let options = [("api_key", text), ("auth_mode", "basic")];
            call(ApiVideo, &options, "videos.list", none()).await
        }
        "key in the exchange" => call(ApiVideo, &[("api_key", text)], "videos.list", none()).await,
        "JWT" => call(VideoVector, &[("jwt", text)], "indexes.list", none()).await,
        "upload token" => {
            call(
                ApiVideo,
                &[("upload_token", text)],
                "videos.upload_with_token",
                json!({ "file": null }),
            )
            .await
        }
        "id" => {
            let options = [("api_key", "key-0123456789")];
            call(TwelveLabs, &options, "indexes.get", json!({ "index_id": text })).await
        }
        "value of a query" => {
            let options = [("api_key", "key-0123456789")];
            call(TwelveLabs, &options, "indexes.list", json!({ "index_name": text })).await
        }
        "value of a header" => {
            let options = [("api_key", "key-0123456789")];
            let arguments = json!({ "name": "x", "idempotency_key": text });
            call(VideoVector, &options, "indexes.create", arguments).await
        }
        "base URL" => {
            let base = format!("{BASE}{text}");
            let options = [("api_key", "key-0123456789"), ("base_url", &base)];
            call(TwelveLabs, &options, "indexes.list", none()).await
        }
        _ => {
            let script = Script::new(|_, _| Answer::json(200, "{}"));
            let platform = script.platform(&HandClock::default());
            let base = BaseUrl::parse(BASE).unwrap();
            let session =
                Session::builder(Service::ApiVideo, base, platform).user_agent(text).build();
            let operation = framekey_catalog::find(Service::ApiVideo, "tags.list").unwrap();
            let request = Request { path: operation.path.to_owned(), ..Request::default() };
            session.send(operation, request).await.map(|_| script.take())
        }
    }
}

#[tokio::test]
async fn rd_06_no_control_byte_is_sent_from_any_place() {
    let mut refused = 0;
    for place in PLACES {
        for byte in 0..=255_u8 {
            let odd = char::from(byte);
            let text = format!("canary{odd}canary");
            let outcome = put(place, &text).await;
            let told = outcome.as_ref().err().map(|error| format!("{error} {error:?}"));
            if byte < 0x20 || byte == 0x7f {
                let told = told.unwrap_or_else(|| panic!("{place}: byte {byte} was sent"));
                // The base URL begins before the text.
                let at = if place == "base URL" { BASE.len() + 7 } else { 7 };
                assert!(told.contains(&format!("byte {at}")), "{place}, {byte}: {told}");
                refused += 1;
            }
            if let Some(told) = outcome.err().map(|error| format!("{error} {error:?}")) {
                assert!(!told.contains("canary"), "{place}, {byte}: the value is in {told}");
            }
            // What may be sent arrives as it is; what a key cannot have is refused.
            let sent = put(place, &text).await.is_ok();
            let may = match place {
                "id" | "value of a query" => !byte.is_ascii_control(),
                "value of a header" | "User-Agent" => (0x20..0x7f).contains(&byte),
                "base URL" => sent,
                "key as basic" => (0x21..0x7f).contains(&byte) && byte != b':',
                _ => (0x21..0x7f).contains(&byte),
            };
            assert_eq!(sent, may, "{place}, byte {byte}");
        }
    }
    assert_eq!(refused, 33 * PLACES.len());
}

#[tokio::test]
async fn rd_06_one_line_end_after_a_key_is_no_part_of_it() {
    for place in ["key in a header", "JWT", "upload token"] {
        for end in ["\n", "\r\n"] {
            let sent = put(place, &format!("canary-0123{end}")).await.unwrap();
            let shown: Vec<String> =
                sent[0].headers.iter().map(|(_, value)| value.to_owned()).collect();
            let all = format!("{} {}", shown.join(" "), sent[0].url);
            assert!(all.contains("canary-0123") && !all.contains("%0A"), "{place}");
        }
    }
}
