//! Which credential goes where, and what is refused before anything is sent.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use framekey_auth::{
    ApiKeyCredential, BasicCredential, Credential, CredentialSet, HeldKey, JwtCredential, JwtKind,
    Provenance, UploadTokenCredential,
};
use framekey_catalog::{Method, Operation, Scheme, Service, find, operations};
use framekey_runtime::testing::{Answer, HandClock, Script};
use framekey_runtime::{BaseUrl, Error, ErrorKind, Request, Response, Secret, Session};

const FROM: Provenance = Provenance::Option("api_key");

fn secret() -> Secret {
    Secret::new("canary-4c1d")
}

fn key() -> HeldKey {
    HeldKey::fixed(secret(), FROM)
}

fn session(service: Service, script: &Script, held: Vec<Box<dyn Credential>>) -> Session {
    let base = BaseUrl::parse("https://service.example").unwrap();
    Session::builder(service, base, script.platform(&HandClock::default()))
        .build()
        .with_credentials(Arc::new(CredentialSet::new(service, held, "Set X_API_KEY.".to_owned())))
}

/// A path that fits the operation's template.
fn path(operation: &Operation) -> String {
    let segments = operation
        .path
        .split('/')
        .map(|segment| if segment.starts_with('{') { "x1" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

async fn send(session: &Session, operation: &'static Operation) -> Result<Response, Error> {
    session.send(operation, Request { path: path(operation), ..Request::default() }).await
}

/// The credentials that a request carries.
fn carried(script: &Script) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for request in script.take() {
        match request.headers.get("authorization") {
            Some(value) if value.starts_with("Basic ") => kinds.push("basic"),
            Some(value) if value.starts_with("Bearer ") => kinds.push("bearer"),
            Some(_) => kinds.push("?"),
            None => {}
        }
        if request.headers.get("x-api-key").is_some() {
            kinds.push("api_key");
        }
        if request.url.contains("token=canary-4c1d") {
            kinds.push("upload_token");
        }
    }
    kinds
}

type Make = fn(Service) -> Box<dyn Credential>;

#[tokio::test]
async fn every_operation_gets_exactly_one_accepted_kind_or_is_refused_before_it_is_sent() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let holders: [(&str, Make); 5] = [
        ("basic", |_| Box::new(BasicCredential::new(key()))),
        ("api_key", |service| Box::new(ApiKeyCredential::new(service, key()))),
        ("upload_token", |_| Box::new(UploadTokenCredential::new(secret(), FROM))),
        ("bearer", |_| Box::new(JwtCredential::new(key(), JwtKind::User))),
        ("bearer", |_| Box::new(JwtCredential::new(key(), JwtKind::OAuth))),
    ];
    let mut cells = 0;
    for service in Service::ALL {
        for (kind, make) in holders {
            let session = session(service, &script, vec![make(service)]);
            for operation in operations(service) {
                cells += 1;
                let fits = operation.security.iter().any(|scheme| make(service).fits(*scheme));
                let outcome = send(&session, operation).await;
                let carried = carried(&script);
                if operation.security.is_empty() {
                    assert!(outcome.is_ok() && carried.is_empty(), "{}", operation.id);
                } else if fits {
                    assert!(outcome.is_ok(), "{}", operation.id);
                    assert_eq!(carried, [kind], "{}", operation.id);
                } else {
                    let error = outcome.unwrap_err();
                    assert_eq!(
                        (error.kind(), error.code()),
                        (ErrorKind::Credential, "auth.wrong_kind")
                    );
                    assert!(carried.is_empty());
                    let text = error.to_string();
                    for part in [operation.id, service.title(), "option `api_key`"] {
                        assert!(text.contains(part), "{text}");
                    }
                    assert!(!text.contains("canary"), "{text}");
                }
            }
        }
    }
    assert_eq!(cells, 259 * 5);
}

#[tokio::test]
async fn nothing_configured_says_what_to_set() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    for service in Service::ALL {
        let session = session(service, &script, Vec::new());
        for operation in
            operations(service).iter().filter(|operation| !operation.security.is_empty())
        {
            let error = send(&session, operation).await.unwrap_err();
            assert_eq!(error.code(), "auth.missing", "{}", operation.id);
            assert!(error.to_string().contains("Set X_API_KEY."), "{error}");
            assert_eq!(error.attempts(), 0);
        }
    }
    assert!(script.take().is_empty());
}

#[tokio::test]
async fn an_api_key_cannot_manage_api_keys_and_the_error_names_the_jwt() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let by_key: Box<dyn Credential> = Box::new(ApiKeyCredential::new(Service::VideoVector, key()));
    let session = session(Service::VideoVector, &script, vec![by_key]);
    let administration: Vec<_> = operations(Service::VideoVector)
        .iter()
        .filter(|operation| operation.resource == "api_keys")
        .collect();
    assert_eq!(administration.len(), 6);
    for operation in administration {
        let text = send(&session, operation).await.unwrap_err().to_string();
        assert!(text.contains("pass the JWT of a signed-in user (option `jwt`)"), "{text}");
    }
    assert!(script.take().is_empty());
}

#[tokio::test]
async fn the_order_of_preference_decides_between_two() {
    let script = Script::new(|_, _| Answer::json(200, "{}"));
    let by_key =
        || -> Box<dyn Credential> { Box::new(ApiKeyCredential::new(Service::VideoVector, key())) };
    let jwt = || -> Box<dyn Credential> { Box::new(JwtCredential::new(key(), JwtKind::User)) };
    let list = find(Service::VideoVector, "videos.get").unwrap();
    let rotate = find(Service::VideoVector, "api_keys.rotate").unwrap();
    let first_key = session(Service::VideoVector, &script, vec![by_key(), jwt()]);
    send(&first_key, list).await.unwrap();
    send(&first_key, rotate).await.unwrap();
    assert_eq!(carried(&script), ["api_key", "bearer"]);
    let first_jwt = session(Service::VideoVector, &script, vec![jwt(), by_key()]);
    send(&first_jwt, list).await.unwrap();
    assert_eq!(carried(&script), ["bearer"]);
}

#[tokio::test]
async fn a_refused_key_is_sent_once_and_never_replaced_by_another_kind() {
    let script = Script::new(|_, _| {
        Answer::json(401, r#"{"code":"api_key_invalid","message":"canary-4c1d is invalid"}"#)
    });
    let held: Vec<Box<dyn Credential>> = vec![
        Box::new(ApiKeyCredential::new(Service::VideoVector, key())),
        Box::new(JwtCredential::new(key(), JwtKind::User)),
    ];
    let session = session(Service::VideoVector, &script, held);
    let error =
        send(&session, find(Service::VideoVector, "videos.get").unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.status()),
        (ErrorKind::Authentication, "auth.key_rejected", Some(401))
    );
    assert_eq!(carried(&script), ["api_key"]);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("[redacted] is invalid") && !shown.contains("canary"), "{shown}");
}

#[test]
fn the_table_declares_a_credential_for_all_but_the_token_endpoints() {
    let open: Vec<_> = framekey_catalog::all()
        .filter(|operation| operation.security.is_empty())
        .map(|operation| operation.id)
        .collect();
    assert_eq!(open, ["access_tokens.create", "access_tokens.refresh"]);
    let by_token: Vec<_> = framekey_catalog::all()
        .filter(|operation| {
            operation.security.iter().any(|scheme| matches!(scheme, Scheme::ApiKeyQuery(_)))
        })
        .collect();
    assert_eq!(by_token.len(), 1);
    assert_eq!((by_token[0].id, by_token[0].method), ("videos.upload_with_token", Method::Post));
}
