//! Callbacks that give a token or a key: asked when they are needed, held to a time, never quoted.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_auth::{
    ApiKeyCredential, CallbackFailed, Credential, CredentialSet, Found, HeldKey, JwtCredential,
    JwtKind, KeyCallback, KeyRule, Notices, Provenance, ProvidedTokenCredential, SecretSource,
    Slot, TokenProvider, source_failed,
};
use framekey_catalog::{Service, find};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{BaseUrl, BoxFuture, Error, ErrorKind, Request, Response, Secret, Session};

const REFUSED: &str = r#"{"code":"token_invalid","message":"no"}"#;

struct Bench {
    script: Script,
    clock: HandClock,
    session: Session,
}

fn bench(
    rule: impl Fn(usize) -> u16 + Send + Sync + 'static,
    make: impl FnOnce(&HandClock) -> Box<dyn Credential>,
) -> Bench {
    let script = Script::new(move |number, _| match rule(number) {
        401 => Answer::json(401, REFUSED),
        status => Answer::json(status, "{}"),
    });
    let clock = HandClock::default();
    let base = BaseUrl::parse("https://service.example").unwrap();
    let set = CredentialSet::new(Service::VideoVector, vec![make(&clock)], String::new());
    let session = Session::builder(Service::VideoVector, base, script.platform(&clock))
        .build()
        .with_credentials(Arc::new(set));
    Bench { script, clock, session }
}

impl Bench {
    async fn call(&self) -> Result<Response, Error> {
        let operation = find(Service::VideoVector, "indexes.list").unwrap();
        let request = Request { path: "/indexes".to_owned(), ..Request::default() };
        self.session.send(operation, request).await
    }

    fn sent(&self, header: &str) -> Vec<String> {
        let requests = self.script.take();
        requests.iter().map(|one| one.headers.get(header).unwrap_or("-").to_owned()).collect()
    }
}

fn provided(provider: impl TokenProvider + 'static, clock: &HandClock) -> Box<dyn Credential> {
    let clock = Arc::new(clock.clone());
    Box::new(ProvidedTokenCredential::new(Service::VideoVector, JwtKind::Unknown, provider, clock))
}

/// Numbers its answers: `token-1`, `token-2`.
fn counting() -> (Arc<AtomicUsize>, impl TokenProvider) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = move || {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move { Ok(format!("eyJ.token.{number}")) }
    };
    (asked, provider)
}

#[tokio::test]
async fn e32_a_token_provider_is_asked_for_each_attempt() {
    let (asked, provider) = counting();
    let bench = bench(|_| 200, |clock| provided(provider, clock));
    for _ in 0..3 {
        bench.call().await.unwrap();
    }
    let sent = bench.sent("authorization");
    assert_eq!(sent, ["Bearer eyJ.token.1", "Bearer eyJ.token.2", "Bearer eyJ.token.3"]);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn e32_a_refused_token_is_followed_by_a_new_one_and_never_sent_again() {
    let (_, provider) = counting();
    let renewed =
        bench(|number| if number == 0 { 401 } else { 200 }, |clock| provided(provider, clock));
    assert_eq!(renewed.call().await.unwrap().attempts, 2);

    let stubborn = bench(|_| 401, |clock| provided(|| async { Ok("eyJ.old.x".to_owned()) }, clock));
    let error = stubborn.call().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("auth.token_rejected", 1));
    assert!(error.message().contains("have it get a new one"), "{error}");
    assert_eq!(stubborn.sent("authorization").len(), 1);
}

#[tokio::test]
async fn py_02_a_provider_that_fails_panics_or_gives_junk_is_an_error_without_its_words() {
    #[derive(Debug)]
    struct Loud;
    impl std::fmt::Display for Loud {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("canary")
        }
    }
    impl std::error::Error for Loud {}

    async fn fails() -> Result<String, CallbackFailed> {
        Err(Loud)?;
        Ok(String::new())
    }
    async fn panics() -> Result<String, CallbackFailed> {
        panic!("canary")
    }
    type Make = fn(&HandClock) -> Box<dyn Credential>;
    let cases: [(Make, &str, &str); 6] = [
        (|clock| provided(fails, clock), "auth.source", "callback `token_provider` failed"),
        (|clock| provided(panics, clock), "auth.source", "callback `token_provider` panicked"),
        (|clock| provided(|| async { Ok(String::new()) }, clock), "auth.source", "is empty"),
        (
            |clock| provided(|| async { Ok("canary\ncanary".to_owned()) }, clock),
            "auth.source",
            "a control character at byte 7 of 13",
        ),
        (
            |clock| provided(|| async { Ok("Bearer canary".to_owned()) }, clock),
            "auth.source",
            "a space at byte 7 of 13; leave out `Bearer`",
        ),
        (
            |clock| provided(|| async { Ok("canarý".to_owned()) }, clock),
            "auth.source",
            "outside ASCII",
        ),
    ];
    for (make, code, text) in cases {
        let bench = bench(|_| 200, make);
        for _ in 0..2 {
            let error = bench.call().await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Credential, code), "{error}");
            let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            assert!(shown.contains(text) && !shown.contains("canary"), "{shown}");
        }
        assert!(bench.script.take().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn py_02_a_provider_that_hangs_is_given_30_s() {
    let bench = bench(|_| 200, |clock| provided(std::future::pending::<Result<String, _>>, clock));
    let call = bench.call();
    let clock = bench.clock.clone();
    let moved = async {
        for _ in 0..300 {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(100));
        }
    };
    let (outcome, ()) = tokio::join!(call, moved);
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "auth.source");
    assert!(error.message().contains("`token_provider` gave nothing in 30 s"), "{error}");
    assert!(bench.script.take().is_empty());
}

#[tokio::test]
async fn e32_a_key_callback_is_asked_once_and_again_when_the_key_is_refused() {
    let keys = Arc::new(Mutex::new(vec!["sk_live_2", "sk_live_1"]));
    let source = KeyCallback::new("api_key_callback", move || {
        let key = keys.lock().unwrap().pop();
        async move { key.map(str::to_owned).ok_or_else(CallbackFailed::default) }
    });
    let make = |clock: &HandClock| -> Box<dyn Credential> {
        let rule = KeyRule::new(Service::VideoVector, Slot::ApiKey);
        let clock = Arc::new(clock.clone());
        let key = HeldKey::new(Arc::new(source), rule, clock, Notices::default());
        Box::new(ApiKeyCredential::new(Service::VideoVector, key))
    };
    let bench = bench(|number| if number == 2 || number >= 4 { 401 } else { 200 }, make);
    for _ in 0..3 {
        bench.call().await.unwrap();
    }
    // Now it has nothing more to give: the refusal says so, and the key stays in hand.
    let error = bench.call().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("auth.key_rejected", 1));
    assert!(error.message().contains("was read again and gave nothing"), "{error}");
    let sent = bench.sent("x-api-key");
    assert_eq!(sent, ["sk_live_1", "sk_live_1", "sk_live_1", "sk_live_2", "sk_live_2"]);
}

fn called_back(
    slot: Slot,
    answer: impl Fn() -> Result<String, CallbackFailed> + Send + Sync + 'static,
) -> impl FnOnce(&HandClock) -> HeldKey {
    let source = KeyCallback::new("api_key", move || std::future::ready(answer()));
    let rule = KeyRule::new(Service::VideoVector, slot);
    move |clock| HeldKey::new(Arc::new(source), rule, Arc::new(clock.clone()), Notices::default())
}

#[tokio::test]
async fn py_02_a_key_callback_that_fails_or_gives_junk_is_told_as_a_provider_is() {
    type Ask = fn() -> Result<String, CallbackFailed>;
    let cases: [(Ask, &str); 4] = [
        (|| Err(CallbackFailed::default()), "the callback `api_key` failed, so"),
        (
            || Err(CallbackFailed::that("raised KeyError")),
            "the callback `api_key` raised KeyError, so",
        ),
        (|| Ok(" ".to_owned()), "the API key from callback `api_key` is empty"),
        (|| Ok("canary\0".to_owned()), "has a control character at byte 7 of 7"),
    ];
    for (ask, text) in cases {
        let key = called_back(Slot::ApiKey, ask);
        let bench = bench(
            |_| 200,
            |clock| Box::new(ApiKeyCredential::new(Service::VideoVector, key(clock))),
        );
        let error = bench.call().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Credential, "auth.source"), "{error}");
        assert!(error.message().contains(text) && !error.message().contains("canary"), "{error}");
        assert!(bench.script.take().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn e32_a_callback_that_repeats_a_refused_token_is_told_to_get_another_by_both_ways() {
    let token = called_back(Slot::Jwt, || Ok("eyJ.old.x".to_owned()));
    let by_source =
        bench(|_| 401, |clock| Box::new(JwtCredential::new(token(clock), JwtKind::Unknown)));
    let by_provider =
        bench(|_| 401, |clock| provided(|| async { Ok("eyJ.old.x".to_owned()) }, clock));
    for (bench, name) in [(by_source, "api_key"), (by_provider, "token_provider")] {
        let error = bench.call().await.unwrap_err();
        let advice =
            format!("The callback `{name}` gives a token that is refused; have it get a new one.");
        assert!(error.message().contains(&advice), "{error}");
    }
}

/// Gives a token of a number on each read, which lives so long, if it says so.
struct Tokens {
    read: Arc<AtomicUsize>,
    life: Option<Duration>,
    clock: HandClock,
}

impl SecretSource for Tokens {
    fn provenance(&self) -> Provenance {
        Provenance::Callback("token")
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            let number = self.read.fetch_add(1, Ordering::Relaxed) + 1;
            if number == 5 {
                return Err(source_failed(&self.provenance(), "failed"));
            }
            let now = framekey_runtime::Clock::now(&self.clock).wall;
            let secret = Secret::new(format!("eyJ.token.{number}"));
            Ok(Found { secret, expires_at: self.life.map(|life| now + life) })
        })
    }

    fn can_change(&self) -> bool {
        true
    }

    fn lasts(&self) -> bool {
        false
    }
}

fn given(life: Option<Duration>, refused: impl Fn(usize) -> bool + Send + Sync + 'static) -> Bench {
    bench(
        move |number| if refused(number) { 401 } else { 200 },
        |clock| {
            let source = Tokens { read: Arc::default(), life, clock: clock.clone() };
            let rule = KeyRule::new(Service::VideoVector, Slot::Jwt);
            let clock = Arc::new(clock.clone());
            let token = HeldKey::new(Arc::new(source), rule, clock, Notices::default());
            Box::new(JwtCredential::new(token, JwtKind::Unknown))
        },
    )
}

#[tokio::test]
async fn e32_a_token_that_does_not_last_is_read_for_each_attempt_and_a_failure_is_not_kept() {
    // One that had ended before it came is used once all the same: the clock here may be wrong.
    for life in [None, Some(Duration::ZERO)] {
        let bench = given(life, |number| number == 1);
        bench.call().await.unwrap();
        bench.call().await.unwrap();
        let error = bench.call().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Credential, "auth.source"));
        bench.call().await.unwrap();
        let sent = bench.sent("authorization");
        // Three is asked for by the 401, and four by the attempt that follows.
        let numbers: Vec<_> =
            sent.iter().map(|token| token.trim_start_matches("Bearer eyJ.token.")).collect();
        assert_eq!(numbers, ["1", "2", "4", "6"], "{life:?}");
    }
}

#[tokio::test]
async fn e32_a_token_with_an_end_is_kept_until_shortly_before() {
    let bench = given(Some(Duration::from_secs(3600)), |_| false);
    for after in [0, 3000, 569, 1, 0] {
        bench.clock.advance(Duration::from_secs(after));
        bench.call().await.unwrap();
    }
    let sent = bench.sent("authorization");
    assert_eq!(sent.iter().filter(|token| token.ends_with("token.1")).count(), 3);
    assert_eq!(sent.iter().filter(|token| token.ends_with("token.2")).count(), 2);
}
