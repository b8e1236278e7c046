//! Webhooks on their way: signed by the services, carried to loopback addresses only, tried three
//! times.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::clock::{Moment, pause};
use crate::world::{Place, World};

/// Pauses before the second and the third try, in seconds by the emulator's clock.
const PAUSES: [u64; 2] = [1, 5];
/// Who takes longer to answer has not answered; by the machine's clock.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon the courier looks again when something may come due by time alone.
const ROUND: Duration = Duration::from_millis(10);

/// One webhook call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    /// By which the service knows it again.
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    due: Moment,
    tries: usize,
}

impl Letter {
    pub(crate) fn new(id: &str, url: &str, body: String, due: Moment) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Letter { id: id.to_owned(), url: url.to_owned(), headers, body, due, tries: 0 }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What a service sends by itself.
pub(crate) trait Sends {
    /// The letters that are to go out by now, each given once.
    fn letters(&mut self, _now: Moment) -> Vec<Letter> {
        Vec::new()
    }

    /// Whether time alone may bring letters.
    fn is_waiting(&self) -> bool {
        false
    }

    /// Told after each try: the status of the answer, none where there was no answer.
    fn tried(&mut self, _letter: &Letter, _status: Option<u16>, _now: Moment) {}
}

/// Letters that wait for their first or their next try.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Outbox(Vec<(Place, Letter)>);

impl Outbox {
    pub(crate) fn put(&mut self, place: Place, letters: Vec<Letter>) {
        self.0.extend(letters.into_iter().map(|letter| (place, letter)));
    }

    pub(crate) fn take_due(&mut self, now: Moment) -> Vec<(Place, Letter)> {
        self.0.extract_if(.., |(_, letter)| letter.due <= now).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lays a letter down for another try, unless it was answered well or has had its tries.
    pub(crate) fn tried(
        &mut self,
        place: Place,
        mut letter: Letter,
        status: Option<u16>,
        now: Moment,
    ) {
        let well = status.is_some_and(|status| (200..300).contains(&status));
        let Some(pause) = PAUSES.get(letter.tries).filter(|_| !well) else { return };
        letter.tries += 1;
        letter.due = now.plus(*pause);
        self.0.push((place, letter));
    }
}

type Carrier = Client<HttpConnector, Full<Bytes>>;

/// Carries letters for as long as it is polled.
pub(crate) async fn run(world: Arc<World>) {
    let carrier: Carrier = Client::builder(TokioExecutor::new()).build_http();
    let mut under_way = FuturesUnordered::new();
    loop {
        let (letters, more_later) = world.letters();
        under_way.extend(letters.into_iter().map(|letter| carry(&carrier, letter)));
        tokio::select! {
            Some((place, letter, status)) = under_way.next() => world.tried(place, letter, status),
            () = world.news() => {}
            () = pause(ROUND), if more_later => {}
        }
    }
}

/// Carries one letter while the caller waits, and gives the answer that comes of it.
pub(crate) async fn errand(world: &World, letter: Letter) -> Answer {
    let carrier: Carrier = Client::builder(TokioExecutor::new()).build_http();
    let (_, letter, status) = carry(&carrier, (Place::VideoVector, letter)).await;
    world.ran_errand(&letter, status)
}

async fn carry(
    carrier: &Carrier,
    (place, letter): (Place, Letter),
) -> (Place, Letter, Option<u16>) {
    let status = match request(&letter) {
        Some(request) => match tokio::time::timeout(PATIENCE, carrier.request(request)).await {
            Ok(Ok(response)) => Some(response.status().as_u16()),
            _ => None,
        },
        None => None,
    };
    (place, letter, status)
}

fn request(letter: &Letter) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::post(loopback(&letter.url)?);
    for (name, value) in &letter.headers {
        request = request.header(name, value);
    }
    request.body(Full::from(letter.body.clone())).ok()
}

/// The address, if it is this machine's: nothing that the emulator sends leaves it.
fn loopback(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    // By name it could be anything that the resolver says: `localhost` is taken at its word.
    let address = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
    let is_here = address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !is_here || uri.scheme_str() != Some("http") {
        return None;
    }
    let authority =
        uri.authority()?.as_str().to_ascii_lowercase().replace("localhost", "127.0.0.1");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("http://{authority}{path}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_written_to() {
        for here in ["http://127.0.0.1:9/a?b=c", "http://[::1]:9/", "http://127.9.9.9/x"] {
            assert_eq!(loopback(here).unwrap().to_string(), here);
        }
        assert_eq!(loopback("http://LocalHost:9/a").unwrap().to_string(), "http://127.0.0.1:9/a");
        for there in [
            "http://example.com/",
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://2130706433/",
            "ftp://127.0.0.1/",
            "nonsense",
        ] {
            assert!(loopback(there).is_none(), "{there}");
        }
    }

    #[test]
    fn a_letter_is_tried_three_times_with_pauses() {
        let start = Moment(Duration::ZERO);
        let mut outbox = Outbox::default();
        outbox.put(
            Place::Production,
            vec![Letter::new("1", "http://127.0.0.1/", String::new(), start)],
        );
        for (now, due) in [(0, 1), (1, 6)] {
            let (place, letter) = outbox.take_due(start.plus(now)).remove(0);
            outbox.tried(place, letter, Some(500), start.plus(now));
            assert!(outbox.take_due(start.plus(due - 1)).is_empty());
        }
        let (place, letter) = outbox.take_due(start.plus(6)).remove(0);
        outbox.tried(place, letter, None, start.plus(6));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_letter_that_was_answered_well_is_done() {
        let start = Moment(Duration::ZERO);
        let mut outbox = Outbox::default();
        let letter = Letter::new("1", "http://127.0.0.1/", String::new(), start);
        outbox.tried(Place::Production, letter, Some(202), start);
        assert!(outbox.is_empty());
    }
}
