//! Clients of one process that share a token: E01, TK-13.
#![cfg(feature = "native")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::dynamic::Client;
use framekey::runtime::testing::{Answer, HandClock, Script};
use framekey::{CallOptions, ClientBuilder, Error, Service, SharedTokens};

/// A service that counts: its tokens are `at-1`, `at-2`, …, and `refused` ones get a 401.
fn service(refused: &'static str) -> Script {
    let made = std::sync::atomic::AtomicUsize::new(0);
    Script::new(move |_, request| {
        if request.url.contains("/auth/") {
            let number = made.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            return Answer::json(
                200,
                format!(r#"{{"access_token":"at-{number}","expires_in":3600}}"#),
            );
        }
        match request.headers.get("authorization") {
            Some(token) if token.ends_with(refused) => Answer::json(401, r#"{"title":"no"}"#),
            _ => Answer::json(200, r#"{"data":[],"pagination":{}}"#),
        }
    })
}

fn builder(script: &Script, tokens: &SharedTokens) -> ClientBuilder<Client> {
    ClientBuilder::new(Service::ApiVideo)
        .environment(|_| None)
        .shared(tokens)
        .platform(script.platform(&HandClock::default()))
}

fn keyed(script: &Script, tokens: &SharedTokens) -> ClientBuilder<Client> {
    builder(script, tokens).api_key("canary".repeat(8))
}

async fn list(client: &Client) -> Result<(), Error> {
    let arguments = serde_json::Map::new();
    client.call("videos.list", arguments, Vec::new(), CallOptions::default()).await.map(drop)
}

fn exchanges(script: &Script) -> usize {
    script.take().iter().filter(|request| request.url.contains("/auth/")).count()
}

#[tokio::test]
async fn e01_clients_of_one_key_share_one_exchange() {
    let (script, tokens) = (service("never"), SharedTokens::default());
    let clients: Vec<Client> = (0..8).map(|_| keyed(&script, &tokens).build().unwrap()).collect();
    let calls = clients.iter().flat_map(|client| (0..8).map(move |_| list(client)));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(exchanges(&script), 1);
}

#[tokio::test]
async fn e01_clients_of_one_key_answer_a_401_with_one_exchange() {
    let (script, tokens) = (service("at-1"), SharedTokens::default());
    let clients: Vec<Client> = (0..8).map(|_| keyed(&script, &tokens).build().unwrap()).collect();
    for outcome in futures_util::future::join_all(clients.iter().map(list)).await {
        outcome.unwrap();
    }
    assert_eq!(exchanges(&script), 2);
}

#[tokio::test]
async fn e01_a_token_outlives_the_client_that_made_it() {
    let (script, tokens) = (service("never"), SharedTokens::default());
    let (first, second) =
        (keyed(&script, &tokens).build().unwrap(), keyed(&script, &tokens).build().unwrap());
    list(&first).await.unwrap();
    drop(first);
    list(&second).await.unwrap();
    assert_eq!(exchanges(&script), 1);
}

#[tokio::test]
async fn e01_what_differs_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "canary".repeat(8)).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (script, tokens) = (service("never"), SharedTokens::default());
    let session = |token: &str| builder(&script, &tokens).session("at", Some(token.to_owned()));
    let text = |builder: ClientBuilder<Client>, name: &str, value: &str| {
        builder.set(name, serde_json::Value::String(value.to_owned())).unwrap()
    };
    let from_file = || text(builder(&script, &tokens), "api_key_file", &file.to_string_lossy());
    let stored =
        || keyed(&script, &tokens).token_store(framekey::auth::store::MemoryStore::default());
    // Each is a client of its own, and the second of its kind.
    let kinds: [&dyn Fn() -> ClientBuilder<Client>; 7] = [
        &|| keyed(&script, &tokens),
        &|| builder(&script, &tokens).api_key("another".repeat(8)),
        &|| keyed(&script, &tokens).base_url("https://elsewhere.example"),
        &|| keyed(&script, &tokens).refresh_first(true),
        &from_file,
        &|| session("one"),
        &|| session("two"),
    ];
    let twice: Vec<Client> =
        kinds.iter().flat_map(|kind| [kind().build().unwrap(), kind().build().unwrap()]).collect();
    assert_eq!(format!("{tokens:?}"), "SharedTokens { held: 7 }");
    let unshared = [stored().build().unwrap(), stored().build().unwrap()];
    assert_eq!(format!("{tokens:?}"), "SharedTokens { held: 7 }");
    for client in twice.iter().chain(&unshared) {
        list(client).await.unwrap();
    }
    // The sessions have a token already.
    assert_eq!(exchanges(&script), 5 + unshared.len());
}

#[test]
fn tk_13_ten_thousand_clients_made_and_dropped_leave_nothing() {
    let (script, tokens) = (service("never"), SharedTokens::default());
    for number in 0..10_000 {
        builder(&script, &tokens).api_key(format!("{number:032}")).build().unwrap();
    }
    let last = keyed(&script, &tokens).build().unwrap();
    assert_eq!(format!("{tokens:?}"), "SharedTokens { held: 1 }");
    assert!(!format!("{last:?}").contains("canary"));
}
