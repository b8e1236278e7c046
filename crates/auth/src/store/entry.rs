//! What a store keeps of one credential, and how it is written down.

use std::fmt;

/// Marks what is ours, and the version of this form.
const MARK: &[u8] = b"framekey token, version 1\n";
/// No entry is larger.
pub(crate) const LARGEST: usize = 64 << 10;
/// A higher generation was not counted up to: it is damage, and must not bar all that follow. Redis
/// counts exactly up to here.
const HIGHEST: u64 = 1 << 53;

/// A sealed token. Only those who have the credential's own secret can open it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counts the entries of one name. The seal covers it.
    pub generation: u64,
    /// The sealed token.
    pub sealed: Vec<u8>,
}

impl Entry {
    /// The entry as bytes, for stores that keep bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [MARK, &self.generation.to_be_bytes(), &self.sealed].concat()
    }

    /// Reads [`to_bytes`](Self::to_bytes); `None` if the bytes are something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (generation, sealed) = bytes.strip_prefix(MARK)?.split_first_chunk::<8>()?;
        let generation = u64::from_be_bytes(*generation);
        let sane = generation < HIGHEST && bytes.len() <= LARGEST;
        sane.then(|| Entry { generation, sealed: sealed.to_vec() })
    }

    /// The number for the successor of `entry`.
    #[must_use]
    pub fn next(entry: Option<&Entry>) -> u64 {
        entry.map_or(1, |entry| entry.generation + 1)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("generation", &self.generation).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mp_04_an_entry_survives_being_written_and_nothing_else_is_read_as_one() {
        let entry = Entry { generation: 9, sealed: vec![1, 2, 3] };
        let bytes = entry.to_bytes();
        assert_eq!(Entry::from_bytes(&bytes), Some(entry));
        for length in 0..MARK.len() + 8 {
            assert_eq!(Entry::from_bytes(&bytes[..length]), None, "{length} bytes");
        }
        let highest = Entry { generation: u64::MAX, sealed: Vec::new() };
        assert_eq!(Entry::from_bytes(&highest.to_bytes()), None);
        for (generation, sealed, good) in [
            (HIGHEST - 1, 0, true),
            (HIGHEST, 0, false),
            (1, LARGEST - MARK.len() - 8, true),
            (1, LARGEST - MARK.len() - 7, false),
        ] {
            let entry = Entry { generation, sealed: vec![0; sealed] };
            assert_eq!(Entry::from_bytes(&entry.to_bytes()).is_some(), good, "{entry:?}");
        }
    }
}
