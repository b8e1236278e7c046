//! Every text that a value has: what a program could log of it.

use std::error::Error;
use std::fmt::Debug;

/// An error and each of its causes, in all ways of formatting.
pub fn error(error: &(dyn Error + 'static)) -> String {
    let mut shown = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        shown.push_str(&format!("{error}\n{error:#}\n{error:?}\n{error:#?}\n"));
        next = error.source();
    }
    shown
}

/// A value, as `Debug` has it.
pub fn debug(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}
