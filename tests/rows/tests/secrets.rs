//! SH-02: no type shows a secret, neither those that are listed here nor one of next year.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use framekey::dynamic::{Client, File};
use framekey::{ApiVideo, Error, ErrorKind, Service, TwelveLabs, VideoVector};
use framekey_rows::canary::{Search, canary};
use framekey_rows::shown;
use framekey_runtime::native;
use framekey_runtime::typed::{Patch, SecretText};
use framekey_runtime::{
    Applied, BaseUrl, Body, CredentialKind, Headers, HttpRequest, Multipart, Part, Repair, Request,
    Response, Secret, Session, Source,
};

fn hides(what: &str, value: &impl Debug) {
    let shown = shown::debug(value);
    let search = Search::new(&[("secret".to_owned(), canary("debug"))]);
    assert!(search.hits(shown.as_bytes()).is_empty(), "{what}");
}

#[tokio::test]
async fn sh_02_no_public_type_shows_a_secret() {
    let text = || canary("debug");
    let bytes = || framekey_runtime::Bytes::from(text());
    let secret = || Secret::new(text());
    hides("Secret", &secret());
    hides("a list of them", &vec![Some(secret())]);
    hides("SecretText", &SecretText::from(text()));
    hides("Patch", &Patch::from(SecretText::from(text())));
    let mut headers = Headers::new();
    headers.push("content-type", text());
    headers.push_secret("authorization", secret());
    hides("Headers", &headers);
    let part = Part::text("file", text());
    let form = Multipart { parts: vec![part.clone()] };
    let sources = [Source::Bytes(bytes())];
    hides("Part", &part);
    hides("Source", &sources);
    hides("Body", &[Body::Bytes(bytes()), Body::Multipart(form)]);
    let path = format!("/upload-tokens/{}", text());
    let query = format!("token={}", text());
    let body = || Body::Bytes(bytes());
    hides(
        "Request",
        &Request { path, query, headers: headers.clone(), body: body(), streamed: false },
    );
    hides(
        "HttpRequest",
        &HttpRequest {
            method: "GET",
            url: format!("https://a.example/?token={}", text()),
            headers: headers.clone(),
            boundary: String::new(),
            body: body(),
        },
    );
    hides("Response", &Response { status: 200, headers, body: bytes(), stream: None, attempts: 1 });
    hides(
        "Applied",
        &Applied {
            kind: CredentialKind::ApiKey,
            headers: vec![("x-api-key", secret())],
            query: vec![("token", secret())],
            ..Applied::nothing()
        },
    );
    hides("Repair", &Repair::Refused { code: "auth.key_rejected", advice: "none".to_owned() });
    hides("BaseUrl", &BaseUrl::parse(&format!("https://{}@a.example", text())));
    let file = File {
        argument: "file".to_owned(),
        file_name: None,
        content_type: None,
        source: Source::Bytes(bytes()),
    };
    hides("File", &file);
    hides("Error", &Error::new(ErrorKind::Internal, "internal", "none"));
    hides("Platform", &native::platform().unwrap());

    let key = || text().replace(['+', '/'], "-");
    let base = "http://127.0.0.1:9";
    let builder = || Client::builder(Service::VideoVector).environment(|_| None).base_url(base);
    hides("ClientBuilder", &builder().api_key(key()).jwt(key()).auth_mode("jwt"));
    hides("one that cannot be built", &builder().api_key(key()).jwt(key()).build().err());
    let client = builder().api_key(key()).build().unwrap();
    hides("Client", &client);
    hides("Session", client.session());
    let typed = |service: Service| Client::builder(service).environment(|_| None).base_url(base);
    let av = typed(Service::ApiVideo).api_key(key()).upload_token(key()).build().unwrap();
    hides("ApiVideo", &ApiVideo::from(av));
    let tl = typed(Service::TwelveLabs).api_key(key()).build().unwrap();
    hides("TwelveLabs", &TwelveLabs::from(tl));
    hides("VideoVector", &VideoVector::from(client));
    let platform = native::platform().unwrap();
    let base = BaseUrl::parse(base).unwrap();
    hides("a bare session", &Session::builder(Service::ApiVideo, base, platform).build());
}

/// Names of fields that may hold a secret, or something with one in it.
const NAMES: [&str; 14] = [
    "secret",
    "token",
    "password",
    "key",
    "jwt",
    "authorization",
    "url",
    "header",
    "query",
    "path",
    "text",
    "value",
    "body",
    "bytes",
];
/// Types that show what they hold.
const PLAIN: [&str; 5] = ["String", "Bytes", "Vec<u8>", "Value", "Box<str>"];
/// Looked at, and harmless: a script of tests, and a base URL, which has no user name.
const HARMLESS: [&str; 3] = ["Answer.headers", "Answer.body", "AuthStatus.base_url"];

/// Fields in plain sight of a derived `Debug`, as `Type.field`.
fn in_plain_sight(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut derived, mut inside) = (false, None::<String>);
    for line in source.lines().map(str::trim) {
        let declared = ["struct ", "enum "].iter().find_map(|word| {
            let before = line.split("//").next()?.split_once(word)?;
            (before.0.is_empty() || before.0.starts_with("pub")).then_some(before.1)
        });
        if line.starts_with("#[derive(") {
            derived = line.contains("Debug");
        } else if let Some(rest) = declared {
            let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            inside = derived.then_some(name).filter(|_| rest.ends_with('{'));
            derived = false;
        } else if line == "}" {
            inside = None;
        } else if let (Some(name), Some((field, kind))) = (&inside, line.split_once(": ")) {
            let field = field.rsplit(' ').next().unwrap_or_default().to_lowercase();
            if NAMES.iter().any(|word| field.contains(word))
                && PLAIN.iter().any(|p| kind.contains(p))
            {
                found.push(format!("{name}.{field}"));
            }
        }
    }
    found
}

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("generated") => {}
            true => sources(&path, all),
            false if path.extension().is_some_and(|end| end == "rs") => all.push(path),
            false => {}
        }
    }
}

#[test]
fn sh_02_no_derived_debug_shows_a_field_that_may_hold_a_secret() {
    let planted =
        "#[derive(Clone, Debug)]\npub struct Leak {\n    pub api_key: Option<String>,\n}\n";
    assert_eq!(in_plain_sight(planted), ["Leak.api_key"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
    let mut files = Vec::new();
    for name in ["runtime", "auth", "framekey"] {
        sources(&root.join(name).join("src"), &mut files);
    }
    assert!(files.len() > 50);
    for file in files {
        let found = in_plain_sight(&std::fs::read_to_string(&file).unwrap());
        let found: Vec<String> =
            found.into_iter().filter(|field| !HARMLESS.contains(&field.as_str())).collect();
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}
