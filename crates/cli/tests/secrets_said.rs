//! SH-01: the command says no secret, whatever the service repeats and whatever is asked of its log.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

/// A service that answers `status` and repeats what it was sent, for as long as the test runs.
fn echo(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let said = String::from_utf8_lossy(&request[..length]).into_owned();
            let body =
                serde_json::json!({ "message": said, "title": said, "code": said }).to_string();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
        }
    });
    url
}

#[test]
fn sh_01_the_command_says_no_secret() {
    const CANARY: &str = "canary0123456789canary";
    let services = [
        ("api-video", "APIVIDEO", "videos.list"),
        ("twelve-labs", "TWELVELABS", "indexes.list"),
        ("videovector", "VIDEOVECTOR", "indexes.list"),
    ];
    for status in [401, 403, 500] {
        for (service, name, operation) in services {
            let output = Command::new(assert_cmd::cargo::cargo_bin!("framekey"))
                .args(["call", service, operation])
                .env_clear()
                .env(format!("FRAMEKEY_{name}_API_KEY"), CANARY)
                .env(format!("FRAMEKEY_{name}_BASE_URL"), echo(status))
                .envs([("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")])
                .output()
                .unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert_eq!(output.status.code(), Some(1), "{service} {status}");
            assert!(!said.is_empty() && !said.contains("canary"), "{service} {status}");
        }
    }
}
