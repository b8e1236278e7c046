//! A profile file, and what a `credential_process` printed: a section or a secret, or an error that quotes
//! no value. `>` and a line break before the text make it the output of a command.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use framekey_auth::{Profile, ProfileKey, Slot, fuzz};
use framekey_catalog::Service;
use tempfile::TempDir;
use toml::{Table, Value};

use crate::{Target, words};

pub(crate) const TARGET: Target =
    Target { name: "profile", check, seeds, words: pieces, longest: 1024 };

fn check(data: &[u8]) {
    match data.strip_prefix(b">\n") {
        Some(output) => command(output),
        None => profile(data),
    }
}

fn profile(data: &[u8]) {
    thread_local! {
        static FOLDER: TempDir = TempDir::new().unwrap();
    }
    let path = FOLDER.with(|folder| folder.path().join("profiles.toml"));
    let mut open = OpenOptions::new();
    let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    file.write_all(data).unwrap();
    drop(file);
    let table = std::str::from_utf8(data).ok().and_then(|text| text.parse::<Table>().ok());
    for service in Service::ALL {
        let profile = Profile::new(path.clone(), "default".to_owned(), service, None);
        match profile.section() {
            Ok(section) => {
                let table = table.as_ref().expect("no section without a table");
                let wanted = table["default"].get(service.slug());
                assert_eq!(section.is_some(), wanted.is_some());
                let key = section.and_then(|section| section.key);
                let written = matches!(key, Some(ProfileKey::Written(_)));
                assert!(!written || !format!("{key:?}").contains("canary"), "{key:?}");
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                let is_named = table.as_ref().is_some_and(|table| names(table).contains("canary"));
                assert!(is_named || !shown.contains("canary"), "a value is shown: {shown}");
            }
        }
    }
}

/// All keys of a table. They may be quoted in errors.
fn names(table: &Table) -> String {
    let inner = table.values().filter_map(Value::as_table).map(names);
    table.keys().cloned().chain(inner).collect::<Vec<_>>().join(" ")
}

fn command(output: &[u8]) {
    for slot in [Slot::ApiKey, Slot::BasicKey, Slot::Jwt, Slot::AccessToken, Slot::UploadToken] {
        match fuzz::command_answer(output, slot) {
            Ok(found) => {
                let answer: serde_json::Value = serde_json::from_slice(output).expect("JSON");
                let fields = ["api_key", "jwt", "token"];
                assert!(fields.iter().any(|field| answer[field] == found.secret.expose()));
                assert_eq!(answer["version"], 1);
            }
            Err(why) => assert!(!why.contains("canary"), "a value is shown: {why}"),
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    words::inputs(&[
        "[default.api-video]\napi_key = \"canary-key\"\nauth_mode = \"basic\"\n",
        "[default.api-video]\napi_key_file = \"~/canary\"\n[default.twelve-labs]\nkeyring = \"canary\"\n",
        "[default.videovector]\ncredential_process = \"canary --key\"\n[other.api-video]\napi_key = \"x\"\n",
        "[default.api-video]\napi_key = \"canary\nopen",
        "[default]\napi_key = \"canary-key\"",
        "default = \"canary\"",
        "[default.api-video]\napi_key = [\"canary-key\"]\n",
        "[default.api-video]\napi_key = \"canary\"\nkeyring = \"canary\"",
        "[default.api-video]\n\u{e9} = 1",
        "default.api-video.api_key = 'canary'\n",
        "",
        ">\n{\"version\":1,\"api_key\":\"canary\"}",
        ">\n{\"version\":1,\"jwt\":\"canary\",\"expires_at\":\"2026-11-21T12:00:00Z\"}",
        ">\n{\"version\":1,\"token\":\"canary\",\"expires_at\":1e400}",
        ">\n{\"version\":2,\"token\":\"canary\"}",
        ">\n{\"version\":1,\"token\":\"canary\",\"api_key\":\"canary\"}",
        ">\ncanary-\u{0}of-a-key",
        ">\n{\"version\":1,\"token\":\"canary\",\"expires_at\":-1}",
    ])
}

fn pieces() -> Vec<String> {
    let mut pieces = words::of(&[
        "[default.api-video]\n",
        "[default.twelve-labs]\n",
        "api_key = ",
        "api_key_file = ",
        "keyring = ",
        "credential_process = ",
        "auth_mode = ",
        "\"canary\"",
        "\"version\":1",
        "\"expires_at\":",
        "\"api_key\":",
        "\"jwt\":",
        "\"token\":",
        "\"\"\"",
        "canary-of-a-key",
    ]);
    pieces.extend(words::of(&words::ODD));
    pieces
}
