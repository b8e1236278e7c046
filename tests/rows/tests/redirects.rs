//! RD-01: a redirect takes no credential anywhere, and is not followed.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey_rows::canary::Search;
use framekey_rows::carriers::{CARRIERS, Carrier};
use framekey_rows::child;
use framekey_rows::raw::Seen;
use framekey_rows::tls;
use framekey_rows::trap::{Answer, Trap};
use framekey_runtime::native;
use futures_util::StreamExt as _;

const CODES: [u16; 5] = [301, 302, 303, 307, 308];
/// What the target changes. The last stays at the origin, where nothing is followed either.
const CHANGES: [&str; 9] =
    ["host", "port", "scheme", "subdomain", "userinfo", "dot", "idn", "relative", "path"];
const HOME: &str = "api.example:443";

fn target(change: &str, path: &str) -> String {
    match change {
        "host" => format!("https://evil.example{path}"),
        "port" => format!("https://api.example:444{path}"),
        "scheme" => format!("http://api.example{path}"),
        "subdomain" => format!("https://sub.api.example{path}"),
        "userinfo" => format!("https://api.example@evil.example{path}"),
        "dot" => format!("https://api.example.{path}"),
        "idn" => format!("https://xn--80ak6aa92e.example{path}"),
        "relative" => format!("//evil.example{path}"),
        _ => format!("/moved{path}"),
    }
}

/// The path says what to answer: `/307/host/av-basic/videos`.
fn answer(request: &Seen) -> Answer {
    let (_, path) = request.line();
    let mut parts = path.trim_start_matches('/').splitn(4, '/');
    let code = parts.next().and_then(|text| text.parse().ok());
    let (Some(code), HOME, Some(change), Some(carrier)) =
        (code, request.at.as_str(), parts.next(), parts.next())
    else {
        return (200, Vec::new(), b"{}".to_vec());
    };
    if path.ends_with("/auth/api-key") && !matches!(carrier, "av-exchange" | "av-create") {
        return (200, Vec::new(), Carrier::token_answer());
    }
    (code, vec![("location", target(change, path))], Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rd_01_no_credential_follows_a_redirect() {
    let authority = tls::authority();
    let names = ["api.example", "evil.example", "sub.api.example", "xn--80ak6aa92e.example"];
    let trap = Trap::start(tls::acceptor(authority.named(&names).unwrap(), &[]), answer).await;
    let roots = std::env::temp_dir().join(format!("framekey-rd01-{}.pem", std::process::id()));
    std::fs::write(&roots, authority.pem()).unwrap();
    let mut command = tokio::process::Command::from(child::test("calls_of_rd_01"));
    command.env("SSL_CERT_FILE", &roots);
    for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
        command.env(name, trap.url());
    }
    let outcome = command.output().await.unwrap();
    std::fs::remove_file(&roots).unwrap();
    let said = String::from_utf8_lossy(&outcome.stdout);
    let search = Search::new(&Carrier::secrets());

    let seen = trap.seen();
    let (home, sink): (Vec<&Seen>, Vec<&Seen>) = seen
        .iter()
        .partition(|request| request.at == HOME && !request.line().1.starts_with("/moved"));
    let leaked: Vec<u8> = sink.iter().flat_map(|request| request.bytes()).collect();
    assert!(search.hits(&leaked).is_empty(), "at the sink: {:?}", search.hits(&leaked));
    assert!(sink.is_empty(), "{} followed, the first to {}", sink.len(), sink[0].at);
    assert!(outcome.status.success(), "{said}{}", String::from_utf8_lossy(&outcome.stderr));
    for request in &home {
        assert!(request.header("referer").is_none(), "a Referer to {}", request.at);
    }
    // Every case was there, with its credential, once.
    let cases = CODES.len() * CHANGES.len();
    for carrier in CARRIERS {
        let part = format!("/{}/", carrier.name);
        let own = Search::new(&[("own".to_owned(), carrier.secret())]);
        let requests = home.iter().filter(|request| request.line().1.contains(&part));
        let (exchanges, calls): (Vec<&Seen>, Vec<&Seen>) =
            requests.copied().partition(|request| request.line().1.ends_with("/auth/api-key"));
        let carrying =
            |all: &[&Seen]| all.iter().filter(|one| !own.hits(&one.bytes()).is_empty()).count();
        match carrier.name {
            "av-bearer" => assert_eq!((carrying(&exchanges), calls.len()), (cases, cases)),
            // The exchange is tried again, at its own origin only, and never gives a token.
            "av-exchange" => assert!(carrying(&exchanges) >= cases && calls.is_empty()),
            "av-create" => assert_eq!(carrying(&exchanges), cases),
            name => assert_eq!((exchanges.len(), carrying(&calls)), (0, cases), "{name}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by rd_01_no_credential_follows_a_redirect, with a proxy and an authority of its own"]
async fn calls_of_rd_01() {
    if !child::is("calls_of_rd_01") {
        return;
    }
    let platform = native::platform().unwrap();
    let mut cases = Vec::new();
    for (code, change) in CODES.iter().flat_map(|code| CHANGES.map(|change| (code, change))) {
        cases.extend(CARRIERS.map(|carrier| (*code, change, carrier)));
    }
    let search = Search::new(&Carrier::secrets());
    let calls = cases.into_iter().map(|(code, change, carrier)| {
        let (platform, search) = (&platform, &search);
        async move {
            let base = format!("https://api.example/{code}/{change}/{}", carrier.name);
            let client = carrier.client(&base, Some(platform)).unwrap();
            let error = carrier.call(&client).await.unwrap_err();
            let case = format!("{code} {change} {}: {error}", carrier.name);
            if carrier.name != "av-exchange" {
                assert_eq!((error.code(), error.status()), ("http.redirect", Some(code)), "{case}");
            }
            let shown = format!("{error} {error:#} {error:?} {error:#?}");
            assert!(
                search.hits(shown.as_bytes()).is_empty(),
                "a secret in the error of {code} {change}"
            );
            assert!(!shown.contains("evil"), "the target is in the error: {case}");
        }
    });
    futures_util::stream::iter(calls).buffer_unordered(64).collect::<()>().await;
}
