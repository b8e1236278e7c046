//! The one place where xtask prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

/// A line for the reader.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// A line about what went wrong.
pub(crate) fn error(text: &str) {
    eprintln!("error: {text}");
}
