//! A file beside an installation that says what it was made from.

use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

const NAME: &str = ".framekey-stamp";

/// A short name for the given texts together.
pub(super) fn of(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the folder was made from what `stamp` stands for.
pub(super) fn is(folder: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(folder.join(NAME)).is_ok_and(|found| found == stamp)
}

/// Written last: an installation that was broken off has none.
pub(super) fn put(folder: &Path, stamp: &str) -> Result<()> {
    std::fs::write(folder.join(NAME), stamp)
        .with_context(|| format!("{}: cannot be written", folder.join(NAME).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_stale_until_it_is_stamped_with_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = of(&["a", "b"]);
        assert!(!is(folder.path(), &stamp));
        put(folder.path(), &stamp).unwrap();
        assert!(is(folder.path(), &stamp));
        assert!(!is(folder.path(), &of(&["ab"])));
    }
}
