//! Clients made and dropped, in a process of its own: its memory is measured.
#![allow(clippy::disallowed_methods, reason = "tokio's clock is paused here")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]
#![allow(dead_code, reason = "the other tests use the rest of the support")]

use std::time::Duration;

use framekey_auth::Renewal;

#[path = "token/support.rs"]
mod support;

use support::{ApiVideo, seconds};

#[tokio::test(start_paused = true)]
async fn tk_13_clients_that_are_dropped_leave_nothing_behind() {
    let service = ApiVideo::well();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let memory = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default()
            * 4096
    };
    for _ in 0..100 {
        drop(service.client(Renewal::Exchange, 1));
    }
    let before = (tasks(), memory());
    for seed in 0..10_000 {
        let client = service.client(Renewal::Exchange, seed);
        if seed % 100 == 0 {
            client.list().await.unwrap();
        }
        if seed % 100 == 1 {
            // Dropped in the middle of a flight, which ends by itself.
            let _ = tokio::time::timeout(Duration::from_millis(5), client.list()).await;
        }
    }
    tokio::time::sleep(seconds(31)).await;
    assert_eq!(tasks(), before.0);
    let grown = memory().saturating_sub(before.1);
    assert!(grown <= 5 << 20, "{grown} bytes");
}
