//! Where a credential came from, for error texts: never its value.

use std::fmt;

/// Where a credential came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// It was given in code, by the option of this name.
    Option(&'static str),
    /// It was found in this environment variable.
    Environment(&'static str),
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provenance::Option(name) => write!(f, "option `{name}`"),
            Provenance::Environment(name) => f.write_str(name),
        }
    }
}
