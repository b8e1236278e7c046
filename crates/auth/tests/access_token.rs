//! The access token of api.video: one exchange for all, renewed at its end, replaced once on a 401.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use framekey_auth::{Credential, CredentialSet, DisposableTokenCredential, Provenance, Renewal};
use framekey_catalog::{Service, find};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{
    BaseUrl, Body, Error, ErrorKind, HttpRequest, Request, Response, Secret, Session, Stage,
};

struct Setting {
    script: Script,
    clock: HandClock,
    session: Session,
}

fn setting(renewal: Renewal, script: Script) -> Setting {
    let clock = HandClock::default();
    let base = BaseUrl::parse("https://ws.example").unwrap();
    let bare = Session::builder(Service::ApiVideo, base, script.platform(&clock)).build();
    let from = Provenance::Environment("APIVIDEO_API_KEY");
    let credential =
        DisposableTokenCredential::new(Secret::new("canary-key"), renewal, from, bare.clone());
    let held: Vec<Box<dyn Credential>> = vec![Box::new(credential)];
    let session =
        bare.with_credentials(Arc::new(CredentialSet::new(Service::ApiVideo, held, String::new())));
    Setting { script, clock, session }
}

impl Setting {
    async fn list(&self) -> Result<Response, Error> {
        let operation = find(Service::ApiVideo, "videos.list").unwrap();
        self.session
            .send(operation, Request { path: "/videos".to_owned(), ..Request::default() })
            .await
    }

    /// The last path segments of what was sent, with the bearer token where there is one.
    fn sent(&self) -> Vec<String> {
        let tell = |request: &HttpRequest| {
            let path = request.url.trim_start_matches("https://ws.example").to_owned();
            match request.headers.get("authorization") {
                Some(value) => format!("{path} {value}"),
                None => path,
            }
        };
        self.script.take().iter().map(tell).collect()
    }
}

fn token(number: usize, expires_in: &str) -> Answer {
    Answer::json(
        200,
        format!(
            r#"{{"token_type":"Bearer","expires_in":{expires_in},"access_token":"at-{number}","refresh_token":"rt-{number}"}}"#
        ),
    )
}

fn is_exchange(request: &HttpRequest) -> bool {
    request.url.ends_with("/auth/api-key")
}

/// Numbers tokens by request and answers everything else with success.
fn service() -> Script {
    Script::new(|number, request| match request.url.contains("/auth/") {
        true => token(number, "3600"),
        false => Answer::json(200, "{}"),
    })
}

#[tokio::test]
async fn tk_01_sixty_four_callers_share_one_exchange() {
    let setting = Arc::new(setting(Renewal::Exchange, service().slow()));
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let setting = Arc::clone(&setting);
            tokio::spawn(async move { setting.list().await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let sent = setting.sent();
    assert_eq!(sent.iter().filter(|line| line.contains("/auth/")).count(), 1, "{sent:?}");
    assert_eq!(sent.iter().filter(|line| *line == "/videos Bearer at-0").count(), 64);
}

#[tokio::test]
async fn tk_02_a_failed_exchange_answers_all_waiters_and_the_next_call_tries_again() {
    let script = Script::new(|number, request| match (is_exchange(request), number) {
        (true, 0) => Answer::broken(Stage::Connect),
        (true, _) => token(number, "3600"),
        (false, _) => Answer::json(200, "{}"),
    });
    let setting = Arc::new(setting(Renewal::Exchange, script.slow()));
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let setting = Arc::clone(&setting);
            tokio::spawn(async move { setting.list().await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.operation()),
            ("auth.exchange_unavailable", Some("videos.list"))
        );
    }
    setting.list().await.unwrap();
    assert_eq!(setting.sent(), ["/auth/api-key", "/auth/api-key", "/videos Bearer at-1"]);
}

#[tokio::test]
async fn tk_09_a_leader_that_gives_up_does_not_take_the_token_along() {
    let setting = Arc::new(setting(Renewal::Exchange, service().slow()));
    let leader = {
        let setting = Arc::clone(&setting);
        tokio::spawn(async move { setting.list().await.map(|_| ()) })
    };
    while setting.script.clone().take().is_empty() {
        tokio::task::yield_now().await;
    }
    leader.abort();
    setting.list().await.unwrap();
    // The exchange itself was taken from the script's memory above; no second one was sent.
    assert_eq!(setting.sent(), ["/videos Bearer at-0"]);
}

#[tokio::test]
async fn the_token_is_used_until_it_ends_and_then_exchanged_anew() {
    let setting = setting(Renewal::Exchange, service());
    setting.list().await.unwrap();
    setting.clock.advance(Duration::from_secs(3500));
    setting.list().await.unwrap();
    assert_eq!(setting.sent(), ["/auth/api-key", "/videos Bearer at-0", "/videos Bearer at-0"]);
    setting.clock.advance(Duration::from_secs(80));
    setting.list().await.unwrap();
    assert_eq!(setting.sent(), ["/auth/api-key", "/videos Bearer at-0"]);
}

#[tokio::test]
async fn tk_10_a_suspended_machine_does_not_send_a_dead_token() {
    let setting = setting(Renewal::Exchange, service());
    setting.list().await.unwrap();
    setting.clock.advance_wall(Duration::from_secs(7200));
    setting.list().await.unwrap();
    assert_eq!(setting.sent().iter().filter(|line| line.contains("/auth/")).count(), 2);
}

#[tokio::test]
async fn tk_08_a_service_that_always_says_401_is_asked_twice() {
    let script = Script::new(|number, request| match request.url.contains("/auth/") {
        true => token(number, "3600"),
        false => Answer::json(401, r#"{"title":"no"}"#),
    });
    let setting = setting(Renewal::Exchange, script);
    let error = setting.list().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Authentication, 2));
    assert_eq!(
        setting.sent(),
        ["/auth/api-key", "/videos Bearer at-0", "/auth/api-key", "/videos Bearer at-2"]
    );
}

#[tokio::test]
async fn tk_06_an_old_refusal_does_not_throw_a_newer_token_away() {
    let setting = setting(Renewal::Exchange, service());
    let list = find(Service::ApiVideo, "videos.list").unwrap();
    let from = Provenance::Option("api_key");
    let bare = setting.session.with_credentials(Arc::new(framekey_runtime::Anonymous));
    let credential =
        DisposableTokenCredential::new(Secret::new("canary-key"), Renewal::Exchange, from, bare);
    let old = credential.apply(list.security[0]).await.unwrap();
    credential.rejected(&old).await;
    let new = credential.apply(list.security[0]).await.unwrap();
    assert_ne!(old.generation, new.generation);
    credential.rejected(&old).await;
    let still = credential.apply(list.security[0]).await.unwrap();
    assert_eq!(still.generation, new.generation);
    assert_eq!(setting.sent().len(), 2);
}

#[tokio::test]
async fn tk_05_a_refused_exchange_says_what_to_look_at_and_nothing_else_is_sent() {
    let script = Script::new(|_, _| {
        Answer::json(
            400,
            r#"{"type":"https://x/authentication-invalid-user-credentials","title":"canary-key is wrong"}"#,
        )
    });
    let setting = setting(Renewal::Exchange, script);
    let error = setting.list().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.status()),
        (ErrorKind::Authentication, "auth.exchange_refused", Some(400))
    );
    let text = error.to_string();
    assert!(
        text.contains("APIVIDEO_API_KEY")
            && text.contains("authentication-invalid-user-credentials"),
        "{text}"
    );
    assert_eq!(setting.sent(), ["/auth/api-key"]);
}

#[tokio::test]
async fn the_refresh_token_is_presented_once_and_the_key_follows_when_it_is_refused() {
    let script = Script::new(|number, request| {
        if request.url.ends_with("/auth/refresh") && number > 3 {
            return Answer::json(401, r#"{"title":"unknown refresh token"}"#);
        }
        match request.url.contains("/auth/") {
            true => token(number, "3600"),
            false => Answer::json(200, "{}"),
        }
    });
    let seen = script.clone();
    let setting = setting(Renewal::RefreshFirst, script);
    setting.list().await.unwrap();
    setting.clock.advance(Duration::from_secs(3700));
    setting.list().await.unwrap();
    setting.clock.advance(Duration::from_secs(3700));
    setting.list().await.unwrap();
    let requests = seen.take();
    let paths: Vec<&str> = requests
        .iter()
        .map(|request| request.url.trim_start_matches("https://ws.example"))
        .collect();
    assert_eq!(
        paths,
        [
            "/auth/api-key",
            "/videos",
            "/auth/refresh",
            "/videos",
            "/auth/refresh",
            "/auth/api-key",
            "/videos",
        ]
    );
    let body = |at: usize| match &requests[at].body {
        Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(body(2), r#"{"refreshToken":"rt-0"}"#);
    assert_eq!(body(4), r#"{"refreshToken":"rt-2"}"#);
}

#[tokio::test]
async fn tk_11_odd_lifetimes_are_bounded_or_refused() {
    for (given, good) in [
        ("null", true),
        ("1", true),
        ("5", true),
        ("59", true),
        ("\"3600\"", true),
        ("1e308", true),
        ("9223372036854775808", true),
        ("0", false),
        ("-1", false),
        ("\"soon\"", false),
        ("\"NaN\"", false),
        ("[]", false),
    ] {
        let script = Script::new(move |number, request| match request.url.contains("/auth/") {
            true => token(number, given),
            false => Answer::json(200, "{}"),
        });
        let setting = setting(Renewal::Exchange, script);
        let outcome = setting.list().await;
        assert_eq!(outcome.is_ok(), good, "{given}: {outcome:?}");
        if good {
            setting.clock.advance(Duration::from_secs(86_400));
            setting.list().await.unwrap();
            assert_eq!(
                setting.sent().iter().filter(|line| line.contains("/auth/")).count(),
                2,
                "{given}"
            );
        }
    }
}

#[tokio::test]
async fn tk_04_a_broken_token_answer_is_no_latched_state_and_is_not_quoted() {
    for body in [
        "",
        "{",
        "<html>canary</html>",
        "[]",
        r#"{"access_token":""}"#,
        r#"{"access_token":"can\nary"}"#,
        r#"{"access_token":"canary","token_type":"mac"}"#,
    ] {
        let script = Script::new(move |number, request| match (is_exchange(request), number) {
            (true, 0) => Answer::json(200, body),
            (true, _) => token(number, "3600"),
            (false, _) => Answer::json(200, "{}"),
        });
        let setting = setting(Renewal::Exchange, script);
        let error = setting.list().await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert_eq!(error.code(), "auth.exchange_unavailable", "{body}");
        assert!(!shown.contains("canary") && !shown.contains("can\n"), "{shown}");
        setting.list().await.unwrap();
    }
}
