//! The state file: loaded or refused, saved whole or not at all, with what was in progress at the end.

use crate::{ended, framekey, names, ready, refused};

const OPTIONS: [&str; 3] = ["emulate", "--json", "--until-stdin-closes"];

#[test]
fn a_state_that_is_cut_or_of_another_version_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let path = state.to_str().unwrap();
    let (mut child, _said, _) = ready(framekey().args(OPTIONS).args(["--state", path]));
    drop(child.stdin.take());
    assert!(ended(&mut child).success());
    let whole = std::fs::read_to_string(&state).unwrap();
    let other =
        whole.replacen("\"version\":1", "\"version\":7", 1).replacen("\"outbox\"", "\"x\"", 1);
    let typo = whole.replacen("\"journal_limit\"", "\"journal_limits\"", 1);
    assert!(other != whole && typo != whole);
    for (text, why) in [
        (&whole[..whole.len() / 2], "EOF while parsing"),
        ("", "EOF while parsing"),
        ("[]", "a JSON object is expected"),
        (&other, "version: 1 is known to this emulator, not 7"),
        (&typo, "switches.journal_limits: unknown field `journal_limits`"),
    ] {
        std::fs::write(&state, text).unwrap();
        let said = refused(&["--state", path]);
        assert!(said.contains(path) && said.contains(why), "{said}");
        assert_eq!(std::fs::read_to_string(&state).unwrap(), text, "as it was");
    }
    assert_eq!(names(folder.path()), ["state.json"]);
}

#[test]
fn a_state_goes_before_a_scenario_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("scenario"), r#"{"seed":7}"#).unwrap();
    let run = || {
        let (state, scenario) = (path("state"), path("scenario"));
        let files = ["--state", &state, "--scenario", &scenario];
        let mut command = framekey();
        command.args(OPTIONS).args(files).stderr(std::process::Stdio::piped());
        let (mut child, _said, info) = ready(&mut command);
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        (info, String::from_utf8(output.stderr).unwrap())
    };
    let (first, said) = run();
    assert_eq!(said, "");
    let key = first["api-video"]["api_key"].as_str().unwrap();
    let state = std::fs::read_to_string(path("state")).unwrap();
    std::fs::write(path("state"), state.replace(key, "a-key-of-the-state")).unwrap();
    let (second, said) = run();
    assert_eq!(second["api-video"]["api_key"], "a-key-of-the-state");
    assert!(said.contains("goes before the scenario") && said.contains("state"), "{said}");
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpStream;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::terminate;

    /// A limit of the size of files fails as a full disk does, in the middle of a write.
    #[test]
    fn a_disk_that_fills_up_leaves_the_old_state_and_a_message() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let path = state.to_str().unwrap();
        let (mut child, _said, _) = ready(framekey().args(OPTIONS).args(["--state", path]));
        drop(child.stdin.take());
        assert!(ended(&mut child).success());
        let before = std::fs::read(&state).unwrap();
        let script = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
        let program = assert_cmd::cargo::cargo_bin!("framekey");
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", program.to_str().unwrap()]).args(OPTIONS);
        let (mut child, _said, _) = ready(command.args(["--state", path]).stderr(Stdio::piped()));
        drop(child.stdin.take());
        assert_eq!(ended(&mut child).code(), Some(1));
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains(path) && said.contains("the state cannot be saved"), "{said}");
        assert_eq!(std::fs::read(&state).unwrap(), before);
        assert_eq!(names(folder.path()), ["state.json"]);
    }

    fn key(info: &Value) -> String {
        format!("x-api-key: {}\r\n", info["twelve-labs"]["api_key"].as_str().unwrap())
    }

    fn socket(info: &Value) -> TcpStream {
        let control = info["control"].as_str().unwrap();
        TcpStream::connect(control.split('/').nth(2).unwrap()).unwrap()
    }

    /// The head of a form with one file, the first half of its body, and the rest.
    fn upload(info: &Value) -> (String, String) {
        let field = |name: &str, value: &str| {
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{value}\r\n")
        };
        let half =
            field("method", "\r\n\r\ndirect") + &field("file", "; filename=\"a.mp4\"\r\n\r\n");
        let rest = "bytes of a film\r\n--b--\r\n".to_owned();
        let size = half.len() + rest.len();
        let head = format!(
            "POST /twelve-labs/v1.3/assets HTTP/1.1\r\nhost: x\r\n{}content-length: {size}\r\n\
             content-type: multipart/form-data; boundary=b\r\n\r\n",
            key(info)
        );
        (head + &half, rest)
    }

    #[test]
    fn an_upload_in_progress_at_the_end_is_answered_and_saved() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let (mut child, _said, info) = ready(framekey().args(OPTIONS).arg("--state").arg(&state));
        let mut socket = socket(&info);
        let (first, rest) = upload(&info);
        socket.write_all(first.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        terminate(&child);
        std::thread::sleep(Duration::from_millis(100));
        socket.write_all(rest.as_bytes()).unwrap();
        let mut status = String::new();
        BufReader::new(&socket).read_line(&mut status).unwrap();
        assert!(status.starts_with("HTTP/1.1 201"), "{status}");
        assert!(ended(&mut child).success());
        assert!(std::fs::read_to_string(&state).unwrap().contains("a.mp4"), "it is in the state");
    }

    #[test]
    fn an_upload_that_never_ends_does_not_keep_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let (mut child, _said, info) = ready(framekey().args(OPTIONS).arg("--state").arg(&state));
        let mut socket = socket(&info);
        socket.write_all(upload(&info).0.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        terminate(&child);
        assert!(ended(&mut child).success());
        let saved: Value = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
        assert_eq!(saved["version"], 1);
        assert!(!saved.to_string().contains("a.mp4"), "nothing half done");
    }
}
