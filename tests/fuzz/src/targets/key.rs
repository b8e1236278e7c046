//! A key as it was copied: cleaned to something that a header can carry, or refused by its place and
//! without a word of it.

use framekey_auth::{KeyRule, Notice, Provenance, Slot};
use framekey_catalog::Service;

use crate::{Target, words};

pub(crate) const TARGET: Target = Target { name: "key", check, seeds, words: pieces, longest: 400 };

const SLOTS: [Slot; 6] = [
    Slot::ApiKey,
    Slot::BasicKey,
    Slot::Jwt,
    Slot::AccessToken,
    Slot::RefreshToken,
    Slot::UploadToken,
];
/// Stands in every text that is checked a second time, and in no error.
const CANARY: &str = "canary5b1f";

fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (before, after) = text.split_at(middle);
    for service in Service::ALL {
        for slot in SLOTS {
            for from in [Provenance::Option("api_key"), Provenance::File("key.txt".into())] {
                let rule = KeyRule::new(service, slot);
                one(rule, &text, &from);
                one(rule, &format!("{before}{CANARY}{after}"), &from);
            }
        }
    }
}

fn one(rule: KeyRule, text: &str, from: &Provenance) {
    match rule.check(text, from) {
        Ok((secret, notices)) => {
            let bare = secret.expose();
            assert!(!bare.is_empty() && bare.bytes().all(|b| (0x21..0x7f).contains(&b)));
            assert!(text.contains(bare), "it is no part of what was given");
            let shown = format!("{notices:?} {secret:?}");
            assert!(!shown.contains(CANARY), "{shown}");
            let around = text.trim().trim_matches(['"', '\'', '\u{feff}']).trim();
            assert!(
                bare.len() <= text.len() && around.len() <= bare.len() + 8
                    || text.contains(['"', '\'', '\u{feff}'])
            );
            clean(rule, bare, from);
        }
        Err(error) => {
            assert_eq!(error.code(), "auth.malformed");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(CANARY), "the key is shown: {shown}");
        }
    }
}

/// What was cleaned is clean, unless quotes stood within quotes.
fn clean(rule: KeyRule, bare: &str, from: &Provenance) {
    let is_quoted = ['"', '\''].iter().any(|q| bare.starts_with(*q) && bare.ends_with(*q));
    let Ok((again, notices)) = rule.check(bare, from) else {
        assert!(is_quoted, "what was cleaned is refused");
        return;
    };
    if !is_quoted {
        assert_eq!(again.expose(), bare);
        assert!(!notices.iter().any(|notice| matches!(notice, Notice::Cleaned { .. })));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let digits = "0123456789abcdef".repeat(3);
    let mut seeds = words::inputs(&[
        "",
        " ",
        "\u{feff}key\r\n",
        "\"key\"",
        "'key'",
        "\"'key'\"",
        "ke y",
        "ke\u{0}y",
        "k\u{e9}y",
        "user:key",
        "tlk_ABC",
        "eyJhbGciOiJub25lIn0.e30.c2ln",
        "\u{a0}key\u{2003}",
        "\"",
        "\"\"",
        "key\u{7f}",
    ]);
    seeds.push(format!("sk_live_{digits}").into_bytes());
    seeds
}

fn pieces() -> Vec<String> {
    words::of(&[
        "tlk_", "sk_live_", "sk_test_", "\u{feff}", "\r\n", "\u{a0}", "\"", "'", "eyJ", ":",
    ])
}
