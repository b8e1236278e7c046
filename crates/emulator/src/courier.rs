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
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
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

type Carrier = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What carries letters over plain HTTP, and connects anew for each that goes inside TLS.
struct Carriers {
    plain: Carrier,
}

impl Carriers {
    fn new() -> Option<Self> {
        Some(Carriers { plain: carrier(RootCertStore::empty(), None)? })
    }

    /// The one for this letter: inside TLS it trusts the emulator's authority, and one that is set.
    fn of(&self, world: &World, letter: &Letter) -> Option<Carrier> {
        let uri: Uri = letter.url.parse().ok()?;
        if uri.scheme_str() != Some("https") {
            return Some(self.plain.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add(world.tls().authority().ok()?.certificate()).ok()?;
        if let Some(pem) = &world.switches().webhook_authority {
            // Checked when it was set.
            let set = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok);
            roots.add_parsable_certificates(set);
        }
        let name = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        carrier(roots, ServerName::try_from(name).ok())
    }
}

fn carrier(roots: RootCertStore, name: Option<ServerName<'static>>) -> Option<Carrier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    // The certificate is to bear the name that the letter has, though it goes to an address.
    let builder = match name {
        Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(name)),
        None => builder,
    };
    Some(Client::builder(TokioExecutor::new()).build(builder.enable_http1().build()))
}

/// Carries letters for as long as it is polled.
pub(crate) async fn run(world: Arc<World>) {
    let carriers = Carriers::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        let (letters, more_later) = world.letters();
        under_way.extend(letters.into_iter().map(|(place, letter)| {
            let carrier = carriers.as_ref().and_then(|carriers| carriers.of(&world, &letter));
            carry(carrier, place, letter)
        }));
        tokio::select! {
            Some((place, letter, status)) = under_way.next() => world.tried(place, letter, status),
            () = world.news() => {}
            () = pause(ROUND), if more_later => {}
        }
    }
}

/// Carries one letter while the caller waits, and gives the answer that comes of it.
pub(crate) async fn errand(world: &World, letter: Letter) -> Answer {
    let carrier = Carriers::new().and_then(|carriers| carriers.of(world, &letter));
    let (_, letter, status) = carry(carrier, Place::VideoVector, letter).await;
    world.ran_errand(&letter, status)
}

async fn carry(
    carrier: Option<Carrier>,
    place: Place,
    letter: Letter,
) -> (Place, Letter, Option<u16>) {
    let status = match carrier.zip(request(&letter)) {
        Some((carrier, request)) => {
            match tokio::time::timeout(PATIENCE, carrier.request(request)).await {
                Ok(Ok(response)) => Some(response.status().as_u16()),
                _ => None,
            }
        }
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
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    if !is_here {
        return None;
    }
    let authority =
        uri.authority()?.as_str().to_ascii_lowercase().replace("localhost", "127.0.0.1");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{scheme}://{authority}{path}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_written_to() {
        for here in ["http://127.0.0.1:9/a?b=c", "https://[::1]:9/", "http://127.9.9.9/x"] {
            assert_eq!(loopback(here).unwrap().to_string(), here);
        }
        assert_eq!(loopback("http://LocalHost:9/a").unwrap().to_string(), "http://127.0.0.1:9/a");
        for there in [
            "http://example.com/",
            "https://example.com/",
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
