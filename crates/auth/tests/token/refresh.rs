//! Refresh tokens, beside a key and without one: TK-15.

use std::time::Duration;

use framekey_auth::{GivenSession, Renewal};
use framekey_runtime::{Secret, Stage};

use crate::support::{ApiVideo, Client, Play, WRONG, seconds};

/// Calls when a token of 12 s is due, and again when the renewal that this began is over.
async fn renew(client: &Client) -> Result<u64, framekey_runtime::Error> {
    tokio::time::advance(Duration::from_millis(10_300)).await;
    client.token().await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.token().await
}

#[tokio::test(start_paused = true)]
async fn tk_15_ten_thousand_refreshes_present_each_token_once() {
    let service = ApiVideo::new(|_, _| Play::Token("12"));
    let client = service.client(Renewal::RefreshFirst, 15);
    for _ in 0..10_000 {
        renew(&client).await.unwrap();
    }
    let books = service.sums();
    assert!(books.refreshes >= 9_999, "{}", books.refreshes);
    assert_eq!((books.exchanges, books.reused), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn tk_15_a_thousand_callers_present_the_refresh_token_once() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::RefreshFirst, 15);
    for round in 0..5 {
        assert!(client.lists(1000).await.iter().all(Result::is_ok));
        let books = service.sums();
        assert_eq!((books.exchanges, books.refreshes, books.reused), (1, round, 0));
        tokio::time::advance(seconds(3600)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn tk_15_with_a_key_a_lost_answer_costs_one_exchange_and_no_error() {
    // One in a hundred answers is torn after the service has used the refresh token up.
    let torn = |number: usize| number % 100 == 50;
    let service = ApiVideo::new(
        move |number, _| if torn(number) { Play::Torn(30) } else { Play::Token("12") },
    );
    let client = service.client(Renewal::RefreshFirst, 16);
    for _ in 0..2_000 {
        renew(&client).await.unwrap();
    }
    let books = service.sums();
    let lost = (0..service.asked().len()).filter(|number| torn(*number)).count();
    assert!(lost >= 20, "{lost}");
    assert_eq!((books.exchanges, books.reused), (1 + lost, 0));
    assert_eq!(client.failed_cycles(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn tk_15_with_a_key_a_refused_refresh_token_is_dropped_and_the_key_follows() {
    let service =
        ApiVideo::new(
            |number, _| if number == 1 { Play::Answer(401, WRONG) } else { Play::Token("3600") },
        );
    let client = service.client(Renewal::RefreshFirst, 17);
    client.list().await.unwrap();
    tokio::time::advance(seconds(3600)).await;
    client.list().await.unwrap();
    let books = service.sums();
    assert_eq!((books.exchanges, books.refreshes, books.calls), (2, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn tk_15_in_key_mode_the_refresh_token_is_never_used() {
    let service = ApiVideo::well();
    let client = service.client(Renewal::Exchange, 17);
    for _ in 0..5 {
        client.list().await.unwrap();
        tokio::time::advance(seconds(3600)).await;
    }
    assert_eq!((service.sums().exchanges, service.sums().refreshes), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn tk_15_a_given_session_lives_on_by_its_refresh_tokens() {
    let service = ApiVideo::well();
    let client = service.session_client(18);
    for _ in 0..50 {
        assert!(client.lists(20).await.iter().all(Result::is_ok));
        tokio::time::advance(seconds(3600)).await;
    }
    let books = service.sums();
    assert_eq!((books.exchanges, books.refreshes, books.reused, books.dead), (0, 49, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn tk_15_without_a_key_a_lost_answer_loses_the_session_once_and_says_so() {
    for wait in [3200, 3600] {
        let service = ApiVideo::new(
            |number, _| if number == 0 { Play::Torn(30) } else { Play::Token("3600") },
        );
        let client = service.session_client(19);
        client.list().await.unwrap();
        tokio::time::advance(seconds(wait)).await;
        let mut errors = Vec::new();
        for _ in 0..600 {
            errors.extend(client.list().await.err().map(|error| error.code()));
            tokio::time::advance(seconds(1)).await;
        }
        // Presented twice, the second time in vain; the good token served to its end.
        let asked = service.sums().refreshes;
        assert_eq!((asked, service.sums().exchanges, service.sums().reused), (2, 0, 1), "{wait}");
        assert!(
            errors.len() >= 200 && errors.iter().all(|code| *code == "auth.session_lost"),
            "{wait} {}",
            errors.len()
        );
        assert_eq!(service.sums().dead, 0);
        assert_eq!(client.failed_cycles().0, if wait == 3200 { 2 } else { 1 }, "{wait}");
        // One that is given anew is tried at once, and this one is unknown.
        let given = GivenSession {
            access_token: None,
            expires_in: None,
            refresh_token: Some(Secret::new("rt-unknown")),
        };
        client.credential.give_session(given);
        assert_eq!(client.token().await.unwrap_err().code(), "auth.session_lost");
        assert_eq!(service.sums().refreshes, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn tk_15_without_a_key_an_unsent_refresh_token_is_not_spent() {
    // No connection for five minutes: nothing was presented, and nothing is lost.
    let service = ApiVideo::new(|_, at| {
        if (seconds(3000)..seconds(3300)).contains(&at) {
            Play::Fault(Stage::Connect)
        } else {
            Play::Token("3600")
        }
    });
    let client = service.session_client(20);
    tokio::time::advance(seconds(3000)).await;
    let mut errors = 0;
    while service.clock.at() < seconds(3900) {
        let outcome = client.token().await;
        errors += usize::from(outcome.is_err());
        tokio::time::sleep(seconds(1)).await;
    }
    assert_eq!(errors, 0);
    assert!(service.sums().refreshes > 4, "{}", service.sums().refreshes);
    assert_eq!(client.token().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn tk_15_a_session_that_is_given_anew_serves_at_once() {
    let service = ApiVideo::new(|_, _| Play::Answer(400, WRONG));
    let client = service.session_client(21);
    tokio::time::advance(seconds(3600)).await;
    let error = client.token().await.unwrap_err();
    assert_eq!(error.code(), "auth.session_lost");
    assert!(error.message().contains("refused (400)"), "{error}");
    let given = GivenSession {
        access_token: Some(Secret::new("another")),
        expires_in: Some(seconds(600)),
        refresh_token: None,
    };
    client.credential.give_session(given);
    assert_eq!(client.token().await.unwrap(), 2);
    tokio::time::advance(seconds(600)).await;
    let error = client.token().await.unwrap_err();
    assert!(
        error.code() == "auth.session_lost" && error.message().contains("no refresh token"),
        "{error}"
    );
    assert_eq!(service.sums().refreshes, 1);
}
