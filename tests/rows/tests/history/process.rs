//! The process whose history is checked: callers on one thread, and a tap on the wire.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_auth::store::FileStore;
use framekey_auth::{CredentialSet, DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::{Service, find};
use framekey_rows::child;
use framekey_runtime::native::{SystemClock, platform};
use framekey_runtime::{
    BaseUrl, BoxFuture, Clock as _, HttpRequest, HttpResponse, Platform, Request, Secret, Session,
    Transport, TransportError,
};
use futures_util::future::join_all;

use super::event::{Event, What};

pub(crate) const CHILD: &str = "process::calls_and_tells_its_history";
const CALLERS: u64 = 4;
/// How long it calls.
const RUN: Duration = Duration::from_millis(2500);

fn now() -> u64 {
    u64::try_from(SystemClock.now().wall.as_micros()).unwrap()
}

struct Tap {
    inner: Arc<dyn Transport>,
    seen: Arc<Mutex<Vec<Event>>>,
}

impl Transport for Tap {
    fn send(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let began = now();
        let exchanges = request.url.contains("/auth/");
        let mut hasher = DefaultHasher::new();
        request.headers.get("authorization").hash(&mut hasher);
        let token = hasher.finish();
        let (inner, seen) = (Arc::clone(&self.inner), Arc::clone(&self.seen));
        Box::pin(async move {
            let answer = inner.send(request).await;
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            let what =
                if exchanges { What::Exchange(status) } else { What::Request(token, status) };
            seen.lock().unwrap().push(Event { began, ended: now(), what });
            answer
        })
    }
}

/// On one thread, so that what a request is sent with was in hand when the tap writes it down.
#[tokio::test(flavor = "current_thread")]
#[ignore = "a process of fz_02"]
async fn calls_and_tells_its_history() {
    if !child::is(CHILD) {
        return;
    }
    let env = |name: &str| std::env::var(name).unwrap();
    let native = platform().unwrap();
    let seen = Arc::<Mutex<Vec<Event>>>::default();
    let tap = Tap { inner: Arc::clone(&native.transport), seen: Arc::clone(&seen) };
    let platform = Platform { transport: Arc::new(tap), ..native };
    let base = BaseUrl::parse(&env("URL")).unwrap();
    let bare = Session::builder(Service::ApiVideo, base, platform).build();
    let key = HeldKey::fixed(Secret::new(env("KEY")), Provenance::Option("api_key"));
    let mut credential = DisposableTokenCredential::new(key, Renewal::Exchange, bare.clone());
    if let Ok(folder) = std::env::var("STORE") {
        credential = credential.stored_in(Arc::new(FileStore::new(folder))).unwrap();
    }
    let set = CredentialSet::new(Service::ApiVideo, vec![Box::new(credential)], String::new());
    let session = bare.with_credentials(Arc::new(set));
    let began = SystemClock.now().monotonic;
    join_all((0..CALLERS).map(|caller| {
        let (session, seen) = (session.clone(), Arc::clone(&seen));
        async move {
            let mut count = 0;
            while SystemClock.now().monotonic - began < RUN {
                let operation = find(Service::ApiVideo, "tags.list").unwrap();
                let request = Request { path: "/tags".to_owned(), ..Request::default() };
                let began = now();
                let outcome = session.send(operation, request).await;
                let code = outcome.err().map_or("ok", |error| error.code());
                let what = What::Call(code.to_owned());
                seen.lock().unwrap().push(Event { began, ended: now(), what });
                count += 1;
                SystemClock.sleep(Duration::from_millis(5 + (caller * 7 + count * 3) % 20)).await;
            }
        }
    }))
    .await;
    let lines: Vec<String> = seen.lock().unwrap().iter().map(Event::line).collect();
    println!("\n{}", lines.join("\n"));
}
