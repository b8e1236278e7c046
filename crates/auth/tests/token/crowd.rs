//! Many callers at once: TK-01, TK-02, TK-05, TK-14.

use std::time::Duration;

use framekey_auth::Renewal;
use framekey_runtime::{Error, ErrorKind, Secret};

use crate::support::{ApiVideo, Client, KEY, Play, WRONG, seconds};

#[tokio::test(start_paused = true)]
async fn tk_01_ten_thousand_tasks_on_an_expired_token_share_one_exchange() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 1);
    client.list().await.unwrap();
    tokio::time::advance(seconds(3600)).await;
    let before = service.clock.at();
    let outcomes = client.lists(10_000).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 0);
    let books = service.sums();
    assert_eq!((books.exchanges, books.calls, books.dead), (2, 10_001, 0));
    // 20 ms for the exchange and 20 ms for the call; the rest is ours.
    assert!(service.clock.at() - before <= Duration::from_millis(40 + 100));
}

#[test]
fn tk_01_a_thousand_os_threads_share_one_exchange() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 1);
    let handle = runtime.handle();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..1000)
            .map(|_| {
                let client = client.clone();
                let blocking = move || handle.block_on(async move { client.token().await });
                std::thread::Builder::new()
                    .stack_size(256 << 10)
                    .spawn_scoped(scope, blocking)
                    .unwrap()
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), 1);
        }
    });
    assert_eq!(service.sums().exchanges, 1);
}

async fn tokens(client: &Client, count: usize) -> Vec<Result<u64, Error>> {
    let calls: Vec<_> = (0..count)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.token().await })
        })
        .collect();
    let mut outcomes = Vec::with_capacity(count);
    for call in calls {
        outcomes.push(call.await.unwrap());
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn tk_02_ten_thousand_waiters_share_one_failed_cycle() {
    let service = ApiVideo::new(|_, _| Play::Answer(503, "{}"));
    let client = service.client(Renewal::Exchange, 2);
    let outcomes = tokens(&client, 10_000).await;
    let ended = service.clock.at();
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Credential, "auth.exchange_unavailable")
        );
    }
    assert_eq!(client.failed_cycles(), (1, 0));
    assert_eq!(service.sums().exchanges, 3);
    // All at once: the last was answered when the third attempt was.
    assert!(ended - *service.asked().last().unwrap() <= Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn tk_02_a_hundred_thousand_arrivals_in_a_second_make_two_cycles_at_most() {
    let service = ApiVideo::new(|_, _| Play::Answer(503, "{}"));
    let client = service.client(Renewal::Exchange, 2);
    let mut calls = Vec::with_capacity(100_000);
    for _ in 0..1000 {
        for _ in 0..100 {
            let client = client.clone();
            calls.push(tokio::spawn(async move { client.token().await }));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let cycles = client.failed_cycles().0;
    assert!((1..=2).contains(&cycles), "{cycles}");
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().code(), "auth.exchange_unavailable");
    }
    assert!(service.sums().exchanges <= 6, "{}", service.sums().exchanges);
}

#[tokio::test(start_paused = true)]
async fn tk_02_the_error_names_the_cause_and_the_pause_and_ends_with_it() {
    let service = ApiVideo::new(|number, _| match number {
        0..3 => Play::Answer(503, r#"{"title":"canary-key is down"}"#),
        _ => Play::Token("3600"),
    });
    let client = service.client(Renewal::Exchange, 3);
    let error = client.list().await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(shown.contains("3 attempts") && shown.contains("503: [redacted] is down"), "{shown}");
    assert!(!shown.contains(KEY), "{shown}");
    assert_eq!((error.operation(), error.attempts()), (Some("videos.list"), 0));
    let pause = error.retry_after().unwrap();
    assert!(pause > Duration::ZERO && pause <= seconds(1), "{pause:?}");
    assert_eq!(client.list().await.unwrap_err().code(), "auth.exchange_unavailable");
    assert_eq!(service.sums().exchanges, 3);
    tokio::time::advance(pause).await;
    client.list().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tk_05_a_wrong_key_is_asked_once_a_minute_and_another_one_at_once() {
    for status in [400, 401, 403] {
        let service = ApiVideo::new(move |number, _| match number {
            0 => Play::Answer(status, WRONG),
            _ => Play::Token("3600"),
        });
        let client = service.client(Renewal::Exchange, 5);
        for call in 0..1000 {
            let before = service.clock.at();
            let error = client.list().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.code(), error.status()),
                (ErrorKind::Authentication, "auth.exchange_refused", Some(status))
            );
            let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            assert!(
                shown.contains("APIVIDEO_API_KEY")
                    && shown.contains("authentication-invalid-user-credentials")
            );
            assert!(!shown.contains(KEY), "{shown}");
            assert!(call == 0 || service.clock.at() - before <= Duration::from_millis(5));
            tokio::time::advance(Duration::from_millis(59)).await;
        }
        assert_eq!((service.sums().exchanges, service.sums().calls), (1, 0));
        client.credential.replace_key(&Secret::new("another")).unwrap();
        client.list().await.unwrap();
        assert_eq!(service.sums().exchanges, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn tk_05_a_key_that_was_refused_is_tried_again_after_a_minute() {
    let service =
        ApiVideo::new(
            |number, _| if number == 0 { Play::Answer(401, WRONG) } else { Play::Token("3600") },
        );
    let client = service.client(Renewal::Exchange, 5);
    let error = client.token().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(seconds(60)));
    tokio::time::advance(seconds(60)).await;
    client.token().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tk_05_a_key_replaced_during_an_exchange_is_tried_at_once() {
    let service =
        ApiVideo::new(
            |number, _| if number == 0 { Play::Answer(401, WRONG) } else { Play::Token("3600") },
        );
    let client = service.client(Renewal::Exchange, 5);
    let waiter = tokio::spawn({
        let client = client.clone();
        async move { client.token().await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    client.credential.replace_key(&Secret::new("another")).unwrap();
    assert_eq!(waiter.await.unwrap().unwrap(), 1);
    assert_eq!((service.sums().exchanges, client.failed_cycles()), (2, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn tk_14_an_exchange_that_never_answers_costs_a_good_token_nothing() {
    let service =
        ApiVideo::new(|number, _| if number == 0 { Play::Token("3600") } else { Play::Stall });
    let client = service.client(Renewal::Exchange, 14);
    client.token().await.unwrap();
    let mut longest = [Duration::ZERO; 3];
    while service.clock.at() < seconds(3650) {
        let before = service.clock.at();
        let outcome = client.token().await;
        let took = service.clock.at() - before;
        let part = usize::from(before >= seconds(3509)) + usize::from(before >= seconds(3570));
        longest[part] = longest[part].max(took);
        assert_eq!(outcome.is_ok(), before < seconds(3570), "{before:?}");
        tokio::time::advance(Duration::from_millis(500)).await;
    }
    assert_eq!(longest[0], Duration::ZERO);
    assert!(longest[1] > Duration::ZERO && longest[1] <= seconds(2), "{longest:?}");
    assert!(
        longest[2] > Duration::ZERO && longest[2] <= Duration::from_millis(15_500),
        "{longest:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn tk_14_without_a_token_every_caller_is_told_within_fifteen_and_a_half_seconds() {
    let service = ApiVideo::new(|_, _| Play::Stall);
    let client = service.client(Renewal::Exchange, 15);
    for _ in 0..20 {
        let before = service.clock.at();
        let outcomes = tokens(&client, 50).await;
        let took = service.clock.at() - before;
        assert!(
            outcomes.iter().all(Result::is_err) && took <= Duration::from_millis(15_500),
            "{took:?}"
        );
        tokio::time::advance(seconds(5)).await;
    }
}
