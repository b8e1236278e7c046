//! Token answers: `STATUS`, a line break, a body. Whatever comes, it is a token that a header can carry or
//! one error without the key in it; exchanges come at most once a second, and no call waits for ever.

use std::time::Duration;

use framekey_auth::{Credential as _, DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::{Bearer, Scheme, Service};
use framekey_runtime::testing::{Answer, Script};
use framekey_runtime::{BaseUrl, Secret, Session};

use crate::{Target, run, words};

pub(crate) const TARGET: Target =
    Target { name: "token", check, seeds, words: pieces, longest: 1024 };

/// The key that is exchanged.
pub(crate) const KEY: &str = "canary-5b1f-key";

/// A credential of which every exchange is answered by the script.
pub(crate) fn credential(script: &Script) -> DisposableTokenCredential {
    let base = BaseUrl::parse("https://api.example").unwrap();
    let session = Session::builder(Service::ApiVideo, base, run::platform(script)).build();
    let key = HeldKey::fixed(Secret::new(KEY), Provenance::Option("api_key"));
    DisposableTokenCredential::new(key, Renewal::Exchange, session)
}

/// Asks for the header of a call.
pub(crate) async fn header(credential: &DisposableTokenCredential) -> Result<String, String> {
    match credential.apply(Scheme::Bearer(Bearer::Any)).await {
        Ok(applied) => Ok(applied.headers[0].1.expose().to_owned()),
        Err(error) => {
            let shown = format!("{error} {error:?} {:?}", error.server());
            assert!(!shown.contains(KEY), "the key is shown: {shown}");
            Err(shown)
        }
    }
}

fn check(data: &[u8]) {
    let (status, body) = split(data);
    let given = body.to_vec();
    let script = Script::new(move |_, _| Answer::json(status, given.clone()));
    let calls = 10;
    run::wait(async {
        let credential = credential(&script);
        for _ in 0..calls {
            let waited = tokio::time::timeout(Duration::from_secs(16), header(&credential)).await;
            match waited.expect("a caller waits for more than 16 s") {
                Ok(header) => {
                    let token = header.strip_prefix("Bearer ").expect("a bearer");
                    assert!(!token.is_empty() && token.bytes().all(|b| (0x21..0x7f).contains(&b)));
                    assert!((200..300).contains(&status), "a token out of {status}");
                }
                Err(shown) if (200..300).contains(&status) => unquoted(body, &shown),
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        credential.close();
    })
    .expect("it ends");
    // Three attempts at once, then one a second.
    let exchanges = script.take().len();
    assert!(exchanges <= 3 + calls, "{exchanges} exchanges in {calls} s");
}

/// What a good answer holds is in no error.
fn unquoted(body: &[u8], shown: &str) {
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(body) else { return };
    for name in ["access_token", "refresh_token"] {
        let token = answer[name].as_str().unwrap_or_default();
        assert!(token.len() < 8 || !shown.contains(token), "{name} is shown: {shown}");
    }
}

fn split(data: &[u8]) -> (u16, &[u8]) {
    let line = data.split_first_chunk::<4>().filter(|(line, _)| line[3] == b'\n');
    let status = line
        .and_then(|(line, body)| Some((std::str::from_utf8(&line[..3]).ok()?.parse().ok()?, body)));
    status.filter(|(status, _)| (200..600).contains(status)).unwrap_or((200, data))
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = words::inputs(&[
        "200\n",
        "204\n",
        "200\n<html><body>hello</body></html>",
        "200\n{\"access_token\":\"secret-to",
        "200\n{\"access_token\":\"\"}",
        "200\n{\"access_token\":\"secret token\",\"expires_in\":3600}",
        "200\n{\"access_token\":\"secret-token\",\"token_type\":\"mac\"}",
        "200\n[]",
        "200\n{\"access_token\":\"secret-token\",\"refresh_token\":\"secret-refresh\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
        "400\n{\"type\":\"https://docs.example/x\",\"title\":\"canary-5b1f-key is wrong\",\"status\":400}",
        "401\n{}",
        "403\n<html>canary-5b1f-key</html>",
        "429\n{\"title\":\"slow down\"}",
        "503\n",
        "302\n",
    ]);
    for life in [
        "null",
        "0",
        "-1",
        "1",
        "5",
        "59",
        "\"3600\"",
        "1e308",
        "\"NaN\"",
        "9223372036854775808",
        "0.5",
        "[]",
    ] {
        seeds.push(
            format!("200\n{{\"access_token\":\"secret-token\",\"expires_in\":{life}}}")
                .into_bytes(),
        );
    }
    seeds
}

fn pieces() -> Vec<String> {
    let mut pieces = words::of(&[
        "\"access_token\":",
        "\"refresh_token\":",
        "\"token_type\":",
        "\"expires_in\":",
        "\"Bearer\"",
        "\"title\":",
        "\"message\":",
        KEY,
    ]);
    pieces.extend(words::of(&words::ODD));
    pieces
}
