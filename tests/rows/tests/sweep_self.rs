//! SH-01: the search for secrets finds them, in every form. Without this, no hits would mean nothing.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use framekey_rows::canary::{Search, canary};

#[test]
fn sh_01_a_planted_leak_is_found_in_every_form() {
    let secret = canary("planted");
    let search = Search::new(&[("planted".to_owned(), secret.clone())]);
    let json = serde_json::to_string(&secret).unwrap();
    let leaks: Vec<(&str, Vec<u8>)> = vec![
        ("plain", format!("key={secret}&x").into()),
        ("base64", STANDARD.encode(format!("{secret}:")).into()),
        ("base64", STANDARD.encode(format!("user:{secret}:x")).into()),
        ("base64", STANDARD.encode(format!("ab{secret}")).into()),
        ("base64url", URL_SAFE.encode(format!("{{\"k\":\"{secret}\"}}")).into()),
        ("percent", format!("token={}", framekey_runtime::encode::query_text(&secret)).into()),
        ("hex", secret.bytes().map(|b| format!("{b:02x}")).collect::<String>().into()),
        ("JSON", json.replace('/', "\\/").into()),
        ("plain", format!("{:?}", format!("{secret}\n")).into()),
        ("UTF-16", secret.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("numbers", format!("{:?}", secret.as_bytes()).into()),
    ];
    for (form, leak) in leaks {
        let text = [b"some text before ".to_vec(), leak, b" and after".to_vec()].concat();
        let hits = search.hits(&text);
        assert!(hits.keys().any(|hit| hit.contains(form)), "{form}: {hits:?}");
    }
    assert!(search.hits(canary("other").as_bytes()).is_empty());
}
