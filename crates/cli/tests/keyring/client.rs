//! A client in a process of its own, whose keyring is the one of a given bus.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use framekey::dynamic::Client;
use framekey::{CallOptions, Service};
use serde_json::{Map, json};

use crate::service::SecretService;

const CHILD: &str = "client::calls_as_it_is_told";

pub(crate) struct Running {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(service: &SecretService, name: &str, base: &str) -> Self {
        let mut command = service.command(std::env::current_exe().unwrap());
        command.args(["--exact", CHILD, "--ignored", "--nocapture"]);
        command.env("FRAMEKEY_CHILD", name).env("FRAMEKEY_BASE", base);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Running { child, to, from: BufReader::new(from) }
    }

    /// What comes of one call: `ok`, or the code of its error.
    pub(crate) fn call(&mut self) -> String {
        self.to.write_all(b"call\n").unwrap();
        let mut line = String::new();
        while self.from.read_line(&mut line).unwrap() > 0 {
            if let Some((_, answer)) = line.rsplit_once("came: ") {
                return answer.trim().to_owned();
            }
            line.clear();
        }
        panic!("the client is gone");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) {
        drop(self.to);
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
#[ignore = "run by the tests of the keyring, in a process of its own"]
fn calls_as_it_is_told() {
    let Ok(name) = std::env::var("FRAMEKEY_CHILD") else { return };
    let (service, list) = match name.as_str() {
        "api-video" => (Service::ApiVideo, "videos.list"),
        _ => (Service::VideoVector, "indexes.list"),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let builder = Client::builder(service).environment(|_| None);
    let builder = builder.base_url(std::env::var("FRAMEKEY_BASE").unwrap());
    let builder = builder.set("keyring", json!("vv")).unwrap().set("timeout", json!(2)).unwrap();
    let client: Client = builder.build().unwrap();
    for _ in std::io::stdin().lines() {
        let call = client.call(list, Map::new(), Vec::new(), CallOptions::default());
        match runtime.block_on(call) {
            Ok(_) => println!("came: ok"),
            Err(error) => {
                eprintln!("{error}");
                println!("came: {}", error.code());
            }
        }
    }
}
