//! A Redis of the test's own: the real server, on a free port of loopback, that keeps nothing.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server, until it is dropped.
pub struct Redis {
    child: Child,
    port: u16,
    options: Vec<String>,
}

impl Redis {
    /// Starts one, with more options for its command line.
    ///
    /// # Panics
    /// If `redis-server` is not installed, with the command to run.
    #[must_use]
    pub fn start(options: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let redis = Redis { child: spawn(port, &options), port, options };
        redis.wait();
        redis
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
