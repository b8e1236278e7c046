//! Redis over TLS (`rediss://`): the real server with certificates of the tests' own. MP-05, MP-06.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_auth::store::{Entry, RedisStore, TokenStore as _};
use framekey_auth::{CredentialSet, TokenEvent};
use framekey_catalog::{Service, find};
use framekey_emulator::tls::{Authority, Certificate};
use framekey_rows::store::{Redis, TokenServer, credential};
use framekey_rows::tls;
use framekey_runtime::Request;
use framekey_runtime::native::platform;
use futures_util::future::join_all;

fn redis(authority: &Authority, kind: Certificate, options: &[&str]) -> Redis {
    Redis::start_tls(&authority.identity(kind).unwrap(), options)
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_05_entries_are_kept_in_a_redis_over_tls() {
    let authority = tls::authority();
    let redis = redis(&authority, Certificate::Good, &["--requirepass", "canary-password"]);
    let life = Duration::from_secs(60);
    for (host, name) in [("localhost", "a"), ("127.0.0.1", "b")] {
        let url = redis.secure_url(":canary-password@", host);
        let store = RedisStore::trusting_pem(&url, authority.pem().as_bytes()).unwrap();
        assert!(store.title().contains(host) && store.title().contains("TLS"), "{store:?}");
        assert!(!format!("{store:?}{}", store.title()).contains("canary"), "{store:?}");
        let lease = store.lease(name).await.unwrap();
        assert!(lease.hold.is_some());
        let entry = Entry { generation: lease.generation, sealed: vec![0, 255, 13, 10] };
        assert!(store.save(name, entry.clone(), life).await.unwrap());
        assert_eq!(store.load(name).await.unwrap(), Some(entry));
        lease.hold.unwrap().release().await;
    }
}

/// Calls with a token that is to be shared through `store`: what the store's trouble was.
async fn calls(store: RedisStore) -> Vec<String> {
    let server = TokenServer::start(Duration::from_millis(10)).await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&told);
    let (credential, bare) = credential(&server.base, Arc::new(store), platform().unwrap());
    let credential = credential.watched_by(move |event: &TokenEvent| {
        if let TokenEvent::StoreUnused { .. } = event {
            heard.lock().unwrap().push(format!("{event:?}"));
        }
    });
    let set = CredentialSet::new(Service::ApiVideo, vec![Box::new(credential)], String::new());
    let session = bare.with_credentials(Arc::new(set));
    let operation = find(Service::ApiVideo, "videos.list").unwrap();
    for _ in 0..3 {
        let request = Request { path: "/videos".to_owned(), ..Request::default() };
        session.send(operation, request).await.unwrap();
    }
    assert_eq!((server.exchanges(), server.calls()), (1, 3));
    drop(session);
    let told = told.lock().unwrap();
    told.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_06_a_redis_with_a_bad_certificate_is_told_nothing_and_fails_no_call() {
    let authority = tls::authority();
    let authority = &authority;
    join_all(Certificate::BAD.map(|kind| async move {
        let redis = redis(authority, kind, &[]);
        let host = if kind == Certificate::OtherAddress { "127.0.0.1" } else { "localhost" };
        let url = redis.secure_url(":canary-password@", host);
        let store = RedisStore::trusting_pem(&url, authority.pem().as_bytes()).unwrap();
        let troubles = calls(store).await;
        assert_eq!(troubles.len(), 1, "{kind:?}: {troubles:?}");
        assert!(troubles[0].contains("certificate"), "{kind:?}: {troubles:?}");
        assert!(!troubles[0].contains("canary"), "{kind:?}: {troubles:?}");
        // Neither the password nor what would be kept.
        let asked = redis.ask("INFO commandstats");
        assert!(
            !asked.contains("cmdstat_auth") && !asked.contains("cmdstat_h"),
            "{kind:?}: {asked}"
        );
        assert!(redis.key("*").is_none());
    }))
    .await;
    // The authorities of the system do not know it.
    let redis = redis(authority, Certificate::Good, &[]);
    let troubles = calls(RedisStore::new(&redis.secure_url("", "localhost")).unwrap()).await;
    assert!(troubles.len() == 1 && troubles[0].contains("certificate"), "{troubles:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mp_06_what_speaks_no_tls_or_nothing_at_all_fails_no_call() {
    let plain = Redis::start(&[]);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("rediss://{}", silent.local_addr().unwrap());
    for url in [plain.url().replace("redis:", "rediss:"), silent] {
        let troubles = calls(RedisStore::new(&url).unwrap()).await;
        assert_eq!(troubles.len(), 1, "{url}: {troubles:?}");
    }
    assert!(plain.key("*").is_none());
}

#[test]
fn mp_06_a_url_that_would_not_look_at_certificates_is_refused() {
    let authority = tls::authority();
    let pem = authority.pem().as_bytes();
    let tls = "rediss://:canary@localhost:6380";
    let refused = [
        (RedisStore::new(&format!("{tls}#insecure")), "always checked"),
        (RedisStore::new(&format!("REDISS{}/0#insecure", &tls[6..])), "always checked"),
        (RedisStore::new(&format!("valkeys{}#", &tls[6..])), "always checked"),
        (RedisStore::trusting_pem(&tls.replace("rediss", "redis"), pem), "asks for no TLS"),
        (RedisStore::trusting_pem(tls, b""), "no certificate"),
        (RedisStore::trusting_pem(tls, b"-----BEGIN CERTIFICATE-----"), "no PEM"),
        (RedisStore::new("rediss://"), "cannot be read"),
        (RedisStore::new("rediss://:canary@localhost:99999"), "cannot be read"),
        (RedisStore::new("rediss://:canary@local host"), "cannot be read"),
    ];
    for (made, why) in refused {
        let error = made.unwrap_err();
        assert_eq!(error.code(), "config.bad_option");
        assert!(error.message().contains(why), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
