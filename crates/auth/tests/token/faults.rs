//! Exchanges that fail: TK-03, TK-04, TK-11.

use std::sync::Arc;
use std::time::Duration;

use framekey_auth::Renewal;
use framekey_runtime::Stage;
use futures_util::FutureExt as _;

use crate::support::{ApiVideo, Client, Play, WRONG, seconds};

/// Calls `times` in each tenth of a second until `end`; gives the errors and the first success
/// after `from`.
async fn call_until(
    service: &ApiVideo,
    client: &Client,
    times: usize,
    end: Duration,
    from: Duration,
) -> (Vec<String>, Option<Duration>) {
    let (sender, mut results) = tokio::sync::mpsc::unbounded_channel();
    while service.clock.at() < end {
        for _ in 0..times {
            let (caller, clock, sender) = (client.clone(), service.clock.clone(), sender.clone());
            let mut call = Box::pin(async move {
                let outcome = caller.token().await.map_err(|error| error.to_string());
                let _ = sender.send((clock.at(), outcome));
            });
            // Most have an answer at once: no task for those.
            if (&mut call).now_or_never().is_none() {
                tokio::spawn(call);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(sender);
    let (mut errors, mut first) = (Vec::new(), None);
    while let Some((at, outcome)) = results.recv().await {
        match outcome {
            Ok(_) if at >= from => first = first.or(Some(at)),
            Ok(_) => {}
            Err(error) => errors.push(format!("{at:?}: {error}")),
        }
    }
    (errors, first)
}

#[tokio::test(start_paused = true)]
async fn tk_03_an_outage_of_508_s_that_ends_before_the_token_does_is_not_noticed() {
    let kinds = [
        Play::Answer(503, "{}"),
        Play::Fault(Stage::Connect),
        Play::Stall,
        Play::Answer(401, "<html>"),
    ];
    for (seed, kind) in kinds.into_iter().enumerate() {
        // The token is asked for at 20 ms and ends at 3570.02 s.
        let down = seconds(3060)..seconds(3568);
        let shown = format!("kind {seed}");
        let service =
            ApiVideo::new(
                move |_, at| if down.contains(&at) { kind.clone() } else { Play::Token("3600") },
            );
        let client = service.client(Renewal::Exchange, seed as u64);
        client.token().await.unwrap();
        // Nobody calls before, or the token would be renewed in time.
        tokio::time::advance(seconds(3060)).await;
        let (errors, _) = call_until(&service, &client, 10, seconds(3600), seconds(3568)).await;
        assert_eq!(errors, Vec::<String>::new(), "{shown}");
        let (failed, unnoticed) = client.failed_cycles();
        assert!(failed >= 5 && failed == unnoticed, "{shown}: {failed} {unnoticed}");
        assert_eq!(client.token().await.unwrap(), 2, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn tk_03_after_a_longer_outage_the_first_success_comes_within_thirty_seconds() {
    for (seed, kind) in
        [Play::Answer(503, "{}"), Play::Stall, Play::Fault(Stage::Sent)].into_iter().enumerate()
    {
        for end in [3600_u64, 3700, 4411] {
            let down = seconds(2600)..seconds(end);
            let kind = kind.clone();
            let service =
                ApiVideo::new(
                    move |_, at| {
                        if down.contains(&at) { kind.clone() } else { Play::Token("3600") }
                    },
                );
            let client = service.client(Renewal::Exchange, seed as u64);
            client.token().await.unwrap();
            tokio::time::advance(seconds(2700)).await;
            let (errors, first) =
                call_until(&service, &client, 1, seconds(end + 40), seconds(end)).await;
            assert!(!errors.is_empty(), "{seed} {end}");
            let first = first.unwrap();
            assert!(first <= seconds(end + 30), "{seed} {end}: {first:?}");
        }
    }
}

/// The twelve odd answers of the row, and some more.
fn odd() -> Vec<Play> {
    vec![
        Play::Fault(Stage::Sent),
        Play::Torn(0),
        Play::Torn(40),
        Play::Answer(200, "{"),
        Play::Answer(200, ""),
        Play::Answer(200, "<html>canary-html</html>"),
        Play::Fault(Stage::Tls),
        Play::Fault(Stage::Answering),
        Play::Answer(103, ""),
        Play::Torn(90),
        Play::Drip,
        Play::Answer(200, "access_token=canary-form"),
        Play::Answer(200, r#"{"access_token":"can\nary"}"#),
        Play::Answer(200, r#"{"access_token":"canary","token_type":"mac"}"#),
        Play::Answer(200, r#"{"access_token":"canary","token_type":5}"#),
        Play::Answer(200, r#"{"access_token":"canary","token_type":null}"#),
        Play::Answer(200, r#"{"access_token":"canary","token_type":{}}"#),
        Play::Answer(200, r#"{"access_token":"canary","token_type":""}"#),
        Play::Answer(401, "<html>a proxy's word</html>"),
    ]
}

#[tokio::test(start_paused = true)]
async fn tk_04_one_odd_answer_is_forgotten_within_the_cycle() {
    for (at, play) in odd().into_iter().enumerate() {
        for seed in 0..50 {
            // Half of them at the first exchange, half at a renewal.
            let odd_one = seed % 2;
            let play = play.clone();
            let service =
                ApiVideo::new(
                    move |number, _| {
                        if number == odd_one { play.clone() } else { Play::Token("3600") }
                    },
                );
            let client = service.client(Renewal::Exchange, seed as u64);
            client.list().await.unwrap();
            tokio::time::advance(seconds(3580)).await;
            client.list().await.unwrap();
            assert_eq!(
                (service.sums().exchanges, client.failed_cycles()),
                (3, (0, 0)),
                "{at} {seed}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tk_04_a_token_is_of_type_bearer_in_any_case_and_where_no_type_is_told() {
    for answer in [
        r#"{"access_token":"at-1","token_type":"bearer"}"#,
        r#"{"access_token":"at-1","token_type":"BEARER"}"#,
        r#"{"access_token":"at-1"}"#,
    ] {
        let service = ApiVideo::new(move |_, _| Play::Answer(200, answer));
        service.client(Renewal::Exchange, 4).token().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn tk_04_a_cycle_of_odd_answers_is_told_and_the_next_one_succeeds() {
    for (at, play) in odd().into_iter().enumerate() {
        let service = ApiVideo::new(
            move |number, _| if number < 3 { play.clone() } else { Play::Token("3600") },
        );
        let client = service.client(Renewal::Exchange, at as u64);
        let error = client.list().await.unwrap_err();
        assert_eq!(error.code(), "auth.exchange_unavailable", "{at}");
        let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
        assert!(!shown.contains("canary") && !shown.contains("can\n"), "{shown}");
        tokio::time::advance(error.retry_after().unwrap()).await;
        client.list().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn tk_04_a_pause_that_the_service_asks_for_is_kept() {
    let service = ApiVideo::new(|number, _| match number {
        0 => Play::Later(429, "4"),
        1 => Play::Later(503, "40"),
        _ => Play::Token("3600"),
    });
    let client = service.client(Renewal::Exchange, 4);
    let error = client.token().await.unwrap_err();
    let asked = service.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked[1] - asked[0] >= seconds(4));
    assert_eq!(error.retry_after(), Some(seconds(40)));
    tokio::time::advance(seconds(40)).await;
    client.token().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_while_the_token_is_good_is_noticed_when_it_ends() {
    let service =
        ApiVideo::new(
            |number, _| if number == 0 { Play::Token("3600") } else { Play::Answer(403, WRONG) },
        );
    let client = service.client(Renewal::Exchange, 1);
    client.token().await.unwrap();
    tokio::time::advance(seconds(3100)).await;
    let (errors, _) = call_until(&service, &client, 10, seconds(3569), Duration::ZERO).await;
    assert_eq!(errors, Vec::<String>::new());
    let (failed, unnoticed) = client.failed_cycles();
    // Once a minute, and every failure was told to who watches.
    assert!((7..=9).contains(&failed) && failed == unnoticed, "{failed} {unnoticed}");
    tokio::time::advance(seconds(2)).await;
    assert_eq!(client.token().await.unwrap_err().code(), "auth.exchange_refused");
}

#[tokio::test(start_paused = true)]
async fn tk_11_odd_lifetimes_give_a_token_or_one_retry_and_an_error() {
    let table = [
        ("null", true),
        ("1", true),
        ("5", true),
        ("59", true),
        ("\"3600\"", true),
        ("1e308", true),
        ("9223372036854775808", true),
        ("0.001", true),
        ("0", false),
        ("-1", false),
        ("\"soon\"", false),
        ("\"NaN\"", false),
        ("[]", false),
        ("{}", false),
        ("true", false),
    ];
    for (given, good) in table {
        let service = ApiVideo::new(move |_, _| Play::Token(given));
        let client = service.client(Renewal::Exchange, 11);
        let outcomes = client.token().await;
        assert_eq!(outcomes.is_ok(), good, "{given}: {outcomes:?}");
        if !good {
            assert_eq!(service.sums().exchanges, 2, "{given}");
            continue;
        }
        // A minute of calls: at most one exchange a second.
        let started = service.clock.at();
        let (errors, _) =
            call_until(&service, &client, 10, started + seconds(60), Duration::ZERO).await;
        assert_eq!(errors, Vec::<String>::new(), "{given}");
        let asked = service.asked();
        assert!(
            asked.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(980)),
            "{given}: {asked:?}"
        );
        // No lifetime is believed beyond a day.
        tokio::time::advance(seconds(86_400)).await;
        let before = service.sums().exchanges;
        client.token().await.unwrap();
        assert_eq!(service.sums().exchanges, before + 1, "{given}");
    }
}

#[tokio::test(start_paused = true)]
async fn e02_a_token_of_twelve_seconds_is_renewed_seven_times_a_minute_at_most() {
    for seed in 0..20 {
        let service = ApiVideo::new(|_, _| Play::Token("12"));
        let client = Arc::new(service.client(Renewal::Exchange, seed));
        for _ in 0..100 {
            client.list().await.unwrap();
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        let books = service.sums();
        assert!(
            (5..=7).contains(&books.exchanges) && books.dead == 0,
            "{} {}",
            books.exchanges,
            books.dead
        );
    }
}
