//! Readers that only a process calls, for a fuzzer (`tests/fuzz`).

use crate::source::answer;
use crate::{Found, Slot};

/// What a command printed as an answer.
///
/// # Errors
/// What is wrong with it.
pub fn command_answer(output: &[u8], slot: Slot) -> Result<Found, String> {
    answer::read(output, slot)
}
