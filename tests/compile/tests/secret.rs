//! What must not compile with a secret.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[test]
fn sh_02_sh_07_a_secret_is_not_copied_shown_compared_or_serialised() {
    // The compiler's words are kept beside each file, so that one that fails for another reason is
    // seen. They are those of stable 1.95; after an update, read what TRYBUILD=overwrite changes.
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
