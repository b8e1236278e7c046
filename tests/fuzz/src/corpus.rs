//! The corpus of a target: a file of text with one input a line, so that it can be read and compared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file of a target's corpus.
#[must_use]
pub fn file(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(format!("{target}.txt"))
}

/// The inputs of a target's corpus; none where it has no file.
///
/// # Errors
/// The file cannot be read, or a line has an escape that is none.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    match fs::read_to_string(file(target)) {
        Ok(text) => text.lines().map(line).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Writes the corpus of a target, in order and without doubles.
///
/// # Errors
/// The file cannot be written.
pub fn write(target: &str, mut inputs: Vec<Vec<u8>>) -> io::Result<()> {
    inputs.sort();
    inputs.dedup();
    let lines: String = inputs.iter().map(|input| escaped(input) + "\n").collect();
    fs::write(file(target), lines)
}

fn escaped(input: &[u8]) -> String {
    // A quote needs no escape here.
    input.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

fn line(line: &str) -> io::Result<Vec<u8>> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, format!("an escape in `{line}`"));
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().ok_or_else(bad)? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let digits = [rest.next().ok_or_else(bad)?, rest.next().ok_or_else(bad)?];
                let digits = std::str::from_utf8(&digits).map_err(|_| bad())?;
                u8::from_str_radix(digits, 16).map_err(|_| bad())?
            }
            _ => return Err(bad()),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for input in [&all[..], b"\\x41 \\\\ \"'\r\n", b""] {
            assert_eq!(line(&escaped(input)).unwrap(), input);
            assert!(!escaped(input).contains('\n'));
        }
        assert!(line("\\q").is_err() && line("\\x4").is_err() && line("\\").is_err());
    }
}
