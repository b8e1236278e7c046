//! Calls a service with a token that it shares through a store, as often as it is told to.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a helper of tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use framekey_auth::{CredentialSet, TokenEvent};
use framekey_catalog::{Service, find};
use framekey_rows::store::{Counted, Tally, credential, store};
use framekey_runtime::native::platform;
use framekey_runtime::{Error, Request, Session};
use futures_util::future::join_all;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let platform = platform().expect("a platform");
    let (store, uses) = Counted::new(store(&arguments[1]));
    let (credential, bare) = credential(&arguments[2], Arc::new(store), platform);
    let troubles = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&troubles);
    let credential = credential.watched_by(move |event: &TokenEvent| {
        let trouble = matches!(event, TokenEvent::StoreUnused { .. });
        heard.fetch_add(usize::from(trouble), SeqCst);
    });
    let set = CredentialSet::new(Service::ApiVideo, vec![Box::new(credential)], String::new());
    let session = bare.with_credentials(Arc::new(set));
    println!("ready");
    // Between two lines there is nothing else to do.
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let (count, pause) = line.split_once(' ').expect("two numbers");
        let (count, pause) = (count.parse().expect("a number"), pause.parse().expect("a number"));
        let mut tally = calls(&session, count, pause).await;
        tally.troubles = troubles.load(SeqCst);
        (tally.asked, tally.in_vain) = (uses.asked(), uses.in_vain());
        println!("{}", tally.line());
    }
}

async fn calls(session: &Session, count: usize, pause: u64) -> Tally {
    let began = Instant::now();
    let mut tally = Tally::default();
    if pause == 0 {
        for outcome in join_all((0..count).map(|_| call(session))).await {
            add(&mut tally, outcome);
        }
    } else {
        for _ in 0..count {
            add(&mut tally, call(session).await);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
    tally.took_ms = began.elapsed().as_secs_f64() * 1000.0;
    tally
}

async fn call(session: &Session) -> (f64, Result<(), Error>) {
    let began = Instant::now();
    let operation = find(Service::ApiVideo, "videos.list").expect("an operation");
    let request = Request { path: "/videos".to_owned(), ..Request::default() };
    let outcome = session.send(operation, request).await.map(|_| ());
    (began.elapsed().as_secs_f64() * 1000.0, outcome)
}

fn add(tally: &mut Tally, (took, outcome): (f64, Result<(), Error>)) {
    tally.longest_ms = tally.longest_ms.max(took);
    match outcome {
        Ok(()) => tally.good += 1,
        Err(error) => {
            tally.failed += 1;
            tally.errors = error.to_string().replace(['\n', '\t'], " ");
        }
    }
}
