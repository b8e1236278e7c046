//! SH-05: with the allocator that the `framekey` command has, nothing is left at all.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::alloc::System;

use framekey_rows::child;
use framekey_rows::leftover::{here, in_child};
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sh_05_memory_that_is_overwritten_when_freed_holds_no_key() {
    let outcome = in_child("wiped_client_of_sh_05").await;
    let said = String::from_utf8_lossy(&outcome.stdout);
    println!("{said}");
    assert!(outcome.status.success(), "{said}{}", String::from_utf8_lossy(&outcome.stderr));
}

#[test]
#[ignore = "run by sh_05_memory_that_is_overwritten_when_freed_holds_no_key"]
fn wiped_client_of_sh_05() {
    if !child::is("wiped_client_of_sh_05") {
        return;
    }
    for (connection, option, found) in here() {
        println!("{connection}, {option}: {found:?}");
        assert_eq!(found.full, 0, "{connection}, {option}: {found:?}");
    }
}
