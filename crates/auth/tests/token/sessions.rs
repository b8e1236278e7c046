//! One given session in several processes: each refresh token is presented once, under the store's
//! lock. Reliability 2.5, E31.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use framekey_auth::store::{Entry, FileStore, Lease, MemoryStore, StoreError, TokenStore};
use framekey_auth::{DisposableTokenCredential, GivenSession};
use framekey_runtime::{BoxFuture, Secret};

use crate::support::{ApiVideo, Client, FROM, seconds};

fn given(access: bool) -> GivenSession {
    GivenSession {
        access_token: access.then(|| Secret::new("at-999999")),
        expires_in: None,
        refresh_token: Some(Secret::new("rt-999999")),
    }
}

/// A process that was given the session.
fn process(service: &ApiVideo, store: &Arc<dyn TokenStore>, seed: u64) -> Client {
    service.client_with(seed, |bare| {
        DisposableTokenCredential::from_session(given(true), FROM, bare)
            .stored_in(Arc::clone(store))
            .unwrap()
    })
}

fn service() -> ApiVideo {
    let service = ApiVideo::well();
    service.grant(999_999, "3600");
    service
}

#[tokio::test(start_paused = true)]
async fn e31_eight_processes_share_a_session_for_a_day() {
    let folder = std::env::temp_dir().join(format!("framekey-session-{}", std::process::id()));
    let stores: [Arc<dyn TokenStore>; 2] =
        [Arc::new(MemoryStore::default()), Arc::new(FileStore::new(&folder))];
    for store in stores {
        let service = service();
        let clients: Vec<Client> = (0..8).map(|seed| process(&service, &store, seed)).collect();
        for _ in 0..24 {
            let calls: Vec<_> = clients
                .iter()
                .map(|client| {
                    let client = client.clone();
                    tokio::spawn(async move { client.lists(10).await })
                })
                .collect();
            for call in calls {
                assert!(call.await.unwrap().iter().all(Result::is_ok));
            }
            tokio::time::advance(seconds(3600)).await;
        }
        let sums = service.sums();
        assert_eq!((sums.refreshes, sums.reused, sums.dead), (23, 0, 0), "{}", store.title());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(start_paused = true)]
async fn e31_a_process_that_starts_again_goes_on_with_what_became_of_its_session() {
    let service = service();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let first = process(&service, &store, 1);
    for _ in 0..5 {
        first.list().await.unwrap();
        tokio::time::advance(seconds(3600)).await;
    }
    assert_eq!(service.sums().refreshes, 4);
    drop(first);
    // It is given what it was given the first time: both tokens are long used up.
    let again = process(&service, &store, 2);
    again.list().await.unwrap();
    let sums = service.sums();
    assert_eq!((sums.refreshes, sums.reused), (5, 0));
    // And one without an access token takes the one that is there.
    let third = service.client_with(3, |bare| {
        DisposableTokenCredential::from_session(given(false), FROM, bare)
            .stored_in(Arc::clone(&store))
            .unwrap()
    });
    third.list().await.unwrap();
    assert_eq!(service.sums().refreshes, 5);
}

#[tokio::test(start_paused = true)]
async fn e31_a_new_session_has_its_own_entry() {
    let service = service();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let client = process(&service, &store, 1);
    client.list().await.unwrap();
    service.grant(5000, "3600");
    client.credential.give_session(GivenSession {
        access_token: Some(Secret::new("at-5000")),
        expires_in: None,
        refresh_token: Some(Secret::new("rt-5000")),
    });
    tokio::time::advance(seconds(3600)).await;
    client.list().await.unwrap();
    // The old session still goes on elsewhere.
    let other = process(&service, &store, 2);
    tokio::time::advance(seconds(3600)).await;
    other.list().await.unwrap();
    assert_eq!((service.sums().refreshes, service.sums().reused), (2, 0));
}

/// A store that nobody gets the lock of.
struct Locked(MemoryStore);

impl TokenStore for Locked {
    fn title(&self) -> String {
        "locked".to_owned()
    }

    fn holds_sessions(&self) -> bool {
        true
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        self.0.load(name)
    }

    fn lease<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(std::future::ready(Ok(Lease { generation: 1, hold: None })))
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.0.save(name, entry, life)
    }
}

#[tokio::test(start_paused = true)]
async fn e31_a_session_never_goes_on_without_the_lock() {
    let service = service();
    let store: Arc<dyn TokenStore> = Arc::new(Locked(MemoryStore::default()));
    let client = process(&service, &store, 1);
    client.list().await.unwrap();
    tokio::time::advance(seconds(3600)).await;
    let before = service.clock.at();
    let error = client.token().await.unwrap_err();
    assert_eq!(error.code(), "auth.exchange_unavailable");
    assert!(error.message().contains("another process has held its lock"), "{error}");
    assert!(service.clock.at() - before < seconds(16));
    assert_eq!(service.sums().refreshes, 0);
}

#[tokio::test]
async fn e31_a_session_over_a_store_that_cannot_hold_it_is_refused_at_once() {
    struct Far;
    impl TokenStore for Far {
        fn title(&self) -> String {
            "Redis at far".to_owned()
        }
        fn load<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
            panic!("it is not used")
        }
        fn lease<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
            panic!("it is not used")
        }
        fn save<'a>(
            &'a self,
            _: &'a str,
            _: Entry,
            _: Duration,
        ) -> BoxFuture<'a, Result<bool, StoreError>> {
            panic!("it is not used")
        }
    }
    service().client_with(1, |bare| {
        let credential = DisposableTokenCredential::from_session(given(true), FROM, bare);
        let Err(error) = credential.clone().stored_in(Arc::new(Far)) else {
            panic!("a session over Redis")
        };
        assert_eq!(error.code(), "config.bad_option");
        assert!(error.message().contains("Redis at far") && error.message().contains("FileStore"));
        credential
    });
}

/// A store that cannot be written to for a while.
#[derive(Default)]
struct Full {
    inner: MemoryStore,
    full: AtomicBool,
}

impl TokenStore for Full {
    fn title(&self) -> String {
        "full".to_owned()
    }

    fn holds_sessions(&self) -> bool {
        true
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        self.inner.load(name)
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        self.inner.lease(name)
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        if self.full.load(SeqCst) {
            return Box::pin(std::future::ready(Err(StoreError::new("no space left"))));
        }
        self.inner.save(name, entry, life)
    }
}

#[tokio::test(start_paused = true)]
async fn e31_a_pair_that_could_not_be_saved_is_not_mixed_up_with_the_one_that_was() {
    let service = service();
    let full = Arc::new(Full::default());
    let store: Arc<dyn TokenStore> = Arc::clone(&full) as Arc<dyn TokenStore>;
    let client = process(&service, &store, 1);
    for hour in 0..8 {
        // The third and the fourth pair are in memory only, and the store has the second one.
        full.full.store((3..5).contains(&hour), SeqCst);
        client.list().await.unwrap();
        tokio::time::advance(seconds(3600)).await;
    }
    let sums = service.sums();
    assert_eq!((sums.refreshes, sums.reused, sums.dead), (7, 0, 0));
    assert_eq!(client.store_troubles().len(), 2);
    // What is in the store is good for the next process again.
    process(&service, &store, 2).list().await.unwrap();
    assert_eq!((service.sums().refreshes, service.sums().reused), (8, 0));
}
