//! A Secret Service of the test's own: the real daemon on a bus of its own, in a folder of its own.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

const PROGRAMS: [&str; 3] = ["dbus-daemon", "gnome-keyring-daemon", "secret-tool"];
/// Of the keyring in which the daemon keeps what it is given.
const PASSWORD: &[u8] = b"of no use elsewhere";

/// A session bus, and the keyring daemon on it.
pub(crate) struct SecretService {
    folder: TempDir,
    bus: Child,
    daemon: Option<Child>,
}

impl SecretService {
    /// A bus with an open keyring; `None`, with a word on it, where the programs are not installed.
    pub(crate) fn start(test: &str) -> Option<Self> {
        for program in PROGRAMS {
            if !Path::new("/usr/bin").join(program).exists() {
                framekey_runtime::testing::skipped(test, &format!("no {program}"));
                return None;
            }
        }
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let bus = bus(folder.path());
        let mut service = SecretService { folder, bus, daemon: None };
        service.open();
        Some(service)
    }

    /// What a program is told of its surroundings, and nothing else.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
            command.env(name, self.folder.path());
        }
        command.env("DBUS_SESSION_BUS_ADDRESS", address(self.folder.path()));
        command
    }

    /// Starts the daemon with its keyring open.
    pub(crate) fn open(&mut self) {
        self.daemon(&["--unlock"]);
        let answers = || tool(self, &["search", "service", "nobody"], b"").status.success();
        wait("the keyring", answers);
    }

    /// Starts the daemon anew, with its keyring locked.
    pub(crate) fn lock(&mut self) {
        self.stop();
        self.daemon(&[]);
        let answers = || tool(self, &["search", "service", "nobody"], b"").status.success();
        wait("the keyring", answers);
    }

    fn daemon(&mut self, more: &[&str]) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).args(more);
        let mut daemon = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        daemon.stdin.take().unwrap().write_all(PASSWORD).unwrap();
        self.daemon = Some(daemon);
    }

    /// Ends the daemon; the bus goes on.
    pub(crate) fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    /// Sends the daemon a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.daemon.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Puts an entry there, by another program than ours.
    pub(crate) fn put(&self, entry: &str, secret: &str) {
        let arguments = ["store", "--label", entry, "service", "framekey", "username", entry];
        let done = tool(self, &arguments, secret.as_bytes());
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for SecretService {
    fn drop(&mut self) {
        self.stop();
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

fn address(folder: &Path) -> String {
    format!("unix:path={}", folder.join("bus").display())
}

/// A bus that starts no services by itself: not the keyring of this machine, and no window that asks.
fn bus(folder: &Path) -> Child {
    let config = folder.join("bus.conf");
    let text = format!(
        "<busconfig><type>session</type><listen>{}</listen><policy context=\"default\">\
         <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
         </policy></busconfig>",
        address(folder)
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("dbus-daemon");
    command.arg("--nofork").arg("--config-file").arg(&config);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait("the bus", || folder.join("bus").exists());
    child
}

fn tool(service: &SecretService, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = service.command("secret-tool");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

pub(crate) fn wait(what: &str, there: impl Fn() -> bool) {
    for _ in 0..500 {
        if there() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("{what} does not come up");
}
