//! Clients that share a token through a store: E31.
#![cfg(feature = "native")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::auth::store::MemoryStore;
use framekey::runtime::testing::{Answer, HandClock, Script};
use framekey::{ApiVideo, CallOptions, Service, TwelveLabs};

#[tokio::test]
async fn e31_two_clients_on_one_store_make_one_exchange() {
    let script = Script::new(|_, request| {
        if request.url.ends_with("/auth/api-key") {
            Answer::json(200, r#"{"access_token":"at","expires_in":3600}"#)
        } else {
            Answer::json(200, r#"{"data":[],"pagination":{}}"#)
        }
    });
    let (store, clock) = (MemoryStore::default(), HandClock::default());
    for _ in 0..2 {
        let client = framekey::ClientBuilder::<framekey::dynamic::Client>::new(Service::ApiVideo)
            .environment(|_| None)
            .api_key("a".repeat(43))
            .token_store(store.clone())
            .platform(script.platform(&clock))
            .build()
            .unwrap();
        client
            .call("videos.list", serde_json::Map::new(), Vec::new(), CallOptions::default())
            .await
            .unwrap();
    }
    let urls: Vec<String> = script.take().into_iter().map(|request| request.url).collect();
    let exchanges = urls.iter().filter(|url| url.ends_with("/auth/api-key")).count();
    assert_eq!((exchanges, urls.len()), (1, 3), "{urls:?}");
}

#[test]
fn e31_a_service_without_tokens_has_nothing_to_share() {
    let built = TwelveLabs::builder()
        .environment(|_| None)
        .api_key("key")
        .token_store(MemoryStore::default())
        .build();
    let error = built.err().unwrap();
    assert_eq!(error.code(), "config.bad_option");
    assert!(error.message().contains("no access token"), "{error}");
    let _ = ApiVideo::builder().token_store(MemoryStore::default());
}
