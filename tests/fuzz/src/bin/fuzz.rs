//! One target under libFuzzer: its name is in `FRAMEKEY_FUZZ`.
#![forbid(unsafe_code)]
#![no_main]

use std::sync::LazyLock;

use framekey_fuzz::Target;

static CHECK: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FRAMEKEY_FUZZ").unwrap_or_default();
    match Target::named(&name) {
        Some(target) => target.check,
        None => std::process::abort(),
    }
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (*CHECK)(data));
