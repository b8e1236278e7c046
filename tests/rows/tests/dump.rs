//! SH-05: what a core dump would hold after a client is gone.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey_rows::child;
use framekey_rows::leftover::{here, in_child, key, wanted};

#[test]
fn sh_05_the_search_finds_what_is_there() {
    let search = wanted(0);
    assert_eq!(search.search().full, 0, "before the key is made");
    let whole = key(0);
    let piece = key(0)[5..40].to_owned();
    let found = search.search();
    assert!(found.full >= 1 && found.longest >= 35, "{found:?}");
    drop((whole, piece));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sh_05_we_keep_no_copy_of_a_key_that_is_gone() {
    let outcome = in_child("client_of_sh_05").await;
    let said = String::from_utf8_lossy(&outcome.stdout);
    println!("{said}");
    assert!(outcome.status.success(), "{said}{}", String::from_utf8_lossy(&outcome.stderr));
}

#[test]
#[ignore = "run by sh_05_we_keep_no_copy_of_a_key_that_is_gone"]
fn client_of_sh_05() {
    if !child::is("client_of_sh_05") {
        return;
    }
    let mut pieces = 0;
    for (connection, option, found) in here() {
        println!("{connection}, {option}: {found:?}");
        // hyper writes an HTTP/1.1 request in a buffer of the connection, which may grow once, and
        // frees it as it is: not ours to overwrite. An allocator that does is in `dump_wiped`.
        let theirs = if connection == "HTTP/2" { 0 } else { 2 };
        assert!(found.full <= theirs, "{connection}, {option}: {found:?}");
        pieces += if connection == "HTTP/2" { found.partial } else { 0 };
    }
    // What is freed as it is loses its first bytes to the allocator: 3 to 5 pieces by libraries and
    // stacks, 17 where our own secrets are not overwritten.
    assert!(pieces <= 8, "{pieces} pieces");
}
