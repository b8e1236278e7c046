//! The only place that prints. Results go to standard output, everything else to standard error; a
//! reader that went away is no failure.

use std::io::{ErrorKind::BrokenPipe, Write as _};

use framekey::{Error, ErrorKind};

/// A line of the result.
pub(crate) fn line(text: &str) -> Result<(), Error> {
    bytes(format!("{text}\n").as_bytes())
}

/// Bytes of the result, as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != BrokenPipe => Err(Error::new(
            ErrorKind::Internal,
            "internal",
            format!("the result cannot be written to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// A line about the work.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What went wrong.
pub(crate) fn problem(text: &str) {
    note(&format!("framekey: {text}"));
}
