//! Places where a test can have the process killed. Nothing is left of them without the feature
//! `failpoints`, which only tests switch on, and in release builds.

/// Kills this process, without any of its last words, if `FRAMEKEY_KILL_AT` names this place.
#[cfg(all(feature = "failpoints", debug_assertions))]
pub(crate) fn point(name: &str) {
    if std::env::var("FRAMEKEY_KILL_AT").is_ok_and(|wanted| wanted == name) {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(not(all(feature = "failpoints", debug_assertions)))]
pub(crate) fn point(_: &str) {}
