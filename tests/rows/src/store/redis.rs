//! A Redis of the test's own: the real server, on a free port of loopback, that keeps nothing.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use framekey_emulator::tls::Identity;

/// A server, until it is dropped.
pub struct Redis {
    child: Child,
    port: u16,
    options: Vec<String>,
    /// Where it speaks TLS, and the folder of its certificate.
    tls: Option<(u16, tempfile::TempDir)>,
}

impl Redis {
    /// Starts one, with more options for its command line.
    ///
    /// # Panics
    /// If `redis-server` is not installed, with the command to run.
    #[must_use]
    pub fn start(options: &[&str]) -> Self {
        Self::run(options.iter().map(|option| (*option).to_owned()).collect(), None)
    }

    /// One that speaks TLS too and shows this certificate.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_tls(identity: &Identity, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder of ours");
        let file = folder.path().join("identity.pem");
        std::fs::write(&file, identity.pem()).expect("a file of ours");
        let (port, file) = (free_port(), file.display().to_string());
        let mut all: Vec<String> = ["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]
            .into_iter()
            .chain(["--tls-cert-file", &file, "--tls-key-file", &file])
            .map(str::to_owned)
            .collect();
        all.extend(options.iter().map(|option| (*option).to_owned()));
        Self::run(all, Some((port, folder)))
    }

    fn run(options: Vec<String>, tls: Option<(u16, tempfile::TempDir)>) -> Self {
        let port = free_port();
        let redis = Redis { child: spawn(port, &options), port, options, tls };
        redis.wait();
        redis
    }

    /// Where it speaks TLS: the host, and what goes before it.
    ///
    /// # Panics
    /// If it speaks none.
    #[must_use]
    pub fn secure_url(&self, user: &str, host: &str) -> String {
        let (port, _) = self.tls.as_ref().expect("it was started with TLS");
        format!("rediss://{user}{host}:{port}")
    }

    /// Where it is, as the store takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The same, with a password.
    #[must_use]
    pub fn url_with(&self, password: &str) -> String {
        format!("redis://:{password}@127.0.0.1:{}", self.port)
    }

    /// One command, as one would type it, and the answer to it.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn ask(&self, command: &str) -> String {
        let mut stream = self.dial();
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// A connection to it.
    ///
    /// # Panics
    /// If there is none to be had.
    #[must_use]
    pub fn dial(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).expect("a connection")
    }

    /// What the store's key of this kind is called; there is one entry.
    #[must_use]
    pub fn key(&self, what: &str) -> Option<String> {
        let keys = self.ask(&format!("KEYS framekey:*:{what}"));
        keys.lines().find(|line| line.starts_with("framekey:")).map(str::to_owned)
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, empty, at the same place.
    pub fn start_again(&mut self) {
        self.stop();
        self.child = spawn(self.port, &self.options);
        self.wait();
    }

    fn wait(&self) {
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not listen on port {}", self.port);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn spawn(port: u16, options: &Vec<String>) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no", "--loglevel", "warning"])
        .args(options)
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is not installed; run: cargo xtask setup")
}
