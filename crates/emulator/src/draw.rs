//! Ids and tokens, drawn from a seed so that every run has the same ones.

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A deterministic source (SplitMix64). Its tokens open an emulator on loopback: no security is
/// asked of it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) const fn new(seed: u64) -> Self {
        Draw(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, and without, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A source of its own, so that what one draws does not move the other.
    pub(crate) fn fork(&mut self) -> Self {
        Draw(self.next())
    }

    /// `length` letters and digits.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        let count = LETTERS.len() as u64;
        (0..length)
            .map(|_| {
                usize::try_from(self.next() % count)
                    .ok()
                    .and_then(|at| LETTERS.get(at))
                    .map_or('0', |b| char::from(*b))
            })
            .collect()
    }

    /// `length` lower-case hex digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| {
                char::from_digit(u32::try_from(self.next() % 16).unwrap_or(0), 16).unwrap_or('0')
            })
            .collect()
    }

    /// A UUID in form, version 4.
    pub(crate) fn uuid(&mut self) -> String {
        format!(
            "{}-{}-4{}-a{}-{}",
            self.hex(8),
            self.hex(4),
            self.hex(3),
            self.hex(3),
            self.hex(12)
        )
    }
}
