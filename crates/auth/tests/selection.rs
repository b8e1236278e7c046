//! Which credential goes where, and what is refused before anything is sent.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use framekey_auth::{
    ApiKeyCredential, BasicCredential, Credential, CredentialSet, DisposableTokenCredential,
    HeldKey, JwtCredential, JwtKind, Provenance, ProvidedTokenCredential, Renewal,
    UploadTokenCredential,
};
use framekey_catalog::{Bearer, Method, Operation, Scheme, Scope, Service, find, operations};
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

/// What a client may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Basic,
    AccessToken,
    ProvidedToken,
    ApiKey,
    Jwt(JwtKind),
    ProvidedJwt(JwtKind),
    UploadToken,
}

const KINDS: [Kind; 11] = [
    Kind::Basic,
    Kind::AccessToken,
    Kind::ProvidedToken,
    Kind::ApiKey,
    Kind::Jwt(JwtKind::User),
    Kind::Jwt(JwtKind::OAuth),
    Kind::Jwt(JwtKind::Unknown),
    Kind::ProvidedJwt(JwtKind::User),
    Kind::ProvidedJwt(JwtKind::OAuth),
    Kind::ProvidedJwt(JwtKind::Unknown),
    Kind::UploadToken,
];

impl Kind {
    /// The kinds that a client of a service can be given.
    fn of(service: Service) -> Vec<Kind> {
        let mine = |kind: &Kind| match kind {
            Kind::Basic | Kind::AccessToken | Kind::ProvidedToken | Kind::UploadToken => {
                service == Service::ApiVideo
            }
            Kind::ApiKey => service != Service::ApiVideo,
            Kind::Jwt(_) | Kind::ProvidedJwt(_) => service == Service::VideoVector,
        };
        KINDS.into_iter().filter(mine).collect()
    }

    fn make(self, service: Service, bare: &Session) -> Box<dyn Credential> {
        let clock = Arc::clone(&bare.platform().clock);
        let provider = || async { Ok("canary-4c1d".to_owned()) };
        match self {
            Kind::Basic => Box::new(BasicCredential::new(key())),
            Kind::AccessToken => {
                Box::new(DisposableTokenCredential::new(key(), Renewal::Exchange, bare.clone()))
            }
            Kind::ProvidedToken => {
                Box::new(ProvidedTokenCredential::new(service, JwtKind::Unknown, provider, clock))
            }
            Kind::ApiKey => Box::new(ApiKeyCredential::new(service, key())),
            Kind::Jwt(kind) => Box::new(JwtCredential::new(key(), kind)),
            Kind::ProvidedJwt(kind) => {
                Box::new(ProvidedTokenCredential::new(service, kind, provider, clock))
            }
            Kind::UploadToken => Box::new(UploadTokenCredential::new(secret(), FROM)),
        }
    }

    fn on_the_wire(self) -> &'static str {
        match self {
            Kind::Basic => "basic",
            Kind::ApiKey => "api_key",
            Kind::UploadToken => "upload_token",
            _ => "bearer",
        }
    }

    /// Whether an operation that declares `security` accepts it: by the type of the scheme.
    fn fits(self, security: &[Scheme]) -> bool {
        security.iter().any(|scheme| match (self, scheme) {
            (Kind::Basic, Scheme::Basic)
            | (Kind::ApiKey, Scheme::ApiKeyHeader(_))
            | (Kind::UploadToken, Scheme::ApiKeyQuery(_)) => true,
            (Kind::AccessToken | Kind::ProvidedToken, Scheme::Bearer(_)) => true,
            (
                Kind::Jwt(JwtKind::OAuth) | Kind::ProvidedJwt(JwtKind::OAuth),
                Scheme::Bearer(who),
            ) => *who == Bearer::Any,
            (Kind::Jwt(_) | Kind::ProvidedJwt(_), Scheme::Bearer(_)) => true,
            _ => false,
        })
    }
}

/// What facts/AUTH.md says of an operation, by its service and path alone.
fn documented(operation: &Operation) -> Vec<Scheme> {
    let path = operation.path;
    let under = |prefix: &str| path.starts_with(prefix);
    match operation.service {
        Service::ApiVideo if under("/auth/") => Vec::new(),
        Service::ApiVideo if path == "/upload" => vec![Scheme::ApiKeyQuery("token")],
        Service::ApiVideo => vec![Scheme::Bearer(Bearer::Any), Scheme::Basic],
        Service::TwelveLabs => vec![Scheme::ApiKeyHeader("x-api-key")],
        Service::VideoVector if under("/api-keys") || path == "/mcp/config" => {
            vec![Scheme::Bearer(Bearer::User)]
        }
        Service::VideoVector if under("/rate-limit/") => {
            vec![Scheme::ApiKeyHeader("x-api-key"), Scheme::Bearer(Bearer::NotOAuth)]
        }
        Service::VideoVector => {
            vec![Scheme::ApiKeyHeader("x-api-key"), Scheme::Bearer(Bearer::Any)]
        }
    }
}

#[test]
fn the_table_says_of_each_operation_what_the_services_document() {
    for operation in framekey_catalog::all() {
        let mut wanted: Vec<String> = documented(operation)
            .iter()
            .map(|scheme| format!("{scheme:?}").to_lowercase())
            .collect();
        let mut said: Vec<String> =
            operation.security.iter().map(|scheme| format!("{scheme:?}").to_lowercase()).collect();
        wanted.sort();
        said.sort();
        assert_eq!(said, wanted, "{} {}", operation.id, operation.path);
    }
}

/// Answers exchanges with a token, everything else with an empty object.
fn answering() -> Script {
    Script::new(|_, request| match request.url.contains("/auth/") {
        true => Answer::json(200, r#"{"access_token":"canary-token","expires_in":3600}"#),
        false => Answer::json(200, "{}"),
    })
}

/// What a call comes to, and the credentials that it sent; an exchange before it carries none.
async fn outcome(
    session: &Session,
    script: &Script,
    operation: &'static Operation,
) -> (Result<Response, Error>, Vec<&'static str>) {
    let outcome = send(session, operation).await;
    (outcome, carried(script))
}

#[tokio::test]
async fn e32_every_operation_gets_exactly_one_accepted_kind_or_is_refused_before_it_is_sent() {
    let script = answering();
    let (mut sent, mut refused) = (0, 0);
    for service in Service::ALL {
        let bare = session(service, &script, Vec::new());
        for kind in Kind::of(service) {
            let session = session(service, &script, vec![kind.make(service, &bare)]);
            for operation in operations(service) {
                let (outcome, carried) = outcome(&session, &script, operation).await;
                let about = format!("{kind:?} {}", operation.id);
                if operation.security.is_empty() {
                    assert!(outcome.is_ok() && carried.is_empty(), "{about}");
                } else if kind.fits(&documented(operation)) {
                    assert!(outcome.is_ok(), "{about}");
                    assert_eq!(carried, [kind.on_the_wire()], "{about}");
                    sent += 1;
                } else {
                    let error = outcome.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Credential, "{about}");
                    assert_eq!((error.code(), error.attempts()), ("auth.wrong_kind", 0), "{about}");
                    assert!(carried.is_empty(), "{about}");
                    let text = error.to_string();
                    let from = if matches!(kind, Kind::ProvidedToken | Kind::ProvidedJwt(_)) {
                        "callback `token_provider`"
                    } else {
                        "option `api_key`"
                    };
                    for part in [operation.id, service.title(), from, "accepts only"] {
                        assert!(text.contains(part), "{text}");
                    }
                    assert!(!text.contains("canary"), "{text}");
                    refused += 1;
                }
            }
        }
    }
    // api.video: 56 operations by key or token in three forms, one by upload token. Twelve Labs: 99
    // by key. VideoVector: 94 by key, 101 by each of four forms of user's or unknown JWT, 92 by each
    // of two forms of OAuth token.
    assert_eq!(sent, 56 * 3 + 1 + 99 + 94 + 101 * 4 + 92 * 2);
    assert_eq!(refused, 3 + 56 + 7 + 9 * 2);
}

#[tokio::test]
async fn e32_of_two_kinds_exactly_one_is_sent_and_the_first_that_fits() {
    let script = answering();
    for service in Service::ALL {
        let bare = session(service, &script, Vec::new());
        let kinds = Kind::of(service);
        let pairs = kinds.iter().flat_map(|one| kinds.iter().map(move |other| (*one, *other)));
        for (one, other) in pairs.filter(|(one, other)| one != other) {
            let held = vec![one.make(service, &bare), other.make(service, &bare)];
            let session = session(service, &script, held);
            for operation in operations(service) {
                let accepted = documented(operation);
                let first = [one, other].into_iter().find(|kind| kind.fits(&accepted));
                let (outcome, carried) = outcome(&session, &script, operation).await;
                let wanted: Vec<&str> = first.map(Kind::on_the_wire).into_iter().collect();
                assert_eq!(carried, wanted, "{one:?}, {other:?}, {}", operation.id);
                let may = first.is_some() || accepted.is_empty();
                assert_eq!(outcome.is_ok(), may, "{one:?}, {other:?}, {}", operation.id);
            }
        }
    }
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
        assert!(text.contains("Pass the JWT of a signed-in user (option `jwt`)"), "{text}");
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

#[tokio::test]
async fn a_refusal_says_what_would_be_accepted_and_a_403_what_the_key_may_do() {
    let script = Script::new(|_, _| Answer::json(403, "{}"));
    for (service, id, accepted) in [
        (Service::ApiVideo, "videos.list", "an access token (made from an API key)"),
        (Service::TwelveLabs, "indexes.list", "an API key"),
        (Service::VideoVector, "indexes.list", "an API key or a JWT"),
    ] {
        let error = send(&session(service, &script, Vec::new()), find(service, id).unwrap()).await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), "auth.missing");
        assert!(error.message().contains(accepted), "{error}");
    }
    let service = Service::VideoVector;
    let operation = operations(service)
        .iter()
        .find(|row| {
            row.scope.is_some()
                && row.security.iter().any(|scheme| matches!(scheme, Scheme::ApiKeyHeader(_)))
        })
        .unwrap();
    let held = || vec![Box::new(ApiKeyCredential::new(service, key())) as Box<dyn Credential>];
    let base = session(service, &script, Vec::new());
    let set = CredentialSet::new(service, held(), String::new());
    assert!(!set.is_empty() && CredentialSet::new(service, Vec::new(), String::new()).is_empty());
    let told = base.with_credentials(Arc::new(set.scoped(vec![Scope::Read, Scope::Search], false)));
    let error = send(&told, operation).await.unwrap_err();
    assert_eq!(error.code(), "auth.scope");
    let scope = format!("needing the scope `{}`", operation.scope.unwrap().as_str());
    assert!(error.message().contains(&scope), "{error}");
    assert!(error.message().contains("has read, search by what the client was told"), "{error}");
    let error = send(&session(service, &script, held()), operation).await.unwrap_err();
    assert!(!error.message().contains("was told"), "{error}");
}
