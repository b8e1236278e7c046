//! RD-06: no id, whatever it is made of, leads to another route or origin.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::Service;
use framekey::dynamic::request;
use framekey_catalog::{Operation, Place, operations};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{BaseUrl, Session};
use serde_json::{Map, Value};
use url::Url;

/// What ids are put together from: what paths, hosts, queries and encodings are made of.
const PIECES: [&str; 40] = [
    "/",
    "..",
    ".",
    "%2e",
    "%2E%2E",
    "%2f",
    "%5c",
    "\\",
    "?",
    "#",
    "@",
    ":",
    ";",
    "//",
    "&",
    "=",
    "%00",
    "%",
    "%25",
    "%252f",
    "+",
    " ",
    "\u{2215}",
    "\u{ff0f}",
    "\u{ff0e}\u{ff0e}",
    "\u{202e}",
    "ü",
    "\u{1f3a5}",
    "evil.example",
    "user:pw@evil.example",
    "https://evil.example/",
    "~",
    "[",
    "]",
    "{",
    "}",
    "videoId",
    "a",
    "7",
    "",
];

/// A seeded source of numbers (xorshift): the same ids in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn id(&mut self) -> String {
        (0..1 + self.below(6)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }
}

fn named(operation: &Operation, place: Place) -> impl Iterator<Item = &'static str> {
    operation.params.iter().filter(move |param| param.place == place).map(|param| param.name)
}

/// The URL of a call by the standard that browsers and HTTP libraries read it by.
fn check(operation: &Operation, ids: &[(&str, String)], base: &Url, sent: &str) {
    let url = Url::parse(sent).unwrap();
    assert_eq!(url.origin(), base.origin(), "{sent}");
    assert!(url.username().is_empty() && url.password().is_none(), "{sent}");
    assert!(url.query().is_none() && url.fragment().is_none(), "{sent}");
    let path = url.path().strip_prefix(base.path()).expect("below the base");
    let want: Vec<&str> = operation.path.split('/').collect();
    let got: Vec<&str> = path.split('/').collect();
    assert_eq!(got.len(), want.len(), "{sent}");
    for (want, got) in want.iter().zip(got) {
        match want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => assert_eq!(*want, got, "{sent}"),
            Some(wire) => {
                let param = operation.params.iter().find(|param| param.wire == wire).unwrap();
                let (_, id) = ids.iter().find(|(name, _)| *name == param.name).unwrap();
                let read = percent_encoding::percent_decode_str(got).decode_utf8().unwrap();
                assert_eq!(read, id.as_str(), "{sent}");
            }
        }
    }
}

/// 10^5 ids; 10^6 with `FRAMEKEY_LONG=1`.
#[tokio::test]
async fn rd_06_no_id_leads_to_another_route_or_origin() {
    let long = std::env::var_os("FRAMEKEY_LONG").is_some();
    let rounds = if long { 1_000_000 } else { 100_000 };
    let base = Url::parse("https://api.example/v1").unwrap();
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let platform = script.platform(&HandClock::default());
    let with_ids: Vec<&'static Operation> = Service::ALL
        .iter()
        .flat_map(|service| operations(*service))
        .filter(|operation| {
            named(operation, Place::Path).next().is_some()
                && matches!(operation.body, framekey_catalog::Body::None)
                && !operation.params.iter().any(|p| p.required && p.place != Place::Path)
        })
        .collect();
    assert!(with_ids.len() > 80, "{}", with_ids.len());
    let mut draw = Draw(0x005e_edf0_0d15_600d);
    let (mut sent, mut refused) = (0, 0);
    for round in 0..rounds {
        let operation = with_ids[round % with_ids.len()];
        let ids: Vec<(&str, String)> =
            named(operation, Place::Path).map(|name| (name, draw.id())).collect();
        let arguments: Map<String, Value> =
            ids.iter().map(|(name, id)| ((*name).to_owned(), id.as_str().into())).collect();
        let session = Session::builder(
            operation.service,
            BaseUrl::parse(base.as_str()).unwrap(),
            platform.clone(),
        )
        .build();
        let json = platform.json.as_ref();
        let outcome = match request(operation, arguments, Vec::new(), json) {
            Ok(request) => session.send(operation, request).await.map(|_| ()),
            Err(error) => Err(error),
        };
        let requests = script.take();
        match outcome {
            Ok(()) => {
                sent += 1;
                assert_eq!(requests.len(), 1);
                check(operation, &ids, &base, &requests[0].url);
            }
            Err(error) => {
                refused += 1;
                assert_eq!((error.code(), requests.len()), ("usage.bad_id", 0), "{ids:?}");
                let dots = ["", ".", ".."];
                assert!(ids.iter().any(|(_, id)| dots.contains(&id.as_str())), "{ids:?}: {error}");
            }
        }
    }
    println!("{sent} sent, {refused} refused, over {} operations", with_ids.len());
    assert!(refused > rounds / 100 && sent > rounds / 2);
}
