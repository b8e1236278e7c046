//! Any HTTP answer to a call: `STATUS`, headers, a blank line, a body. It is an answer or one error,
//! bounded, and without the key, which services like to repeat.

use framekey_auth::{ApiKeyCredential, CredentialSet, HeldKey, Provenance};
use framekey_catalog::Service;
use framekey_runtime::testing::{Answer, Script};
use framekey_runtime::{BaseUrl, Error, Request, Secret, Session};
use std::sync::Arc;

use crate::{Target, run, words};

pub(crate) const TARGET: Target =
    Target { name: "answer", check, seeds, words: pieces, longest: 4096 };

/// The key that is sent.
const KEY: &str = "canary+5b1f/Key=";
/// The headers that anything is read from, and some that it is not.
const HEADERS: [&str; 10] = [
    "content-type",
    "content-encoding",
    "content-length",
    "retry-after",
    "x-ratelimit-retry-after",
    "x-ratelimit-limit",
    "x-request-id",
    "location",
    "www-authenticate",
    "date",
];

fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let Some(status) = lines.next().and_then(|line| line.parse().ok()) else { return };
    if !(200..600).contains(&status) {
        return;
    }
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        let name = HEADERS.into_iter().find(|known| *known == name)?;
        Some((name, value.to_owned()))
    };
    let headers: Vec<_> = lines.filter_map(header).collect();
    let body = body.to_owned();
    for service in [Service::TwelveLabs, Service::VideoVector] {
        let (headers, body) = (headers.clone(), body.clone());
        let script = Script::new(move |_, _| Answer {
            status,
            headers: headers.clone(),
            body: body.clone().into(),
            fault: None,
        });
        let outcome = run::wait(call(service, &script)).expect("it ends");
        let sent = script.take().len();
        assert!((1..=3).contains(&sent), "{sent} requests");
        match outcome {
            Ok(()) => assert!((200..300).contains(&status)),
            Err(error) => hold(&error),
        }
    }
}

async fn call(service: Service, script: &Script) -> Result<(), Error> {
    let base = BaseUrl::parse("https://api.example").unwrap();
    let key = HeldKey::fixed(Secret::new(KEY), Provenance::Option("api_key"));
    let key = Box::new(ApiKeyCredential::new(service, key));
    let set = Arc::new(CredentialSet::new(service, vec![key], String::new()));
    let session = Session::builder(service, base, run::platform(script)).build();
    let operation = framekey_catalog::find(service, "indexes.list").expect("in the table");
    let request = Request { path: operation.path.to_owned(), ..Request::default() };
    session.with_credentials(set).send(operation, request).await.map(drop)
}

fn hold(error: &Error) {
    let mut shown = format!("{error} {error:?} {}", error.message());
    if let Some(server) = error.server() {
        let texts = [&server.code, &server.message, &server.parameter];
        texts.into_iter().flatten().for_each(|text| shown.push_str(text));
    }
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        shown.push_str(&format!("{error} {error:?}"));
        cause = error.source();
    }
    assert!(!shown.contains(KEY), "the key is shown: {shown}");
    assert!(shown.len() < 64 << 10, "{} bytes of text", shown.len());
    assert!(!error.code().is_empty() && !error.message().is_empty());
}

fn seeds() -> Vec<Vec<u8>> {
    let bodies = [
        "{\"type\":\"https://docs.example/x\",\"title\":\"bad KEY\",\"name\":\"KEY\",\"status\":400,\"problems\":[{\"title\":\"KEY\"}]}",
        "{\"code\":\"api_key_invalid\",\"message\":\"KEY is no key\",\"docs_url\":\"x\"}",
        "{\"error\":{\"code\":\"unauthorized\",\"message\":\"KEY\",\"details\":{\"key\":\"KEY\"}}}",
        "{\"detail\":[{\"loc\":[\"body\",\"KEY\"],\"msg\":\"KEY\",\"type\":\"x\"}]}",
        "{\"detail\":\"Not KEY\"}",
        "<html>KEY</html>",
        "",
        "[]",
        "\"KEY\"",
        "{\"message\":{\"a\":\"KEY\"}}",
        "{\"code\":7,\"message\":null}",
    ];
    // Found: control characters were taken out too late.
    let mut seeds = words::inputs(&["429\nx-request-id: canary\u{e}+5b1f/Key=\n\n{}"]);
    let statuses = ["400", "401", "403", "404", "409", "422", "429", "500", "503", "302", "200"];
    for (at, body) in bodies.iter().enumerate() {
        let status = statuses[at % statuses.len()];
        seeds.push(
            format!("{status}\ncontent-type: application/json\n\n{}", body.replace("KEY", KEY))
                .into_bytes(),
        );
    }
    for wait in [
        "3",
        "-1",
        "0.5",
        "1e400",
        "99999999999999999999",
        "Wed, 21 Oct 2015 07:28:00 GMT",
        "soon",
        "",
    ] {
        seeds.push(format!("429\nretry-after: {wait}\nx-request-id: {KEY}\n\n{{}}").into_bytes());
        seeds.push(format!("200\nx-ratelimit-retry-after: {wait}\n\n{{}}").into_bytes());
    }
    seeds
}

fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = HEADERS.map(|name| format!("\n{name}: ")).into();
    pieces.extend(words::of(&[
        KEY,
        "\"code\":",
        "\"message\":",
        "\"title\":",
        "\"detail\":",
        "\"error\":",
        "\"problems\":",
        "canary%2B5b1f%2FKey%3D",
        "canary\\u002b5b1f/Key=",
        "\n\n",
    ]));
    pieces.extend(words::of(&words::ODD));
    pieces
}
