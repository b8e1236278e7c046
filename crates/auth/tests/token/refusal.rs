//! A 401 on a token that was believed good: TK-06, TK-07, TK-08.

use std::time::Duration;

use framekey_auth::{Credential, Renewal};
use framekey_catalog::{Bearer, Scheme};
use framekey_runtime::{Error, ErrorKind};
use futures_util::FutureExt as _;

use crate::support::{ApiVideo, Play, seconds};

const BEARER: Scheme = Scheme::Bearer(Bearer::Any);

#[tokio::test(start_paused = true)]
async fn tk_06_a_thousand_refused_calls_make_one_exchange_and_all_succeed() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 6);
    client.list().await.unwrap();
    service.revoke_all();
    let outcomes = client.lists(1000).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1000);
    let books = service.sums();
    assert_eq!((books.exchanges, books.calls, books.dead), (2, 2001, 1000));
}

#[tokio::test(start_paused = true)]
async fn tk_06_a_late_refusal_does_not_throw_a_newer_token_away() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 6);
    let old = client.credential.apply(BEARER).await.unwrap();
    client.credential.rejected(&old).await;
    let new = client.credential.apply(BEARER).await.unwrap();
    assert_eq!((old.generation, new.generation), (1, 2));
    for _ in 0..100 {
        client.credential.rejected(&old).await;
        assert_eq!(client.token().await.unwrap(), 2);
        assert_eq!(client.credential.ready(), Some(2));
    }
    assert_eq!(service.sums().exchanges, 2);
}

#[tokio::test(start_paused = true)]
async fn tk_06_a_token_and_its_renewal_that_are_revoked_together_fail_no_call() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 6);
    client.list().await.unwrap();
    tokio::time::advance(seconds(3300)).await;
    // Starts a renewal, which lands after 20 ms. A call leaves with the old token before that, and
    // arrives when both are dead.
    assert_eq!(client.token().await.unwrap(), 1);
    let outcomes = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            client.list().await
        },
        async {
            tokio::time::sleep(Duration::from_millis(25)).await;
            service.revoke_all();
        },
    );
    assert_eq!(outcomes.0.unwrap().attempts, 3);
    let sums = service.sums();
    assert_eq!((sums.exchanges, sums.calls, sums.dead), (3, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn tk_07_a_waiter_that_wakes_late_does_not_take_a_token_refused_meanwhile() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 7);
    let mut late = Box::pin(client.token());
    assert!((&mut late).now_or_never().is_none());
    tokio::time::sleep(seconds(1)).await;
    // The flight has landed, and nobody has looked yet.
    let first = client.credential.apply(BEARER).await.unwrap();
    assert_eq!(first.generation, 1);
    client.credential.rejected(&first).await;
    assert_eq!(late.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn tk_07_what_was_asked_for_before_a_refusal_is_not_handed_out() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 7);
    let old = client.credential.apply(BEARER).await.unwrap();
    tokio::time::advance(seconds(3300)).await;
    // Starts a renewal in the background; while it is on its way, the old token is refused.
    assert_eq!(client.token().await.unwrap(), 1);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(service.sums().exchanges, 1);
    client.credential.rejected(&old).await;
    assert_eq!(client.credential.ready(), None);
    let renewed = client.credential.apply(BEARER).await.unwrap();
    assert_eq!(renewed.headers[0].1.expose(), "Bearer at-2");
    assert_eq!(service.sums().exchanges, 3);
}

#[tokio::test(start_paused = true)]
async fn tk_08_a_service_that_refuses_everything_is_asked_twice_a_call_and_exchanged_with_once() {
    let service = ApiVideo::well();
    *service.refuses.lock().unwrap() = true;
    let client = service.client(Renewal::Exchange, 8);
    let error = client.list().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.status(), error.attempts()),
        (ErrorKind::Authentication, "auth.key_rejected", Some(401), 2)
    );
    assert_eq!((service.sums().exchanges, service.sums().calls), (2, 2));
    for _ in 0..999 {
        let error: Error = client.list().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Authentication, "auth.key_rejected"));
        tokio::time::advance(Duration::from_millis(29)).await;
    }
    assert_eq!((service.sums().exchanges, service.sums().calls), (2, 2));
    // Half a minute later it is tried again, and found well.
    *service.refuses.lock().unwrap() = false;
    tokio::time::advance(seconds(2)).await;
    client.list().await.unwrap();
    assert_eq!(service.sums().exchanges, 3);
}

#[tokio::test(start_paused = true)]
async fn tk_08_a_thousand_calls_at_once_make_two_exchanges() {
    let service = ApiVideo::well();
    *service.refuses.lock().unwrap() = true;
    let client = service.client(Renewal::Exchange, 8);
    for outcome in client.lists(1000).await {
        assert_eq!(outcome.unwrap_err().code(), "auth.key_rejected");
    }
    assert_eq!((service.sums().exchanges, service.sums().calls), (2, 2000));
}

#[tokio::test(start_paused = true)]
async fn tk_08_two_true_revocations_within_half_a_minute_are_told_as_what_they_are() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 8);
    client.list().await.unwrap();
    service.revoke_all();
    client.list().await.unwrap();
    tokio::time::advance(seconds(20)).await;
    service.revoke_all();
    // The call that is refused, and one that finds no token.
    for _ in 0..2 {
        let error = client.list().await.unwrap_err();
        assert_eq!(error.code(), "auth.key_rejected");
        let told = "api.video refused a second access token within 30 s (401; ";
        assert!(error.message().contains(told), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn tk_08_a_failed_exchange_after_a_refusal_is_tried_again_soon() {
    let service = ApiVideo::new(|number, _| {
        if (1..4).contains(&number) { Play::Answer(503, "{}") } else { Play::Token("3600") }
    });
    let client = service.client(Renewal::Exchange, 8);
    client.list().await.unwrap();
    service.revoke_all();
    let error = client.list().await.unwrap_err();
    assert_eq!(error.code(), "auth.exchange_unavailable");
    tokio::time::advance(error.retry_after().unwrap()).await;
    client.list().await.unwrap();
    assert_eq!(service.sums().dead, 1);
}
