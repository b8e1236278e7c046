//! Reading a fresh token: no allocation, from many threads.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use framekey_auth::{Credential, DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::{Bearer, Scheme, Service};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{BaseUrl, Clock, Secret, Session};

/// The token's header, which is to be had at once.
fn read(credential: &DisposableTokenCredential) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(credential.token()).poll(&mut context) {
        Poll::Ready(Ok(token)) => token.header().matches(b"Bearer at") && token.generation() == 1,
        _ => false,
    }
}

#[tokio::test]
async fn tk_01_reading_a_fresh_token_allocates_nothing() {
    let script =
        Script::new(|_, _| Answer::json(200, r#"{"access_token":"at","expires_in":3600}"#));
    let clock = HandClock::default();
    let base = BaseUrl::parse("https://ws.example").unwrap();
    let bare = Session::builder(Service::ApiVideo, base, script.platform(&clock)).build();
    let from = Provenance::Option("api_key");
    let credential = DisposableTokenCredential::new(
        HeldKey::fixed(Secret::new("key"), from),
        Renewal::Exchange,
        bare,
    );
    assert_eq!(credential.ready(), None);
    credential.apply(Scheme::Bearer(Bearer::Any)).await.unwrap();
    let credential = Arc::new(credential);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (credential, clock) = (Arc::clone(&credential), clock.clone());
            std::thread::spawn(move || {
                // The first read of a thread sets its own corner of the atomic pointer up.
                assert_eq!(credential.ready(), Some(1));
                let reads = allocation_counter::measure(|| {
                    for _ in 0..10_000 {
                        assert_eq!(credential.ready(), Some(1));
                        assert!(read(&credential));
                    }
                });
                assert_eq!(reads.count_total, 0);
                // The counter counts.
                assert_eq!(
                    allocation_counter::measure(|| drop(clock.sleep(std::time::Duration::ZERO)))
                        .count_total,
                    1
                );
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
