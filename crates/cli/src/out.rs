//! The only place that prints. Results go to standard output, everything else to standard error; a
//! reader that went away is no failure.

use std::io::Write as _;

/// A line of the result.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Bytes of the result, as they are.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes);
    let _ = stdout.flush();
}

/// A line about the work.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What went wrong.
pub(crate) fn problem(text: &str) {
    note(&format!("framekey: {text}"));
}
