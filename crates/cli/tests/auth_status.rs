//! `framekey auth status` as a user runs it: what would be used, from where, and never a value.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const NONE: &[(&str, &str)] = &[];

/// Both outputs together; it always ends with 0.
fn status<V: AsRef<OsStr>>(
    home: &Path,
    arguments: &[&str],
    variables: &[(&str, V)],
) -> (String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
    command.args(["auth", "status"]).args(arguments).env_clear();
    // No session bus: the keyring of whoever runs the tests is out of reach.
    command.env("HOME", home).env("PATH", "/usr/bin:/bin");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (answer, remarks) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{answer}{remarks}");
    assert!(!answer.contains("canary") && !remarks.contains("canary"), "{answer}{remarks}");
    (answer, remarks)
}

fn document<V: AsRef<OsStr>>(home: &Path, arguments: &[&str], variables: &[(&str, V)]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&status(home, &arguments, variables).0).unwrap()
}

fn profile(home: &Path, text: &str, mode: u32) {
    let path = home.join(".config/framekey/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn e32_status_says_what_would_be_used_and_from_where() {
    let home = TempDir::new().unwrap();
    let give = home.path().join("give");
    fs::write(&give, "echo '{\"version\":1,\"api_key\":\"sk_canary_command\"}'").unwrap();
    profile(
        home.path(),
        &format!(
            "[default.twelve-labs]\napi_key = \"tlk_canary_profile\"\n\
             [default.videovector]\ncredential_process = \"sh {}\"\n",
            give.display()
        ),
        0o600,
    );
    let list = document(home.path(), &[], &[("APIVIDEO_API_KEY", "canary-env")]);
    let of = |number: usize, field: &str| list[number]["credentials"][0][field].clone();
    assert_eq!(list[0]["service"], "api-video");
    assert_eq!(of(0, "kind"), "access token, made from an API key");
    assert_eq!(of(0, "source"), "APIVIDEO_API_KEY");
    assert_eq!(of(1, "kind"), "API key");
    assert!(of(1, "source").as_str().unwrap().starts_with("[default.twelve-labs] of /"));
    assert_eq!(of(2, "source"), "command sh");
    for number in 0..3 {
        let mark = of(number, "fingerprint");
        assert!(mark.as_str().is_some_and(|mark| mark.len() == 8), "{list}");
        assert_eq!(of(number, "problem"), Value::Null);
    }
    let one = document(home.path(), &["--service", "twelve-labs"], NONE);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["base_url"], "https://api.twelvelabs.io/v1.3");
    let (table, _) = status(home.path(), &[], &[("APIVIDEO_API_KEY", "canary-env")]);
    for part in ["service", "api.video", "APIVIDEO_API_KEY", "Twelve Labs", "command sh"] {
        assert!(table.contains(part), "{table}");
    }
}

#[test]
fn e32_status_tells_what_is_wrong_and_ends_with_0() {
    let home = TempDir::new().unwrap();
    let (table, remarks) = status(home.path(), &[], NONE);
    assert_eq!(table.matches("none").count(), 3, "{table}");
    if cfg!(feature = "keyring") {
        assert!(remarks.contains("keyring entry framekey/default.api-video"), "{remarks}");
        assert!(remarks.contains("Set APIVIDEO_API_KEY"), "{remarks}");
    }
    profile(home.path(), "[default.twelve-labs]\napi_key = \"tlk_canary\"\n", 0o644);
    let list = document(home.path(), &["--service", "twelve-labs"], NONE);
    assert_eq!(list[0]["problem"]["code"], "auth.unsafe_file");
    assert!(list[0]["problem"]["message"].as_str().unwrap().contains("chmod 600"), "{list}");
    profile(home.path(), "[default.twelve-labs]\ncredential_process = \"false\"\n", 0o600);
    let list = document(home.path(), &["--service", "twelve-labs"], NONE);
    let problem = list[0]["credentials"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("the command false failed (exit status: 1)"), "{list}");
    let both = [("VIDEO_VECTOR_API_KEY", "canary"), ("VIDEO_VECTOR_BEARER_TOKEN", "canary.a.b")];
    let list = document(home.path(), &["--service", "videovector"], &both);
    assert_eq!(list[0]["problem"]["code"], "auth.conflict");
}

#[test]
fn e33_a_variable_that_is_no_text_is_refused_by_name_and_no_other_key_is_used() {
    let home = TempDir::new().unwrap();
    profile(home.path(), "[default.twelve-labs]\napi_key = \"tlk_canary\"\n", 0o600);
    let variables = [("TWELVE_LABS_API_KEY", OsStr::from_bytes(b"\xff\xfetlk_canary"))];
    let list = document(home.path(), &["--service", "twelve-labs"], &variables);
    assert_eq!(list[0]["problem"]["code"], "auth.malformed", "{list}");
    let told = "the API key from TWELVE_LABS_API_KEY has a character outside ASCII at byte 1";
    assert!(list[0]["problem"]["message"].as_str().unwrap().contains(told), "{list}");
}
