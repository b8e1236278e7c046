//! Callers that give up, tasks that panic, runtimes that stop, clients that close: TK-09.

use std::sync::Arc;
use std::time::Duration;

use framekey_auth::{Credential, DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::{Bearer, Scheme, Service};
use framekey_runtime::testing::{HandClock, NoTasks, Script};
use framekey_runtime::{BaseUrl, ErrorKind, Platform, Secret, Session};
use futures_util::FutureExt as _;

use crate::support::{ApiVideo, Play, seconds};

const STEP: Duration = Duration::from_millis(5);

#[tokio::test(start_paused = true)]
async fn tk_09_a_leader_that_is_cancelled_at_any_point_harms_nobody() {
    // Each poll is one await point further; after 15 the whole call is over.
    for polls in 0..15 {
        let service = ApiVideo::well();
        let client = service.client(Renewal::Exchange, 9);
        let mut leader = Box::pin(client.list());
        let mut waiter = None;
        for _ in 0..polls {
            if (&mut leader).now_or_never().is_some() {
                break;
            }
            if waiter.is_none() {
                let client = client.clone();
                waiter = Some(tokio::spawn(async move { client.token().await }));
            }
            tokio::time::sleep(STEP).await;
        }
        drop(leader);
        if let Some(waiter) = waiter {
            assert_eq!(waiter.await.unwrap().unwrap(), 1, "{polls}");
        }
        assert!(client.lists(10).await.iter().all(Result::is_ok), "{polls}");
        assert_eq!(service.sums().exchanges, 1, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn tk_09_when_all_callers_give_up_the_exchange_is_kept() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 9);
    let calls: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.token().await })
        })
        .collect();
    tokio::time::sleep(STEP).await;
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(client.credential.ready(), None);
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(client.credential.ready(), Some(1));
    assert_eq!(service.sums().exchanges, 1);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn tk_09_a_flight_that_panics_is_started_anew_three_times() {
    for panics in 1..=3 {
        let service =
            ApiVideo::new(
                move |number, _| if number < panics { Play::Panic } else { Play::Token("3600") },
            );
        let client = service.client(Renewal::Exchange, 9);
        assert!(client.lists(100).await.iter().all(Result::is_ok), "{panics}");
        assert_eq!(service.sums().exchanges, panics + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn tk_09_a_flight_that_always_panics_ends_in_an_error() {
    let service =
        ApiVideo::new(|number, _| if number < 4 { Play::Panic } else { Play::Token("3600") });
    let client = service.client(Renewal::Exchange, 9);
    for outcome in client.lists(100).await {
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Credential, "auth.exchange_unavailable")
        );
    }
    assert_eq!((service.sums().exchanges, client.failed_cycles()), (4, (1, 0)));
    tokio::time::advance(seconds(1)).await;
    client.list().await.unwrap();
}

#[test]
fn tk_09_a_runtime_that_stops_hands_the_flight_over() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    };
    let service =
        ApiVideo::new(|number, _| if number == 0 { Play::Stall } else { Play::Token("3600") });
    let client = service.client(Renewal::Exchange, 9);
    let (first, second) = (runtime(), runtime());
    let leader = client.clone();
    drop(first.spawn(async move { leader.token().await }));
    second.block_on(async {
        let deadline = service.clock.at() + seconds(5);
        while service.sums().exchanges == 0 && service.clock.at() < deadline {
            tokio::time::sleep(STEP).await;
        }
        let waiter = tokio::spawn(async move { client.token().await });
        tokio::time::sleep(STEP).await;
        first.shutdown_background();
        let stopped = service.clock.at();
        assert_eq!(waiter.await.unwrap().unwrap(), 1);
        assert!(service.clock.at() - stopped <= seconds(1));
    });
    assert_eq!(service.sums().exchanges, 2);
}

#[test]
fn tk_09_without_a_runtime_that_runs_tasks_there_is_an_error_and_no_hang() {
    let script = Script::new(|_, _| panic!("nothing is sent"));
    let platform = Platform { spawn: Arc::new(NoTasks), ..script.platform(&HandClock::default()) };
    let base = BaseUrl::parse("https://ws.example").unwrap();
    let bare = Session::builder(Service::ApiVideo, base, platform).build();
    let from = Provenance::Option("api_key");
    let credential = DisposableTokenCredential::new(
        HeldKey::fixed(Secret::new("key"), from),
        Renewal::Exchange,
        bare,
    );
    let outcome = credential.apply(Scheme::Bearer(Bearer::Any)).now_or_never();
    let error = outcome.unwrap().unwrap_err();
    assert!(error.message().contains("was dropped each time"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_says_so_to_those_who_wait_and_those_who_come() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 9);
    let waiter = tokio::spawn({
        let client = client.clone();
        async move { client.token().await }
    });
    tokio::time::sleep(STEP).await;
    client.credential.close();
    assert_eq!(waiter.await.unwrap().unwrap_err().code(), "usage.closed");
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(client.list().await.unwrap_err().code(), "usage.closed");
    assert_eq!((client.credential.ready(), service.sums().exchanges), (None, 1));
}
