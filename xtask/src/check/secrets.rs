//! No tracked file holds a live key, a path of somebody's machine or the host of a registry.

use anyhow::Result;

use super::report::Report;
use super::subject::Subject;

/// Made-up keys: (file, the text after which the key may stand). None so far.
const ALLOWED_KEYS: [(&str, &str); 0] = [];

/// The name that Cargo gives its default registry in every lock file.
const LOCK_SOURCE: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Split, so that this file passes its own check.
const REGISTRIES: [&str; 8] = [
    concat!("crates", ".io"),
    concat!("debian", ".org"),
    concat!("npmjs", ".com"),
    concat!("npmjs", ".org"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("rust-lang", ".org"),
    concat!("yarnpkg", ".com"),
];

/// Folders that only exist on one machine. The dot of `C:` covers both slashes.
const PLACES: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("C:\\Us", "ers\\"),
];

type Shape = (&'static str, fn(char) -> bool, usize);

/// A key's fixed beginning, what follows it, and how many characters at least.
const KEYS: [Shape; 6] = [
    (concat!("sk_", "live_"), is_hex, 48),
    (concat!("tlk", "_"), is_upper, 20),
    (concat!("AK", "IA"), is_upper, 16),
    (concat!("gh", "p_"), is_alphanumeric, 36),
    (concat!("gh", "o_"), is_alphanumeric, 36),
    (concat!("-----BEGIN ", "PRIVATE KEY"), |character| character == '-', 5),
];

fn is_hex(character: char) -> bool {
    character.is_ascii_hexdigit()
}

fn is_upper(character: char) -> bool {
    character.is_ascii_uppercase() || character.is_ascii_digit()
}

fn is_alphanumeric(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let mut failures = Vec::new();
    for file in &subject.files {
        failures.extend(faults(file, &subject.text(file)?));
    }
    Ok(Report::new(format!("nothing to hide in {} files", subject.files.len()), failures))
}

fn faults(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut say = |what: String| found.push(format!("{file}:{}: {what}", index + 1));
        if let Some(place) = PLACES.iter().find(|place| names_place(line, place)) {
            say(format!("names a folder of one machine ({place}); write it relative"));
        }
        let source = if file.ends_with("Cargo.lock") { LOCK_SOURCE } else { "" };
        let rest = if source.is_empty() { line.to_owned() } else { line.replace(source, "") };
        if let Some(host) = REGISTRIES.iter().find(|host| rest.contains(**host)) {
            say(format!("names a registry ({host}); leave the host to the package manager"));
        }
        if let Some(start) = KEYS.iter().find(|key| holds_key(line, key)).map(|key| key.0) {
            // Never the key itself: this text goes into logs.
            if !ALLOWED_KEYS.iter().any(|(where_, before)| file == *where_ && line.contains(before))
            {
                say(format!(
                    "holds what looks like a key ({start}…); make it up when the test runs"
                ));
            }
        }
    }
    found
}

/// Not when it is the middle of a longer path or URL, such as `docs/work/`.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let inside =
            before.is_some_and(|before| before.is_alphanumeric() || "._-~*}>)".contains(before));
        let after = line[at + place.len()..].chars().next();
        !inside && after.is_some_and(|after| after.is_alphanumeric() || after == '.')
    })
}

fn holds_key(line: &str, (start, follows, least): &(&str, fn(char) -> bool, usize)) -> bool {
    line.match_indices(start).any(|(at, _)| {
        line[at + start.len()..].chars().take_while(|character| follows(*character)).count()
            >= *least
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_key_is_found_and_not_repeated() {
        let key = format!("sk_{}_{}", "live", "0123456789abcdef".repeat(3));
        let found = faults("a.rs", &format!("let key = \"{key}\";"));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("a.rs:1: ") && !found[0].contains("0123456789abcdef"),
            "{found:?}"
        );
        // The form of a key, as a document describes it.
        assert!(faults("a.md", "keys look like sk_live_ + 48 hex digits").is_empty());
    }

    #[test]
    fn private_keys_and_cloud_keys_are_found() {
        assert_eq!(faults("a.pem", &format!("-----BEGIN {}-----", "PRIVATE KEY")).len(), 1);
        assert_eq!(faults("a.py", &format!("id = 'AKI{}'", "A0123456789ABCDEF")).len(), 1);
    }

    #[test]
    fn folders_of_a_machine_are_found() {
        for path in ["home/ann/x", "root/.cache", "work/main", "Users/ann"] {
            assert_eq!(faults("a.md", &format!("see /{path}")).len(), 1, "{path}");
        }
        for text in ["frame/work/a", "https://x.dev/home/", "sysroot/lib", "a /home/ b"] {
            assert!(faults("a.md", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn registries_are_found_save_in_the_lock_file() {
        let host = REGISTRIES[0];
        assert_eq!(faults("README.md", &format!("[x](https://{host}/x)")).len(), 1);
        let source = format!("source = \"{LOCK_SOURCE}\"");
        assert!(faults("Cargo.lock", &source).is_empty());
        assert_eq!(faults("package-lock.json", &source).len(), 1);
        assert_eq!(faults("Cargo.lock", &format!("source = \"sparse+https://{host}/\"")).len(), 1);
    }
}
