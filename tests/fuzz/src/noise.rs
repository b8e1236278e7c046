//! Seeded noise: inputs of the corpus, changed in a few places.

/// A seeded source of inputs: the same ones in every run.
pub struct Noise {
    state: u64,
    inputs: Vec<Vec<u8>>,
    words: Vec<String>,
}

impl Noise {
    /// Noise around `inputs`, with `words` put in here and there.
    #[must_use]
    pub fn new(seed: u64, inputs: Vec<Vec<u8>>, words: Vec<String>) -> Self {
        Noise { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, inputs, words }
    }

    /// A number below `limit`, which is not 0 (xorshift).
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % limit as u64) as usize
    }

    fn input(&mut self) -> Vec<u8> {
        match self.inputs.len() {
            0 => Vec::new(),
            count => {
                let at = self.below(count);
                self.inputs[at].clone()
            }
        }
    }

    /// The next input, of `longest` bytes at most.
    pub fn draw(&mut self, longest: usize) -> Vec<u8> {
        let mut bytes = self.input();
        for _ in 0..self.below(6) {
            let at = self.below(bytes.len() + 1);
            let byte = self.below(256) as u8;
            match self.below(6) {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                3 if at < bytes.len() => {
                    let end = bytes.len().min(at + 1 + self.below(8));
                    bytes.drain(at..end);
                }
                4 if !self.words.is_empty() => {
                    let word = self.below(self.words.len());
                    bytes.splice(at..at, self.words[word].bytes());
                }
                _ => {
                    let other = self.input();
                    let from = self.below(other.len() + 1);
                    let count = self.below(40);
                    bytes.splice(at..at, other[from..].iter().copied().take(count));
                }
            }
        }
        bytes.truncate(longest);
        bytes
    }
}
