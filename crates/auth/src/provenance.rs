//! Where a credential came from, for error texts: never its value.

use std::fmt;
#[cfg(feature = "native")]
use std::sync::Arc;

/// Where a credential came from. A browser has the first two and the last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provenance {
    /// It was given in code, by the option of this name.
    Option(&'static str),
    /// It was found in this environment variable.
    Environment(&'static str),
    #[cfg(feature = "native")]
    /// It is what this file holds.
    File(Arc<str>),
    #[cfg(feature = "native")]
    /// It stands in a profile file.
    Profile {
        /// The section: `default.api-video`.
        section: Arc<str>,
        /// The file.
        file: Arc<str>,
    },
    #[cfg(feature = "native")]
    /// It is this entry of the operating system's keyring.
    Keyring(Arc<str>),
    #[cfg(feature = "native")]
    /// A command gave it: the name of the program, without its arguments.
    Command(Arc<str>),
    /// A callback gave it, which was passed by the option of this name.
    Callback(&'static str),
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provenance::Option(name) => write!(f, "option `{name}`"),
            Provenance::Environment(name) => f.write_str(name),
            #[cfg(feature = "native")]
            Provenance::File(path) => write!(f, "file {path}"),
            #[cfg(feature = "native")]
            Provenance::Profile { section, file } => write!(f, "[{section}] of {file}"),
            #[cfg(feature = "native")]
            Provenance::Keyring(entry) => write!(f, "keyring entry {entry}"),
            #[cfg(feature = "native")]
            Provenance::Command(program) => write!(f, "command {program}"),
            Provenance::Callback(name) => write!(f, "callback `{name}`"),
        }
    }
}
