//! Clocks that jump, stand still and idle: TK-10, TK-13.

use std::time::Duration;

use framekey_auth::Renewal;

use crate::support::{ApiVideo, seconds};

const TEN_YEARS: i64 = 10 * 365 * 86_400;

#[tokio::test(start_paused = true)]
async fn tk_10_after_a_suspend_no_dead_token_is_sent() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 1);
    client.list().await.unwrap();
    // Two hours in which the monotonic clock stood still and the service's tokens ended.
    service.clock.step_wall(7200);
    service.revoke_all();
    assert!(client.lists(100).await.iter().all(Result::is_ok));
    let books = service.sums();
    assert_eq!((books.exchanges, books.dead), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn tk_10_a_clock_that_is_set_costs_one_exchange_at_most() {
    for by in [-3600, 3600, TEN_YEARS, -TEN_YEARS, -2_000_000_000] {
        let service = ApiVideo::well();
        let client = service.client(Renewal::Exchange, 1);
        client.list().await.unwrap();
        service.clock.step_wall(by);
        for _ in 0..20 {
            client.list().await.unwrap();
            tokio::time::advance(seconds(60)).await;
        }
        assert!(service.sums().exchanges <= 2, "{by}");
        // And back again, with a token that was made under the wrong time.
        service.clock.step_wall(-by);
        for _ in 0..20 {
            client.list().await.unwrap();
            tokio::time::advance(seconds(60)).await;
        }
        assert!(service.sums().exchanges <= 3, "{by}");
        assert_eq!(service.sums().dead, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn tk_10_a_clock_that_is_set_during_an_exchange_costs_one_more() {
    for by in [-3600, 3600, TEN_YEARS] {
        let service = ApiVideo::well();
        let client = service.client(Renewal::Exchange, 1);
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.list().await.map(|_| ()) }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        service.clock.step_wall(by);
        call.await.unwrap().unwrap();
        assert_eq!(service.sums().exchanges, if by > 0 { 2 } else { 1 }, "{by}");
    }
}

#[tokio::test(start_paused = true)]
async fn tk_10_a_token_is_served_to_its_end_and_not_after() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 1);
    // Asked for at 20 ms, answered at 20 ms: its age counts from when it was sent, at 0.
    client.list().await.unwrap();
    for _ in 0..100 {
        tokio::time::advance(seconds(400)).await;
        assert!(client.lists(20).await.iter().all(Result::is_ok));
    }
    assert_eq!(service.sums().dead, 0);
}

#[tokio::test(start_paused = true)]
async fn tk_13_an_idle_day_makes_no_exchange() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 1);
    client.list().await.unwrap();
    tokio::time::sleep(seconds(86_400)).await;
    assert_eq!(service.sums().exchanges, 1);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}
