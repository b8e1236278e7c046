//! SH-01, E10: a long story of calls, good and bad, at TRACE; then a search for every secret in all
//! that was said. One test, since there is one log in a process.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use framekey::Platform;
use framekey::dynamic::Client;
use framekey_rows::canary::Search;
use framekey_rows::carriers::{CARRIERS, Carrier};
use framekey_rows::log::Log;
use framekey_rows::tls;
use framekey_rows::{echo, http2, shown};
use framekey_runtime::native::{self, HttpTransport};
use futures_util::future::join_all;

/// One call, and what a program could log around it.
async fn told(carrier: Carrier, base: &str, platform: &Platform, log: &Log) -> bool {
    let client: Client = carrier.client(base, Some(platform)).unwrap();
    log.add(&shown::debug(&client));
    log.add(&shown::debug(client.session()));
    let outcome = carrier.call(&client).await;
    if let Ok(response) = &outcome {
        log.add(&shown::debug(response));
    }
    if let Err(error) = &outcome {
        log.add(&shown::error(error));
        log.add(&shown::debug(&error.server()));
        // What a program that unwraps would say.
        let unwrap = || assert!(error.code().is_empty(), "no answer: {error:?}");
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(unwrap)).is_err());
    }
    outcome.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sh_01_no_secret_is_in_anything_that_is_said() {
    let log = Log::start();
    let panics = log.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| panics.add(&panic.to_string())));

    let authority = tls::authority();
    let transport = HttpTransport::trusting([authority.certificate()]).unwrap();
    let platform = Platform { transport: Arc::new(transport), ..native::platform().unwrap() };
    let tls = |protocols: &[&str]| tls::good(&authority, protocols);
    let origins = [
        format!("http://127.0.0.1:{}", echo::start(None).await),
        format!("https://localhost:{}", echo::start(Some(tls(&[]))).await),
    ];
    let h2 = http2::Server::start(tls(&["h2"]), Carrier::token_answer()).await;

    let mut calls = Vec::new();
    for (origin, way) in origins.iter().flat_map(|origin| echo::WAYS.map(|way| (origin, way))) {
        for carrier in CARRIERS {
            let base = format!("{origin}/{way}/{}", carrier.name);
            let (platform, log) = (&platform, &log);
            calls.push(async move {
                let call = told(carrier, &base, platform, log);
                // Those that are never answered, and exchanges, which are tried for a while.
                let short = way == "stall" || carrier.name == "av-exchange";
                let limit = Duration::from_secs(if short { 3 } else { 60 });
                let ended = tokio::time::timeout(limit, call).await;
                (way, carrier.name, ended.unwrap_or(false))
            });
        }
    }
    let outcomes = join_all(calls).await;
    for carrier in CARRIERS {
        assert!(told(carrier, &format!("https://localhost:{}", h2.port), &platform, &log).await);
    }
    std::panic::set_hook(before);

    for (way, name, good) in outcomes {
        // An empty list is no token.
        let may = way == "ok" && !matches!(name, "av-exchange");
        assert!(good == may || matches!(way, "broken-json" | "other-json"), "{way} {name}: {good}");
    }
    let all = log.take();
    let text = String::from_utf8_lossy(&all);
    for library in ["h2::", "hyper_util::", "reqwest::", "rustls::"] {
        assert!(text.contains(library), "{library} said nothing: is its log on?");
    }
    println!("{} KiB in {} lines", all.len() >> 10, text.lines().count());
    let search = Search::new(&Carrier::secrets());
    let hits = search.hits(&all);
    if let Some(place) = std::env::var_os("FRAMEKEY_SWEEP_LOG") {
        // To look at what a hit stands in. The secrets are made up.
        std::fs::write(place, &all).unwrap();
    }
    assert!(hits.is_empty(), "{hits:#?}");
}
