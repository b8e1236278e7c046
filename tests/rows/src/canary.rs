//! Secrets that are looked for: a made-up value, and every form in which it could come to light.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A made-up secret. It has characters that base64, URLs and JSON write differently.
#[must_use]
pub fn canary(kind: &str) -> String {
    let mark: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("cnry{mark}+Zz9/{mark}.7qX")
}

/// A form of a secret: its name and its bytes.
pub type Form = (&'static str, Vec<u8>);

/// The forms of a secret in which it is looked for.
#[must_use]
pub fn forms(secret: &str) -> Vec<Form> {
    let bytes = secret.as_bytes();
    let mut forms: Vec<Form> = vec![("plain", bytes.to_vec())];
    for lead in 0..3 {
        // Within a longer text its base64 depends on where it begins; the ends also on what is
        // around it, and are left out.
        let padded = [&vec![0; lead], bytes].concat();
        let (from, to) = ((lead * 8).div_ceil(6), padded.len() * 8 / 6);
        forms.push(("base64", STANDARD_NO_PAD.encode(&padded).as_bytes()[from..to].to_vec()));
        forms.push(("base64url", URL_SAFE_NO_PAD.encode(&padded).as_bytes()[from..to].to_vec()));
    }
    let each = |write: &dyn Fn(u8) -> String| -> Vec<u8> {
        bytes.iter().map(|byte| write(*byte)).collect::<String>().into_bytes()
    };
    forms.push(("percent", each(&|byte| percent(byte, &|hex| hex.to_uppercase()))));
    forms.push(("percent", each(&|byte| percent(byte, &str::to_owned))));
    forms.push(("percent, all", each(&|byte| format!("%{byte:02X}"))));
    forms.push(("hex", each(&|byte| format!("{byte:02x}"))));
    forms.push(("hex", each(&|byte| format!("{byte:02X}"))));
    forms.push(("JSON", secret.replace('/', "\\/").into_bytes()));
    forms.push(("JSON, all", each(&|byte| format!("\\u{byte:04x}"))));
    forms.push(("UTF-16", secret.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    // How Rust's `Debug` writes a list of bytes.
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    forms.push(("numbers", numbers.join(", ").into_bytes()));
    forms
}

fn percent(byte: u8, case: &dyn Fn(&str) -> String) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => case(&format!("%{byte:02x}")),
    }
}

/// Looks for many secrets in all their forms at once.
pub struct Search {
    machine: AhoCorasick,
    names: Vec<String>,
}

impl Search {
    /// A search for these secrets, each with a name.
    #[must_use]
    pub fn new(secrets: &[(String, String)]) -> Self {
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        for (name, secret) in secrets {
            for (form, bytes) in forms(secret) {
                names.push(format!("{name} ({form})"));
                patterns.push(bytes);
            }
        }
        Search { machine: AhoCorasick::new(patterns).expect("patterns"), names }
    }

    /// What was found, and how often. Never what stands around it.
    #[must_use]
    pub fn hits(&self, text: &[u8]) -> BTreeMap<&str, usize> {
        let mut hits = BTreeMap::new();
        for hit in self.machine.find_overlapping_iter(text) {
            *hits.entry(self.names[hit.pattern().as_usize()].as_str()).or_default() += 1;
        }
        hits
    }
}
