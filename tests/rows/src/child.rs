//! A test in a process of its own: for what only the environment or a whole process shows.

use std::process::Command;

/// The ignored test `name` of the test binary that calls this, as a command to be run. Its
/// environment holds `FRAMEKEY_CHILD`, so that it can tell that it is wanted.
///
/// # Panics
/// When the program does not know where it is.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn test(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("FRAMEKEY_CHILD", name);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command
}

/// Whether this process is that test. `cargo test -- --ignored` runs it without.
#[must_use]
pub fn is(name: &str) -> bool {
    std::env::var("FRAMEKEY_CHILD").is_ok_and(|wanted| wanted == name)
}
