//! The dynamic door: `SERVICE OPERATION`, then a line `NAME=VALUE` for each argument. What is sent
//! goes to this origin, by this route and in this many lines, whatever the arguments are.

use framekey::dynamic;
use framekey_catalog::{Operation, Place, Service};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{BaseUrl, ErrorKind, HttpRequest, SerdeJson, Session};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use crate::{Target, run, words};

pub(crate) const TARGET: Target =
    Target { name: "door", check, seeds, words: pieces, longest: 1024 };

const BASE: &str = "https://api.example/v1";

fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some((operation, arguments)) = read(&text) else { return };
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let given = arguments.clone();
    let outcome = run::wait(async {
        let platform = script.platform(&HandClock::default());
        let base = BaseUrl::parse(BASE).unwrap();
        let request = dynamic::request(operation, arguments, Vec::new(), &SerdeJson)?;
        Session::builder(operation.service, base, platform).build().send(operation, request).await
    });
    let sent = script.take();
    match outcome.expect("it ends") {
        Ok(_) => {
            assert_eq!(sent.len(), 1);
            hold(operation, &given, &sent[0]);
        }
        Err(error) => {
            assert_eq!((error.kind(), sent.len()), (ErrorKind::Usage, 0), "{error}");
        }
    }
}

fn read(text: &str) -> Option<(&'static Operation, Map<String, Value>)> {
    let mut lines = text.split('\n');
    let (slug, id) = lines.next()?.split_once(' ')?;
    let operation = framekey_catalog::find(Service::from_slug(slug)?, id)?;
    let pairs = lines.filter_map(|line| line.split_once('='));
    let argument = |(name, value): (&str, &str)| {
        (name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()))
    };
    Some((operation, pairs.map(argument).collect()))
}

/// The request by the standard that browsers and HTTP libraries read URLs by.
fn hold(operation: &Operation, given: &Map<String, Value>, sent: &HttpRequest) {
    assert_eq!(sent.method, operation.method.as_str());
    assert!(sent.url.bytes().all(|b| (0x21..0x7f).contains(&b)), "{}", sent.url);
    let url = Url::parse(&sent.url).expect("a URL");
    let base = Url::parse(BASE).unwrap();
    assert_eq!(url.origin(), base.origin(), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    let path = url.path().strip_prefix(base.path()).expect("below the base");
    let (want, got) = (operation.path.split('/'), path.split('/'));
    assert_eq!(want.clone().count(), got.clone().count(), "{url}");
    for (want, got) in want.zip(got) {
        let Some(wire) = want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            assert_eq!(want, got, "{url}");
            continue;
        };
        let param = operation.params.iter().find(|param| param.wire == wire).unwrap();
        let named =
            |name: &str| [param.name, param.wire].iter().any(|known| folded(known) == folded(name));
        let (_, id) = given.iter().find(|(name, _)| named(name)).expect("its argument");
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        assert_eq!(percent_decode_str(got).decode_utf8().expect("UTF-8"), id, "{url}");
    }
    let known = |place: Place| operation.params.iter().filter(move |param| param.place == place);
    for (name, _) in url.query_pairs() {
        let is_known = known(Place::Query).any(|param| {
            name.strip_prefix(param.wire.trim_end_matches("[]"))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        });
        assert!(is_known, "{url} has `{name}`");
    }
    for (name, value) in sent.headers.iter() {
        let ours = ["accept", "content-type", "user-agent"];
        let is_known = ours.contains(&name)
            || known(Place::Header).any(|param| param.wire.eq_ignore_ascii_case(name));
        assert!(is_known, "a header `{name}`");
        assert!(
            !value.contains(|c: char| c.is_control() && c != '\t'),
            "a control character in `{name}`"
        );
    }
}

/// Names are taken in any case, with and without underscores.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Every operation, with an id for each parameter of its path and something odd for the others.
fn seeds() -> Vec<Vec<u8>> {
    let ids = ["a", "..%2f", "a/b?c#d", "\u{fc}", "https://evil.example/", "%2e%2e", "7", "a\\b"];
    let line = |operation: &'static Operation| {
        let mut text = format!("{} {}", operation.service.slug(), operation.id);
        let params = operation.params.iter().enumerate();
        for (at, param) in params.filter(|(at, param)| param.required || *at < 3) {
            text.push_str(&format!("\n{}={}", param.name, ids[(at + text.len()) % ids.len()]));
        }
        text.into_bytes()
    };
    framekey_catalog::all().map(line).collect()
}

fn pieces() -> Vec<String> {
    let mut pieces = words::of_operations();
    pieces.extend(words::of(&[
        "..",
        "%2e",
        "%2f",
        "%5c",
        "\\",
        "//",
        "?",
        "#",
        "@",
        "\r",
        "\u{0}",
        "\u{2215}",
        "\u{ff0e}",
        "user:pw@evil.example",
        "body=",
    ]));
    pieces
}
