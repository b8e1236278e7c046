//! The command as a user runs it: exit codes, one clear message, nothing half done.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Seek as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

use framekey::Service;
use framekey_emulator::{Config, Emulator};
use serde_json::Value;

fn framekey(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command.output().unwrap()
}

fn problem(arguments: &[&str], variables: &[(&str, &str)], code: i32) -> String {
    let output = framekey(arguments, variables);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    assert!(!text.contains("canary") && !text.contains("panicked"), "{text}");
    text
}

#[test]
fn wrong_use_ends_with_2_and_one_message() {
    assert!(problem(&["demo", "--flie", "x"], &[], 2).contains("--flie"));
    assert!(problem(&["demo", "--write"], &[], 2).contains("--live"));
    assert!(
        problem(&["demo", "--live", "vimeo"], &[], 2)
            .contains("the services are api-video, twelve-labs, videovector")
    );
    assert!(
        problem(&["demo", "--file", "no/such.mp4"], &[], 2).contains("no/such.mp4 cannot be read")
    );
    assert!(problem(&["demo", "--file", "."], &[], 2).contains("is not a file"));
    let empty = tempfile::NamedTempFile::new().unwrap();
    let path = empty.path().to_str().unwrap();
    assert!(problem(&["demo", "--file", path], &[], 2).contains("is empty"));
    assert!(
        problem(&["call", "api-video", "videos.lst"], &[], 2)
            .contains("did you mean `videos.list`?")
    );
    assert!(
        problem(&["call", "api-video", "videos.list", "pagesize"], &[], 2).contains("NAME=VALUE")
    );
    assert!(
        problem(&["call", "api-video", "videos.list", "x=1"], &[], 2)
            .contains("unknown argument `x`")
    );
    let key = [("TWELVE_LABS_API_KEY", "canary\ncanary")];
    assert!(
        problem(&["call", "twelve-labs", "indexes.list"], &key, 2)
            .contains("TWELVE_LABS_API_KEY has a control character at byte 7 of 13")
    );
    assert!(
        problem(&["call", "twelve-labs", "indexes.list"], &[], 1)
            .contains("Set TWELVE_LABS_API_KEY")
    );
}

#[test]
fn a_live_run_without_a_good_key_says_so_once() {
    let live = ["demo", "--live", "api-video"];
    let key = [("APIVIDEO_API_KEY", "canary\ncanary")];
    let said = problem(&live, &key, 2);
    assert_eq!(said.matches("APIVIDEO_API_KEY has a control character").count(), 1, "{said}");
    let said = problem(&live, &[], 1);
    assert_eq!(said.matches("Set APIVIDEO_API_KEY").count(), 1, "{said}");
}

/// What to do comes first, and no option is named that the command does not have.
#[test]
fn a_missing_key_is_advised_as_a_command_has_it() {
    let folder = tempfile::tempdir().unwrap();
    // No session bus: the keyring of whoever runs the tests is out of reach.
    let variables = [
        ("HOME", folder.path().to_str().unwrap()),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
    ];
    let advice = "no API key is configured. Set APIVIDEO_API_KEY, or put it into the profile file, framekey/config.toml";
    let live = ["demo", "--live", "api-video"];
    for arguments in [&live[..], &["call", "api-video", "videos.list"]] {
        let said = problem(arguments, &variables, 1);
        assert!(said.contains(advice) && !said.contains("option"), "{said}");
    }
    let output = framekey(&["auth", "status", "--service", "api-video"], &variables);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(advice) && !said.contains("option"), "{said}");
    let key = [("VIDEO_VECTOR_API_KEY", "sk_canary")];
    let said = problem(&["call", "videovector", "api_keys.list"], &key, 1);
    assert!(said.contains("JWT of a signed-in user (VIDEO_VECTOR_BEARER_TOKEN)"), "{said}");
}

#[test]
fn e33_a_key_that_was_cleaned_is_told_on_standard_error() {
    let variables = [
        ("TWELVE_LABS_API_KEY", "'tlk_canary'"),
        ("TWELVELABS_BASE_URL", "http://127.0.0.1:9/v1.3"),
    ];
    let said = problem(&["call", "twelve-labs", "indexes.list"], &variables, 1);
    let told = "the API key from TWELVE_LABS_API_KEY had white space, quotes";
    assert_eq!(said.matches(told).count(), 1, "{said}");
}

/// A result that is lost is a failure, and a reader that went away is none.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_told() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["auth", "status"][..], &["demo", "--json"], &["emulate", "--json"]] {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
        let output = command.args(arguments).env_clear().stdout(full()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("cannot be written to standard output"), "{arguments:?}: {said}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
    let output = command.args(["auth", "status"]).env_clear().stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(0), false));
}

#[cfg(unix)]
#[test]
fn a_folder_for_temporary_files_that_is_not_there_is_named() {
    let said = problem(&["demo"], &[("TMPDIR", "/no/such/folder")], 2);
    assert!(said.contains("no clip in the folder for temporary files, /no/such/folder"), "{said}");
}

#[test]
fn sh_06_no_flag_takes_a_secret() {
    for command in [
        &["demo", "--api-key", "canary"][..],
        &["call", "--api-key", "canary"],
        &["emulate", "--jwt", "canary"],
    ] {
        let text = framekey(command, &[]);
        assert_eq!(text.status.code(), Some(2), "{command:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sh_06_a_secret_that_an_operation_takes_comes_from_standard_input() {
    let typed = [
        ["access_tokens.create", "api_key=canary"],
        ["access_tokens.create", "apiKey=\"canary\""],
        ["access_tokens.create", "body={\"apiKey\":\"canary\"}"],
        ["access_tokens.refresh", "refresh_token=canary"],
        ["upload_tokens.delete", "upload_token=canary"],
    ];
    for [operation, argument] in typed {
        let said = problem(&["call", "api-video", operation, argument], &[], 2);
        assert!(said.contains("=-` and give the value on standard input"), "{said}");
    }
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let key = emulator.credentials().api_video_key.clone();
    for (argument, text) in [
        ("api_key=-", format!("{key}\n")),
        ("body=-", serde_json::json!({ "apiKey": key }).to_string()),
    ] {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
        command.args(["call", "api-video", "access_tokens.create", argument]).stdin(file);
        command.env_clear();
        command.env("FRAMEKEY_APIVIDEO_BASE_URL", emulator.base_url(Service::ApiVideo));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["token_type"], "Bearer", "{argument}");
    }
}

#[test]
fn a_port_in_use_is_told_by_number() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = problem(&["emulate", "--port", &port], &[], 2);
    assert!(text.contains(&format!("port {port} on 127.0.0.1 is in use")), "{text}");
}

#[test]
fn the_demo_prints_one_json_document_and_ends_with_0() {
    let output = framekey(&["demo", "--json"], &[("APIVIDEO_API_KEY", "canary-of-the-developer")]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["totals"]["failed"], 0);
}

#[test]
fn the_demo_uploads_a_file_of_the_users() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&vec![1; 7 << 20]).unwrap();
    let output = framekey(&["demo", "--json", "--file", file.path().to_str().unwrap()], &[]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let upload = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["step"] == "upload the file in parts")
        .unwrap();
    assert_eq!((&upload["requests"], &upload["ok"]), (&Value::from(2), &Value::from(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_prints_the_answer() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let variables = [
        ("FRAMEKEY_APIVIDEO_BASE_URL", emulator.base_url(Service::ApiVideo)),
        ("APIVIDEO_API_KEY", emulator.credentials().api_video_key.clone()),
    ];
    let create = |arguments: &'static [&'static str]| {
        let variables = variables.clone();
        async move {
            let output = tokio::task::spawn_blocking(move || {
                let variables: Vec<(&str, &str)> =
                    variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
                framekey(&[&["call", "api-video", "videos.create"], arguments].concat(), &variables)
            });
            let output = output.await.unwrap();
            serde_json::from_slice::<Value>(&output.stdout)
                .unwrap_or_else(|_| String::from_utf8_lossy(&output.stderr).into())
        }
    };
    let video = create(&["title=My film", "tags=[\"a\"]", "public=false"]).await;
    assert_eq!(
        (&video["title"], &video["tags"], &video["public"]),
        (&Value::from("My film"), &serde_json::json!(["a"]), &Value::from(false))
    );
    // Where a text is wanted, nothing that is typed is anything else.
    for (typed, title) in [
        ("title=2024", "2024"),
        ("title=true", "true"),
        ("title=null", "null"),
        ("title=[1]", "[1]"),
        ("title=@me", "@me"),
        ("Title=\"x\"", "\"x\""),
    ] {
        let video = create(vec![typed].leak()).await;
        assert_eq!(video["title"], title, "{typed}: {video}");
    }
    for twice in [&["title=x", "title=y"], &["title=x", "Title=y"]] {
        let said = create(twice).await;
        assert!(said.as_str().unwrap().contains("is given twice"), "{said}");
    }
}

#[test]
fn a_wrong_scenario_or_state_of_the_emulator_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    std::fs::write(path, "{\"faults\": [{\"status\": \"503\"}]}").unwrap();
    let said = problem(&["emulate", "--scenario", path], &[], 2);
    assert!(said.contains(path) && said.contains("faults[0].status: invalid type"), "{said}");
    let said = problem(&["emulate", "--state", path], &[], 2);
    assert!(
        said.contains(path) && said.contains("unknown field `faults`")
            || said.contains("missing field"),
        "{said}"
    );
    assert!(problem(&["emulate", "--scenario", "no/such"], &[], 2).contains("no such file"));
    let said = problem(&["emulate", "--state", "no/such/folder/state"], &[], 2);
    assert!(said.contains("no/such/folder/state: the state cannot be written there"), "{said}");
    assert!(problem(&["emulate", "--listen", "all"], &[], 2).contains("--listen"));
}
