//! Several clients on one store, in virtual time: MP-01, MP-04, MP-06, E31, and TK-06 over a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use framekey_auth::store::{
    CallbackStore, Entry, FileStore, Hold, Lease, MemoryStore, StoreError, TokenStore,
};
use framekey_auth::{Credential as _, DisposableTokenCredential, HeldKey, Renewal};
use framekey_catalog::{Bearer, Scheme};
use framekey_runtime::{BoxFuture, Secret};

use crate::support::{ApiVideo, Client, FROM, KEY, Play, seconds};

const BEARER: Scheme = Scheme::Bearer(Bearer::Any);

/// Clients that share nothing but the store: as many processes would.
fn clients(service: &ApiVideo, store: &Arc<dyn TokenStore>, count: u64) -> Vec<Client> {
    (0..count).map(|seed| service.client_in(Arc::clone(store), seed)).collect()
}

/// `each` calls of every client, all at the same time. Gives the failures.
async fn rush(clients: &[Client], each: usize) -> usize {
    let calls: Vec<_> = clients
        .iter()
        .map(|client| {
            let client = client.clone();
            tokio::spawn(async move { client.lists(each).await })
        })
        .collect();
    let mut failed = 0;
    for call in calls {
        failed += call.await.unwrap().iter().filter(|outcome| outcome.is_err()).count();
    }
    failed
}

#[tokio::test(start_paused = true)]
async fn mp_01_eight_clients_on_a_cold_store_make_one_exchange_and_one_more_each_hour() {
    let folder = std::env::temp_dir().join(format!("framekey-mp01-{}", std::process::id()));
    let stores: [Arc<dyn TokenStore>; 2] =
        [Arc::new(MemoryStore::default()), Arc::new(FileStore::new(&folder))];
    for store in stores {
        let service = ApiVideo::well();
        let clients = clients(&service, &store, 8);
        for hour in 1..=3 {
            assert_eq!(rush(&clients, 200).await, 0);
            let sums = service.sums();
            assert_eq!((sums.exchanges, sums.dead), (hour, 0), "{}", store.title());
            tokio::time::advance(seconds(3600)).await;
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(start_paused = true)]
async fn mp_01_a_token_that_ages_is_renewed_by_one_of_them_and_nobody_waits() {
    let service = ApiVideo::well();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let clients = clients(&service, &store, 8);
    assert_eq!(rush(&clients, 1).await, 0);
    // A day with a call of each every ten seconds.
    for _ in 0..8640 {
        tokio::time::advance(seconds(10)).await;
        for client in &clients {
            let before = service.clock.at();
            client.token().await.unwrap();
            assert_eq!(service.clock.at(), before);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // One for each 2,700 to 3,060 s of it.
    let exchanges = service.sums().exchanges;
    assert!((28..=33).contains(&exchanges), "{exchanges}");
    assert!(clients.iter().all(|client| client.store_troubles().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn tk_06_a_refused_token_does_not_come_back_from_the_store() {
    let service = ApiVideo::well();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let clients = clients(&service, &store, 8);
    assert_eq!(rush(&clients, 1).await, 0);
    service.revoke_all();
    assert_eq!(rush(&clients, 100).await, 0);
    let sums = service.sums();
    assert_eq!((sums.exchanges, sums.dead), (2, 800));
    // And one more client, later, begins with the token that the others made.
    let late = service.client_in(store, 99);
    late.list().await.unwrap();
    assert_eq!((service.sums().exchanges, service.sums().dead), (2, 800));
}

#[tokio::test(start_paused = true)]
async fn mp_01_another_key_and_another_host_have_their_own_token() {
    let service = ApiVideo::well();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    service.client_in(Arc::clone(&store), 1).list().await.unwrap();
    let client = service.client_in(store, 2);
    client.credential.replace_key(&Secret::new("another-key")).unwrap();
    client.list().await.unwrap();
    assert_eq!(service.sums().exchanges, 2);
}

#[tokio::test(start_paused = true)]
async fn mp_06_a_dead_token_that_is_found_fails_no_call() {
    let service = ApiVideo::well();
    let odd = Arc::new(Odd::default());
    let client = service.client_in(Arc::clone(&odd) as Arc<dyn TokenStore>, 1);
    client.list().await.unwrap();
    // Its entry is lost, so that another one makes a token of its own, which stays there.
    odd.evicts.store(true, SeqCst);
    service.client_in(Arc::clone(&odd) as Arc<dyn TokenStore>, 2).list().await.unwrap();
    odd.evicts.store(false, SeqCst);
    service.revoke_all();
    assert_eq!(client.list().await.unwrap().attempts, 3);
    let sums = service.sums();
    assert_eq!((sums.exchanges, sums.calls, sums.dead), (3, 5, 2));
    // Nobody is asked a third time for a token that was made after the first refusal.
    *service.refuses.lock().unwrap() = true;
    tokio::time::advance(seconds(31)).await;
    let error = client.list().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("auth.key_rejected", 2));
}

/// A store that does as it is told.
#[derive(Default)]
struct Odd {
    inner: MemoryStore,
    /// Never answers.
    hangs: AtomicBool,
    fails: AtomicBool,
    /// Somebody else has the lease, for ever.
    taken: AtomicBool,
    /// Takes 100 ms for everything.
    slow: AtomicBool,
    /// Everybody gets the lease.
    free: AtomicBool,
    /// Loses every entry.
    evicts: AtomicBool,
    /// Gives other bytes back.
    junk: AtomicBool,
    uses: AtomicUsize,
}

struct Nothing;

impl Hold for Nothing {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Odd {
    async fn mood(&self) -> Result<(), StoreError> {
        self.uses.fetch_add(1, SeqCst);
        if self.slow.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if self.hangs.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.fails.load(SeqCst) { Err(StoreError::new("wrong password")) } else { Ok(()) }
    }
}

impl TokenStore for Odd {
    fn title(&self) -> String {
        "odd".to_owned()
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(async move {
            self.mood().await?;
            let mut entry = self.inner.load(name).await?;
            if let (true, Some(entry)) = (self.junk.load(SeqCst), &mut entry) {
                entry.sealed.reverse();
            }
            Ok(entry.filter(|_| !self.evicts.load(SeqCst)))
        })
    }

    fn lease<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            self.mood().await?;
            let lease = self.inner.lease(name).await?;
            if self.free.load(SeqCst) {
                return Ok(Lease { generation: lease.generation, hold: Some(Box::new(Nothing)) });
            }
            let taken = self.taken.load(SeqCst);
            let hold: Option<Box<dyn Hold>> = lease.hold.filter(|_| !taken);
            Ok(Lease { generation: lease.generation, hold })
        })
    }

    fn save<'a>(
        &'a self,
        name: &'a str,
        entry: Entry,
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            self.mood().await?;
            self.inner.save(name, entry, life).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn mp_06_a_store_that_hangs_costs_its_patience_once_in_thirty_seconds() {
    let service = ApiVideo::well();
    let odd = Arc::new(Odd::default());
    odd.hangs.store(true, SeqCst);
    let client = service.client_in(Arc::clone(&odd) as Arc<dyn TokenStore>, 1);
    let before = service.clock.at();
    client.list().await.unwrap();
    // 250 ms for the store, 20 ms for each of the two requests.
    assert!(service.clock.at() - before <= Duration::from_millis(295));
    assert_eq!(client.store_troubles().len(), 1);
    assert!(client.store_troubles()[0].contains("did not answer within 250 ms"));
    // Refused calls want a token now: the store is left alone.
    for _ in 0..2 {
        let applied = client.credential.apply(BEARER).await.unwrap();
        client.credential.rejected(&applied).await;
        let before = service.clock.at();
        let _ = client.token().await;
        assert!(service.clock.at() - before <= Duration::from_millis(25));
    }
    assert_eq!(odd.uses.load(SeqCst), 1);
    // Half a minute later it is asked again, and used; trouble that goes on is not told again.
    tokio::time::advance(seconds(31)).await;
    client.token().await.unwrap();
    assert_eq!((odd.uses.load(SeqCst), client.store_troubles().len()), (2, 1));
    odd.hangs.store(false, SeqCst);
    tokio::time::advance(seconds(3600)).await;
    client.token().await.unwrap();
    let exchanges = service.sums().exchanges;
    service.client_in(odd, 2).token().await.unwrap();
    assert_eq!(service.sums().exchanges, exchanges);
}

#[tokio::test(start_paused = true)]
async fn mp_06_a_store_that_fails_loses_or_mixes_up_its_entries_fails_no_call() {
    let moods: [fn(&Odd) -> &AtomicBool; 3] =
        [|odd| &odd.fails, |odd| &odd.evicts, |odd| &odd.junk];
    for (number, mood) in moods.into_iter().enumerate() {
        let service = ApiVideo::well();
        let odd = Arc::new(Odd::default());
        mood(&odd).store(true, SeqCst);
        let store: Arc<dyn TokenStore> = odd;
        let clients = clients(&service, &store, 8);
        assert_eq!(rush(&clients, 50).await, 0);
        // One by one at worst.
        assert!(service.sums().exchanges <= 8, "{number}");
        let told: usize = clients.iter().map(|client| client.store_troubles().len()).sum();
        assert_eq!(told, if number == 0 { 8 } else { 0 });
    }
}

#[tokio::test(start_paused = true)]
async fn mp_02_a_holder_that_hangs_is_waited_for_and_then_done_without() {
    let service = ApiVideo::well();
    let odd = Arc::new(Odd::default());
    odd.taken.store(true, SeqCst);
    let client = service.client_in(Arc::clone(&odd) as Arc<dyn TokenStore>, 1);
    let before = service.clock.at();
    assert!(client.lists(100).await.iter().all(Result::is_ok));
    let waited = service.clock.at() - before;
    assert!(seconds(9) <= waited && waited < seconds(15), "{waited:?}");
    assert_eq!(service.sums().exchanges, 1);
    // With a good token in hand nobody waits and nobody exchanges, for as long as it is good.
    tokio::time::advance(seconds(3100)).await;
    for _ in 0..400 {
        let before = service.clock.at();
        client.token().await.unwrap();
        assert_eq!(service.clock.at(), before);
        tokio::time::sleep(seconds(1)).await;
    }
    assert_eq!(service.sums().exchanges, 1);
    assert_eq!(client.failed_cycles(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn mp_02_the_next_one_takes_over_from_a_holder_that_fails() {
    // The first exchanges fail; whoever waits tries at once when it is its turn.
    let service = ApiVideo::new(|number, _| {
        if number < 1 { Play::Answer(400, crate::support::WRONG) } else { Play::Token("3600") }
    });
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let clients = clients(&service, &store, 4);
    let before = service.clock.at();
    // The one whose exchange was refused says so; the others find the key to be good.
    assert_eq!(rush(&clients, 1).await, 1);
    assert!(service.clock.at() - before < seconds(1));
    assert_eq!(service.sums().exchanges, 2);
}

#[tokio::test(start_paused = true)]
async fn mp_05_a_process_that_was_stopped_takes_what_another_one_got_meanwhile() {
    // The first exchange is never answered.
    let service = ApiVideo::new(|number, _| match number {
        0 => Play::Stall,
        _ => Play::Token("3600"),
    });
    let odd = Arc::new(Odd::default());
    let stopped = service.client_in(Arc::clone(&odd) as Arc<dyn TokenStore>, 1);
    let calls = tokio::spawn({
        let stopped = stopped.clone();
        async move { stopped.lists(20).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    // It sleeps for 40 s from here on, so that nothing of its own is in time, and its lease ends.
    odd.free.store(true, SeqCst);
    let other = service.client_in(Arc::clone(&odd) as Arc<dyn TokenStore>, 2);
    other.list().await.unwrap();
    // Those who wait wake before the store has answered: their time is not up.
    odd.slow.store(true, SeqCst);
    tokio::time::advance(seconds(40)).await;
    assert!(calls.await.unwrap().iter().all(Result::is_ok));
    assert_eq!((service.sums().exchanges, stopped.failed_cycles()), (2, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn tk_10_a_token_from_a_clock_in_the_future_is_not_used() {
    let service = ApiVideo::well();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    service.client_in(Arc::clone(&store), 1).list().await.unwrap();
    service.clock.step_wall(-3600);
    service.client_in(Arc::clone(&store), 2).list().await.unwrap();
    assert_eq!(service.sums().exchanges, 2);
    // From one that is behind it looks older than it is: also that costs an exchange, not a call.
    service.clock.step_wall(2 * 3600);
    service.client_in(store, 3).list().await.unwrap();
    assert_eq!((service.sums().exchanges, service.sums().dead), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn tk_10_a_found_token_keeps_its_age_when_the_clock_is_set_back() {
    let service = ApiVideo::well();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    service.client_in(Arc::clone(&store), 1).list().await.unwrap();
    tokio::time::advance(seconds(2600)).await;
    let client = service.client_in(store, 2);
    client.list().await.unwrap();
    assert_eq!(service.sums().exchanges, 1);
    service.clock.step_wall(-7200);
    tokio::time::advance(seconds(980)).await;
    client.list().await.unwrap();
    assert_eq!((service.sums().exchanges, service.sums().dead), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn e31_two_functions_are_a_store_and_may_panic_hang_and_lie() {
    type Kept = Arc<std::sync::Mutex<std::collections::HashMap<String, Vec<u8>>>>;
    let kept = Kept::default();
    let mood = Arc::new(AtomicUsize::new(0));
    let (from, to, how) = (Arc::clone(&kept), Arc::clone(&kept), Arc::clone(&mood));
    let load = move |name: &str| -> BoxFuture<'static, _> {
        let bytes = from.lock().unwrap().get(name).cloned();
        match how.load(SeqCst) {
            1 => panic!("as told"),
            2 => Box::pin(std::future::pending()),
            3 => Box::pin(std::future::ready(Ok(Some(vec![0; 1 << 20])))),
            4 => Box::pin(std::future::ready(Err(StoreError::new("no network")))),
            _ => Box::pin(std::future::ready(Ok(bytes))),
        }
    };
    let save = move |name: &str, bytes: Vec<u8>| -> BoxFuture<'static, _> {
        to.lock().unwrap().insert(name.to_owned(), bytes);
        Box::pin(std::future::ready(Ok(())))
    };
    let store: Arc<dyn TokenStore> = Arc::new(CallbackStore::new(load, save));
    let service = ApiVideo::well();
    for seed in 0..3 {
        service.client_in(Arc::clone(&store), seed).list().await.unwrap();
    }
    assert_eq!(service.sums().exchanges, 1);
    // What it keeps can be read by nobody.
    for (name, bytes) in kept.lock().unwrap().iter() {
        assert!(!bytes.windows(4).any(|window| window == b"at-0"), "{name}");
        assert!(!name.contains("canary"));
    }
    for odd in 1..=4 {
        mood.store(odd, SeqCst);
        let client = service.client_in(Arc::clone(&store), 9);
        client.list().await.unwrap();
        assert_eq!(service.sums().exchanges, 1 + odd);
        assert_eq!(client.store_troubles().len(), usize::from(odd != 3), "{odd}");
    }
}

#[tokio::test(start_paused = true)]
async fn mp_04_where_there_is_a_key_no_refresh_token_is_kept() {
    let service = ApiVideo::well();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::default());
    let make = |seed| {
        service.client_with(seed, |bare| {
            let key = HeldKey::fixed(Secret::new(KEY), FROM);
            let credential = DisposableTokenCredential::new(key, Renewal::RefreshFirst, bare);
            credential.stored_in(Arc::clone(&store)).unwrap()
        })
    };
    let (first, second) = (make(1), make(2));
    first.list().await.unwrap();
    second.list().await.unwrap();
    tokio::time::advance(seconds(3600)).await;
    // The second one has found a token, and nothing to renew it by but its key.
    second.list().await.unwrap();
    assert_eq!((service.sums().exchanges, service.sums().refreshes), (2, 0));
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn mp_03_a_folder_that_others_can_enter_is_not_used_and_the_call_goes_on() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = std::env::temp_dir().join(format!("framekey-mp03-open-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let store: Arc<dyn TokenStore> = Arc::new(FileStore::new(&folder));
    let service = ApiVideo::well();
    let client = service.client_in(store, 1);
    for _ in 0..3 {
        client.list().await.unwrap();
        tokio::time::advance(seconds(3600)).await;
    }
    let troubles = client.store_troubles();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir(&folder).unwrap();
    // Once, though it was looked at three times; with what to do about it.
    assert_eq!((troubles.len(), service.sums().exchanges), (1, 3));
    assert!(
        troubles[0].contains(&format!("run: chmod 700 '{}'", folder.display())),
        "{troubles:?}"
    );
}
