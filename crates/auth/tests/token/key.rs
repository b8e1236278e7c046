//! The key is its source's: read anew for each exchange, and once more when it is refused. TK-05, E32.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use framekey_auth::{
    DisposableTokenCredential, Found, HeldKey, KeyAges, KeyRule, Notices, Provenance, Renewal,
    SecretSource, Slot,
};
use framekey_catalog::Service;
use framekey_runtime::{BoxFuture, Error, ErrorKind, Secret};

use crate::support::{ApiVideo, Client, KEY, Play, seconds};

/// A key that can be replaced behind the client's back.
#[derive(Default)]
struct Source {
    key: Mutex<Option<&'static str>>,
    reads: AtomicUsize,
}

impl Source {
    fn set(&self, key: &'static str) {
        *self.key.lock().unwrap() = Some(key);
    }
}

impl SecretSource for Source {
    fn provenance(&self) -> Provenance {
        Provenance::File("/run/key".into())
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        self.reads.fetch_add(1, SeqCst);
        let found = self
            .key
            .lock()
            .unwrap()
            .map(|key| Found { secret: Secret::new(key), expires_at: None })
            .ok_or_else(|| Error::new(ErrorKind::Credential, "auth.source", "no file /run/key"));
        Box::pin(std::future::ready(found))
    }

    fn can_change(&self) -> bool {
        true
    }
}

fn client(service: &ApiVideo) -> (Arc<Source>, Client) {
    let source = Arc::new(Source::default());
    let rule = KeyRule::new(Service::ApiVideo, Slot::ApiKey);
    let clock = Arc::new(service.clock.clone());
    let key =
        HeldKey::new(Arc::clone(&source) as Arc<dyn SecretSource>, rule, clock, Notices::default());
    let make = |bare| DisposableTokenCredential::new(key, Renewal::Exchange, bare);
    let client = service.client_with(5, make);
    (source, client)
}

#[tokio::test(start_paused = true)]
async fn e32_a_rotated_key_is_picked_up_at_the_next_exchange() {
    let service = ApiVideo::well();
    let (source, client) = client(&service);
    source.set(KEY);
    client.list().await.unwrap();
    assert_eq!(source.reads.load(SeqCst), 1);
    source.set("next-key");
    tokio::time::advance(seconds(3600)).await;
    client.list().await.unwrap();
    assert_eq!(service.keys(), [KEY, "next-key"]);
    assert_eq!((source.reads.load(SeqCst), service.sums().exchanges), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn tk_05_e32_a_refused_key_is_read_again_and_the_new_one_is_tried_at_once() {
    let service = ApiVideo::well();
    let (source, client) = client(&service);
    source.set("old-key");
    service.accept_only(KEY);
    let late = Arc::clone(&source);
    // The source changes between the read and the refusal.
    service.at_exchange(move || late.set(KEY));
    let before = service.clock.at();
    client.list().await.unwrap();
    assert_eq!(service.keys(), ["old-key", KEY]);
    assert!(service.clock.at() - before < seconds(2));
}

#[tokio::test(start_paused = true)]
async fn tk_05_a_key_that_stays_refused_is_sent_once_a_minute() {
    let service = ApiVideo::well();
    let (source, client) = client(&service);
    source.set("old-key");
    service.accept_only(KEY);
    for _ in 0..1000 {
        let error = client.list().await.unwrap_err();
        assert_eq!(error.code(), "auth.exchange_refused");
        assert!(!format!("{error:?}").contains("old-key"));
        tokio::time::advance(seconds(60) / 1100).await;
    }
    assert_eq!(service.sums().exchanges, 1);
    source.set(KEY);
    tokio::time::advance(seconds(61)).await;
    client.list().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn e32_a_source_without_a_key_is_named_and_asked_again_later() {
    let service = ApiVideo::well();
    let (source, client) = client(&service);
    let error = client.list().await.unwrap_err();
    assert_eq!(error.code(), "auth.source");
    assert_eq!(error.message(), "no file /run/key");
    assert!(error.retry_after().is_some_and(|pause| pause <= seconds(1)));
    source.set(KEY);
    tokio::time::advance(seconds(2)).await;
    client.list().await.unwrap();
    // And one that is lost later does not harm the key in hand.
    *source.key.lock().unwrap() = None;
    tokio::time::advance(seconds(3600)).await;
    client.list().await.unwrap();
    assert_eq!(service.keys(), [KEY, KEY]);
}

#[tokio::test(start_paused = true)]
async fn e33_a_key_that_replaces_another_is_cleaned_and_checked_and_its_age_is_kept() {
    let service = ApiVideo::new(|_, _| Play::Answer(400, r#"{"type":"x/wrong-key"}"#));
    let clock = Arc::new(service.clock.clone());
    let ages =
        KeyAges::new(Service::ApiVideo, None, None, Arc::clone(&clock) as _, Notices::default());
    let key = HeldKey::fixed(Secret::new(KEY), Provenance::Option("api_key")).aged(ages);
    let client =
        service.client_with(5, |bare| DisposableTokenCredential::new(key, Renewal::Exchange, bare));
    client.token().await.unwrap_err();
    for bad in ["", "can\nary", "tlk_canary"] {
        let error = client.credential.replace_key(&Secret::new(bad)).unwrap_err();
        assert_eq!(error.code(), "auth.malformed");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    client.credential.replace_key(&Secret::new(" \"another\"\n")).unwrap();
    let error = client.token().await.unwrap_err();
    let mark = framekey_auth::fingerprint(&Secret::new("another"));
    let wanted = format!("option `api_key` ({mark}, first used by this process today)");
    assert!(error.to_string().contains(&wanted), "{error}");
}
