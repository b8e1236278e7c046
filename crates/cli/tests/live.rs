//! `framekey demo --live`, with an emulator in the place of the service: what it runs with which
//! credential, and that nothing it made stays.
#![allow(clippy::disallowed_methods, reason = "waits for another process")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::process::{Command, Output, Stdio};

use framekey::Service;
use framekey::dynamic::Client;
use framekey_emulator::{Config, Emulator, Fault};
use serde_json::{Value, json};

/// An emulator, and a small file to upload to it.
struct Live {
    emulator: Emulator,
    file: tempfile::NamedTempFile,
}

impl Live {
    async fn start() -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, b"a film").unwrap();
        Live { emulator: Emulator::start(Config::default()).await.unwrap(), file }
    }

    fn command(&self, service: Service, secrets: &[(&str, &str)], more: &[&str]) -> Command {
        let url = match service {
            Service::ApiVideo => "FRAMEKEY_APIVIDEO_BASE_URL",
            Service::TwelveLabs => "TWELVELABS_BASE_URL",
            Service::VideoVector => "VIDEO_VECTOR_BASE_URL",
        };
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
        command.args(["demo", "--json", "--live", service.slug(), "--file"]).arg(self.file.path());
        command.args(more).env_clear().env(url, self.emulator.base_url(service));
        command.envs(secrets.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, service: Service, secrets: &[(&str, &str)], more: &[&str]) -> Report {
        let mut command = self.command(service, secrets, more);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        Report::of(&output.await.unwrap())
    }

    fn methods(&self) -> Vec<String> {
        self.emulator.journal().iter().map(|entry| entry.method.clone()).collect()
    }

    /// How many videos and upload tokens there are.
    async fn left(&self) -> [Value; 2] {
        let key = self.emulator.credentials().api_video_key;
        let client: Client = Client::builder(Service::ApiVideo)
            .environment(|_| None)
            .base_url(self.emulator.base_url(Service::ApiVideo))
            .api_key(key)
            .build()
            .unwrap();
        let mut counts = [Value::Null, Value::Null];
        for (count, operation) in counts.iter_mut().zip(["videos.list", "upload_tokens.list"]) {
            let page = client.call(operation, Default::default(), Vec::new(), Default::default());
            let page: Value = serde_json::from_slice(&page.await.unwrap().body).unwrap();
            *count = page["pagination"]["itemsTotal"].clone();
        }
        counts
    }

    /// Until this operation was called, and answered.
    async fn called(&self, operation: &str) {
        while !self.emulator.journal().iter().any(|entry| entry.operation == Some(operation)) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

struct Report {
    code: Option<i32>,
    steps: Vec<Value>,
}

impl Report {
    fn of(output: &Output) -> Self {
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let steps = document["steps"].as_array().unwrap().clone();
        Report { code: output.status.code(), steps }
    }

    fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{:#?}", self.steps);
        self
    }

    /// Steps that are as they should be, and steps that were not run.
    fn counts(&self) -> (usize, usize) {
        let ok = self.steps.iter().filter(|step| step["ok"] == true).count();
        (ok, self.steps.iter().filter(|step| !step["skipped"].is_null()).count())
    }

    fn step(&self, name: &str) -> &Value {
        let found = self.steps.iter().find(|step| step["step"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {:#?}", self.steps))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videovector_with_a_jwt_makes_keys_and_deletes_them() {
    let live = Live::start().await;
    let jwt = live.emulator.credentials().videovector_jwt.clone();
    let jwt = [("VIDEO_VECTOR_BEARER_TOKEN", jwt.as_str())];
    let reading = live.run(Service::VideoVector, &jwt, &[]).await.good();
    assert_eq!(reading.counts(), (3, 15));
    assert_eq!(reading.step("list prompt runs with the JWT")["credentials"], json!(["bearer"]));
    assert_eq!(reading.step("rotate it")["skipped"], "it writes; run with --write");
    assert!(live.methods().iter().all(|method| method == "GET"));
    let writing = live.run(Service::VideoVector, &jwt, &["--write"]).await.good();
    assert_eq!(writing.counts(), (17, 1));
    let why = &writing.step("a week later it is refused")["skipped"];
    assert_eq!(why, "it needs the emulator's clock or accounts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videovector_with_a_key_says_of_each_step_that_it_needs_a_jwt() {
    let live = Live::start().await;
    let ready = live.emulator.credentials();
    let key = ("VIDEO_VECTOR_API_KEY", ready.videovector_key.as_str());
    let report = live.run(Service::VideoVector, &[key], &["--write"]).await.good();
    assert_eq!(report.counts(), (3, 15));
    assert_eq!(report.step("list prompt runs with the key")["credentials"], json!(["api_key"]));
    let made = &report.step("with the JWT: make a key with scopes and an end")["skipped"];
    assert!(made.as_str().unwrap().contains("VIDEO_VECTOR_BEARER_TOKEN"), "{made}");
    // Both are used, each where it belongs.
    let both = [key, ("VIDEO_VECTOR_BEARER_TOKEN", ready.videovector_jwt.as_str())];
    let report = live.run(Service::VideoVector, &both, &["--write"]).await.good();
    assert_eq!(report.counts(), (17, 1));
    assert_eq!(report.step("list prompt runs with the key")["credentials"], json!(["api_key"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_labs_reads_only_unless_it_may_write() {
    let live = Live::start().await;
    let key = live.emulator.credentials().twelve_labs_key.clone();
    let key = [("TWELVE_LABS_API_KEY", key.as_str())];
    let reading = live.run(Service::TwelveLabs, &key, &[]).await.good();
    assert!(live.methods().iter().all(|method| method == "GET"));
    assert_eq!(reading.counts(), (2, 4));
    let writing = live.run(Service::TwelveLabs, &key, &["--write"]).await.good();
    assert_eq!(writing.counts(), (5, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api_video_lists_every_step_and_leaves_nothing() {
    let live = Live::start().await;
    let key = live.emulator.credentials().api_video_key.clone();
    let key = [("APIVIDEO_API_KEY", key.as_str())];
    let reading = live.run(Service::ApiVideo, &key, &[]).await.good();
    assert_eq!(reading.counts(), (4, 24));
    assert!(live.methods().iter().all(|method| method == "GET" || method == "POST"));
    assert_eq!(live.methods().iter().filter(|method| *method == "POST").count(), 2, "exchanges");
    let writing = live.run(Service::ApiVideo, &key, &["--write"]).await.good();
    assert_eq!(writing.counts(), (21, 7));
    // What a step fails at is deleted all the same.
    live.emulator.fault(Fault::always(Service::ApiVideo, "videos.list", 500, json!({})));
    let fault = Fault {
        calls: vec![1],
        ..Fault::always(Service::ApiVideo, "videos.delete", 500, json!({}))
    };
    live.emulator.fault(fault);
    let failing = live.run(Service::ApiVideo, &key, &["--write"]).await;
    assert_eq!(failing.code, Some(1));
    assert!(failing.step("delete what is left")["ok"] == true, "{:#?}", failing.steps);
    live.emulator.clear_faults();
    assert_eq!(live.left().await, [0, 0]);
}

/// Sends the signal to a demo in the middle of its upload.
#[cfg(unix)]
async fn stopped_while_it_uploads(live: &Live, mut command: Command) -> (Output, Vec<String>) {
    use rustix::process::{Pid, Signal, kill_process};
    live.emulator.fault(Fault {
        operation: "videos.upload".to_owned(),
        stall: true,
        ..Fault::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let child = command.env("TMPDIR", folder.path()).spawn().unwrap();
    live.called("videos.upload").await;
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let output = output.await.unwrap();
    let left = std::fs::read_dir(folder.path()).unwrap();
    (output, left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_deletes_what_was_made_and_the_temporary_file() {
    let live = Live::start().await;
    let key = live.emulator.credentials().api_video_key.clone();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("framekey"));
    command.args(["demo", "--json", "--live", "api-video", "--write"]).env_clear();
    command.env("FRAMEKEY_APIVIDEO_BASE_URL", live.emulator.base_url(Service::ApiVideo));
    command.env("APIVIDEO_API_KEY", key).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (output, files) = stopped_while_it_uploads(&live, command).await;
    let report = Report::of(&output);
    assert_eq!((report.code, files), (Some(130), Vec::<String>::new()));
    let uploading = &report.step("upload the file in parts")["skipped"];
    assert_eq!(uploading, "stopped; what it had sent may have been done");
    assert_eq!(report.step("delete what is left")["operations"], json!(["videos.delete"]));
    assert_eq!(live.left().await, [0, 0]);
}
