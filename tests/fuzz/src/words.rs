//! What inputs are made of, from the operation table.

use framekey_catalog::{Body, all};

/// Odd values, as JSON.
pub const ODD: [&str; 20] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e308",
    "9223372036854775808",
    "18446744073709551616",
    "\"\"",
    "\"NaN\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "{\"a\":1}",
    "\"\\u0000\"",
    "\"\u{fc}\"",
    "\"https://example.com/a.mp4\"",
    "\"2026-01-31T00:00:00Z\"",
    "\"../..\"",
];

/// Ids, methods, paths, and names of parameters and fields.
#[must_use]
pub fn of_operations() -> Vec<String> {
    let mut words = Vec::new();
    for operation in all() {
        words.push(operation.id.to_owned());
        words.push(format!("{} {}", operation.method.as_str(), operation.path));
        words.extend(
            operation.params.iter().flat_map(|param| [param.name, param.wire]).map(str::to_owned),
        );
        let (Body::Json { fields, .. } | Body::Multipart { fields }) = operation.body else {
            continue;
        };
        words.extend(fields.iter().flat_map(|field| [field.name, field.wire]).map(str::to_owned));
    }
    words.extend(ODD.map(str::to_owned));
    words.sort();
    words.dedup();
    words
}

/// These words.
#[must_use]
pub fn of(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// These inputs.
#[must_use]
pub fn inputs(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
