//! What this process keeps of the keys it has read.

use framekey::Error;

/// Leaves no core dump of this process, and lets no other process of the same user read its memory
/// or its environment (on Linux).
#[cfg(unix)]
pub(crate) fn no_core_dump() -> Result<(), Error> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|fault| refused(&fault.to_string()))?;
    // A core pattern that is a pipe does not ask for the limit.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|fault| refused(&fault.to_string()))?;
    Ok(())
}

/// Elsewhere there is no such switch.
#[cfg(not(unix))]
pub(crate) fn no_core_dump() -> Result<(), Error> {
    Err(refused("this system has no such switch"))
}

fn refused(why: &str) -> Error {
    crate::usage("usage.bad_value", format!("--no-core-dump cannot be kept: {why}"))
}
