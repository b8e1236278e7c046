//! Looks through the memory of this process for a text, without holding the text itself.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use aho_corasick::AhoCorasick;

/// Memory and patterns are compared under this mask, so that the search leaves no copy.
const MASK: u8 = 0xa5;
/// A piece that is shorter than this is chance.
const PIECE: usize = 8;
const CHUNK: usize = 1 << 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// The whole text.
    pub full: usize,
    /// Pieces of it, of 8 bytes and more.
    pub partial: usize,
    /// The longest piece, in bytes.
    pub longest: usize,
    /// How much was looked through, in bytes.
    pub searched: usize,
}

/// A text to be looked for.
pub struct Wanted {
    machine: AhoCorasick,
    length: usize,
}

impl Wanted {
    /// Made of the text under the mask.
    #[must_use]
    pub fn masked(text: &[u8]) -> Self {
        let machine = AhoCorasick::new(text.windows(PIECE)).expect("patterns");
        Wanted { machine, length: text.len() }
    }

    /// All copies in memory that can be written: heap, stacks and statics.
    #[must_use]
    pub fn search(&self) -> Copies {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("own maps");
        let memory = File::open("/proc/self/mem").expect("own memory");
        let mut copies = Copies::default();
        let mut buffer = vec![0; CHUNK + self.length];
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (range, mode) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            // The kernel's own pages cannot be read.
            if !mode.starts_with("rw") || line.contains("[v") {
                continue;
            }
            let (from, to) = range.split_once('-').expect("a range");
            let from = u64::from_str_radix(from, 16).expect("an address");
            let to = u64::from_str_radix(to, 16).expect("an address");
            for start in (from..to).step_by(CHUNK) {
                // A little of the next chunk, for what lies across the end.
                let size = (to - start).min((CHUNK + self.length) as u64) as usize;
                let piece = &mut buffer[..size];
                // A region may have gone since the list was read.
                if memory.read_exact_at(piece, start).is_ok() {
                    piece.iter_mut().for_each(|byte| *byte ^= MASK);
                    self.count(piece, &mut copies);
                    copies.searched += size;
                }
            }
        }
        copies
    }

    /// Pieces that follow each other in memory as in the text are one.
    fn count(&self, piece: &[u8], copies: &mut Copies) {
        let mut last: Option<(usize, usize, usize)> = None;
        let mut end = |run: Option<(usize, usize, usize)>| {
            let Some((_, _, length)) = run else { return };
            if length == self.length {
                copies.full += 1;
            } else {
                copies.partial += 1;
                copies.longest = copies.longest.max(length);
            }
        };
        for hit in self.machine.find_overlapping_iter(piece) {
            let (at, number) = (hit.start(), hit.pattern().as_usize());
            last = match last {
                Some((place, index, length)) if (place + 1, index + 1) == (at, number) => {
                    Some((at, number, length + 1))
                }
                run => {
                    end(run);
                    Some((at, number, PIECE))
                }
            };
        }
        end(last);
    }
}

/// The text of which this is the masked form, and back.
#[must_use]
pub fn mask(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| byte ^ MASK).collect()
}
