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

/// What is told of the complaints of a command that failed.
#[must_use]
pub fn command_told(errors: &[u8], output: &[u8]) -> String {
    answer::told(errors, output)
}
