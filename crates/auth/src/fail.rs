//! Places where a test can have the process killed. Nothing is left of them without the feature
//! `failpoints`, which only tests switch on.

/// Kills this process, without any of its last words, if `FRAMEKEY_KILL_AT` names this place.
#[cfg(feature = "failpoints")]
pub(crate) fn point(name: &str) {
    if std::env::var("FRAMEKEY_KILL_AT").is_ok_and(|wanted| wanted == name) {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(not(feature = "failpoints"))]
pub(crate) fn point(_: &str) {}
