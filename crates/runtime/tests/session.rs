//! What leaves the room, and what does not.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use framekey_catalog::{Operation, Service, find};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{
    Applied, BaseUrl, Body, BoxFuture, Clock, CredentialKind, Credentials, Error, ErrorKind,
    Multipart, Part, Repair, Request, Secret, Session, Stage, Time,
};

/// A credential that always claims to be renewed.
struct Renewed;

impl Credentials for Renewed {
    fn apply<'a>(&'a self, _: &'static Operation) -> BoxFuture<'a, Result<Applied, Error>> {
        let headers = vec![("authorization", Secret::new("Bearer canary-91aa"))];
        let query = vec![("token", Secret::new("canary-91ab"))];
        Box::pin(async {
            let kind = CredentialKind::AccessToken;
            Ok(Applied { kind, headers, query, generation: 1, ..Applied::nothing() })
        })
    }

    fn rejected<'a>(&'a self, _: &'static Operation, _: &'a Applied) -> BoxFuture<'a, Repair> {
        Box::pin(async { Repair::Resend })
    }
}

fn session(script: &Script) -> Session {
    let base = BaseUrl::parse("https://service.example/v1").unwrap();
    Session::builder(Service::ApiVideo, base, script.platform(&HandClock::default()))
        .build()
        .with_credentials(Arc::new(Renewed))
}

fn get() -> (&'static Operation, Request) {
    let operation = find(Service::ApiVideo, "videos.get").unwrap();
    (operation, Request { path: "/videos/vi1".to_owned(), ..Request::default() })
}

async fn fail(script: &Script, request: impl FnOnce(&mut Request)) -> Error {
    let (operation, mut wanted) = get();
    request(&mut wanted);
    session(script).send(operation, wanted).await.unwrap_err()
}

#[tokio::test]
async fn rd_01_a_redirect_is_an_error_and_its_target_is_not_in_it() {
    for status in [301, 302, 303, 307, 308] {
        let script = Script::new(move |_, _| {
            let mut answer = Answer::json(status, "{}");
            answer.headers.push(("location", "https://evil.example/?canary-location".to_owned()));
            answer
        });
        let error = fail(&script, |_| {}).await;
        assert_eq!((error.code(), error.status()), ("http.redirect", Some(status)));
        assert_eq!(script.take().len(), 1);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_401_is_sent_twice_at_most() {
    let script = Script::new(|_, _| Answer::json(401, "{}"));
    let error = fail(&script, |_| {}).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Authentication, 2));
    assert_eq!(script.take().len(), 2);
    let recovers = Script::new(|number, _| Answer::json(if number == 0 { 401 } else { 200 }, "{}"));
    let (operation, request) = get();
    let response = session(&recovers).send(operation, request).await.unwrap();
    assert_eq!(response.attempts, 2);
}

#[tokio::test]
async fn rd_06_paths_and_headers_that_could_lead_elsewhere_are_refused_before_a_send() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    for path in [
        "/videos/..",
        "/videos/",
        "/videos/a/source",
        "/videos/vi1?x=1",
        "//evil.example/videos/vi1",
        "/videos/%2e%2e",
    ] {
        let error = fail(&script, |request| request.path = path.to_owned()).await;
        assert_eq!((error.kind(), error.code()), (ErrorKind::Usage, "usage.bad_id"), "{path}");
    }
    for (name, value) in [
        ("authorization", "x"),
        ("X-API-Key", "x"),
        ("host", "x"),
        ("content-range", "part 1/2\r\nx: y"),
        ("content-range", "ü"),
    ] {
        let error = fail(&script, |request| request.headers.push(name, value)).await;
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Usage, 0), "{name}");
    }
    assert!(script.take().is_empty());
}

#[tokio::test]
async fn the_wire_is_the_services_own() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let (operation, request) = get();
    session(&script).send(operation, request).await.unwrap();
    let sent = script.take();
    assert_eq!(sent[0].url, "https://service.example/v1/videos/vi1?token=canary-91ab");
    let names: Vec<&str> = sent[0].headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["accept", "authorization"]);
    assert!(!format!("{sent:?}").contains("canary"));
}

#[tokio::test]
async fn sh_01_a_secret_that_the_service_repeats_is_masked() {
    for body in [
        r#"{"message":"token canary-91aa is bad"}"#,
        r#"{"title":"no","name":"canary-91ab"}"#,
        r#"{"error":{"code":"canary-91aa","message":"x"}}"#,
    ] {
        let script = Script::new(move |_, _| Answer::json(403, body));
        let error = fail(&script, |_| {}).await;
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("[redacted]") && !shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn every_status_has_its_kind_and_the_services_words() {
    for (status, kind) in [
        (400, ErrorKind::BadRequest),
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (410, ErrorKind::Status),
        (422, ErrorKind::Unprocessable),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Server),
        (503, ErrorKind::Server),
        (304, ErrorKind::Status),
    ] {
        let script = Script::new(move |_, _| {
            let mut answer = Answer::json(status, r#"{"code":"c1","message":"said so"}"#);
            answer.headers.push(("retry-after", "7".to_owned()));
            answer.headers.push(("x-request-id", "rq-1".to_owned()));
            answer
        });
        let error = fail(&script, |_| {}).await;
        assert_eq!((error.kind(), error.status()), (kind, Some(status)));
        let text = error.to_string();
        for part in ["`videos.get` (api.video)", "said so", "c1", "rq-1"] {
            assert!(text.contains(part), "{text}");
        }
        let waits = matches!(status, 429 | 503).then(|| Duration::from_secs(7));
        assert_eq!(error.retry_after(), waits);
        assert!(
            framekey_catalog::ERRORS.iter().any(|row| row.kind == kind.as_str()),
            "{kind:?} is in no table"
        );
    }
}

#[tokio::test]
async fn rt_09_a_sentence_of_the_service_goes_on_in_ours() {
    let body = r#"{"title":"Out of range.","name":"pageSize"}"#;
    let script = Script::new(move |_, _| Answer::json(400, body));
    let error = fail(&script, |_| {}).await;
    assert_eq!(error.message(), "the service answered 400: Out of range; parameter `pageSize`");
    assert_eq!(error.server().unwrap().message.as_deref(), Some("Out of range."));
}

#[tokio::test]
async fn a_broken_connection_says_whether_the_call_may_have_been_carried_out() {
    let create = find(Service::ApiVideo, "videos.create").unwrap();
    let request = || Request { path: "/videos".to_owned(), ..Request::default() };
    for (stage, code) in [
        (Stage::Connect, "net.connect"),
        (Stage::Tls, "net.tls"),
        (Stage::Sent, "outcome_unknown"),
        (Stage::Answering, "outcome_unknown"),
    ] {
        let script = Script::new(move |_, _| Answer::broken(stage));
        let error = session(&script).send(create, request()).await.unwrap_err();
        assert_eq!((error.code(), error.attempts()), (code, 1));
        assert!(std::error::Error::source(&error).is_some());
        // Where to, without a path or a query.
        assert!(error.message().contains("https://service.example "), "{error}");
        assert!(!error.message().contains("/v1") && !error.message().contains("canary"), "{error}");
    }
    let script = Script::new(|_, _| Answer::broken(Stage::Sent));
    assert_eq!(fail(&script, |_| {}).await.code(), "net.broken");
}

/// A clock on which every limit has run out.
struct Over;

impl Clock for Over {
    fn now(&self) -> Time {
        Time { monotonic: Duration::ZERO, wall: Duration::ZERO }
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn e12_the_deadline_ends_a_call_and_names_itself() {
    let script = Script::new(|_, _| Answer::json(200, "{}")).slow();
    let mut platform = script.platform(&HandClock::default());
    platform.clock = Arc::new(Over);
    let base = BaseUrl::parse("https://service.example").unwrap();
    let session =
        Session::builder(Service::ApiVideo, base, platform).timeout(Duration::from_secs(3)).build();
    let (operation, request) = get();
    let error = session.send(operation, request).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, "timeout.deadline"));
    assert!(error.to_string().contains("from https://service.example within 3 s"), "{error}");
}

/// A credential with whatever secret.
struct Given(&'static str);

impl Credentials for Given {
    fn apply<'a>(&'a self, _: &'static Operation) -> BoxFuture<'a, Result<Applied, Error>> {
        let headers = vec![("x-api-key", Secret::new(self.0))];
        Box::pin(async {
            Ok(Applied { kind: CredentialKind::ApiKey, headers, ..Applied::nothing() })
        })
    }

    fn rejected<'a>(&'a self, _: &'static Operation, _: &'a Applied) -> BoxFuture<'a, Repair> {
        let advice = "make another key".to_owned();
        Box::pin(async { Repair::Refused { code: "auth.key_rejected", advice } })
    }
}

#[tokio::test]
async fn rd_06_a_credential_that_could_write_a_header_of_its_own_is_not_sent() {
    let script = Script::new(|_, _| Answer::json(401, "{}"));
    for key in ["canary-1\r\nx-other: 1", "canary-1\n", "canary\u{0}1", "canary\u{7f}1"] {
        let (operation, request) = get();
        let given = session(&script).with_credentials(Arc::new(Given(key)));
        let error = given.send(operation, request).await.unwrap_err();
        assert_eq!((error.code(), script.take().len()), ("auth.malformed", 0));
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    let (operation, request) = get();
    let given = session(&script).with_credentials(Arc::new(Given("canary-1")));
    let error = given.send(operation, request).await.unwrap_err();
    assert_eq!((error.code(), script.take().len()), ("auth.key_rejected", 1));
    assert!(error.message().ends_with(". make another key"), "{error}");
}

#[tokio::test]
async fn a_form_has_one_boundary_and_what_is_ours_goes_along() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let operation = find(Service::ApiVideo, "videos.upload").unwrap();
    let mut request = Request { path: "/videos/vi1/source".to_owned(), ..Request::default() };
    request.headers.push("content-range", "part 1/2");
    request.body = Body::Multipart(Multipart { parts: vec![Part::text("a", "b")] });
    let base = BaseUrl::parse("https://service.example").unwrap();
    let platform = script.platform(&HandClock::default());
    let session = Session::builder(Service::ApiVideo, base, platform).user_agent("agent/1").build();
    session.send(operation, request).await.unwrap();
    let [sent] = &script.take()[..] else { panic!("one request") };
    // The script's randomness is sevens.
    assert_eq!(sent.boundary, format!("framekey-{}", "07".repeat(16)));
    let form = format!("multipart/form-data; boundary={}", sent.boundary);
    for (name, value) in
        [("content-type", form.as_str()), ("content-range", "part 1/2"), ("user-agent", "agent/1")]
    {
        assert_eq!(sent.headers.get(name), Some(value));
    }
}

#[tokio::test]
async fn what_a_refusal_names_is_told_and_only_a_good_answer_is_streamed() {
    let problem =
        r#"{"type":"https://docs/x/attribute-required","title":"Missing.","name":"title"}"#;
    let script = Script::new(move |_, _| Answer::json(400, problem));
    let error = fail(&script, |request| request.streamed = true).await;
    assert!(error.message().contains("Missing (attribute-required); parameter `title`"), "{error}");
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let (operation, mut request) = get();
    request.streamed = true;
    let answer = session(&script).send(operation, request).await.unwrap();
    assert!(answer.stream.is_some() && answer.body.is_empty());
    // Of a refusal no more than 64 KiB are read; its status is told all the same.
    let long = format!("{{\"title\":\"{}\"}}", "a".repeat(70_000));
    let error = fail(&Script::new(move |_, _| Answer::json(500, long.clone())), |_| {}).await;
    assert_eq!((error.status(), error.message()), (Some(500), "the service answered 500"));
}
