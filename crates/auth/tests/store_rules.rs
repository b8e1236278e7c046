//! What every store keeps to, whatever it keeps its entries in.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_auth::store::{CallbackStore, Entry, FileStore, MemoryStore, StoreError, TokenStore};
use framekey_runtime::BoxFuture;

fn entry(generation: u64) -> Entry {
    Entry { generation, sealed: vec![7] }
}

async fn only_a_higher_number_takes_the_place(store: &dyn TokenStore) {
    let life = Duration::from_secs(3600);
    for (generation, kept, there) in [(2, true, 2), (2, false, 2), (1, false, 2), (3, true, 3)] {
        let mut new = entry(generation);
        new.sealed.push(u8::from(kept));
        assert_eq!(store.save("name", new, life).await.unwrap(), kept, "{}", store.title());
        let found = store.load("name").await.unwrap().unwrap();
        assert_eq!((found.generation, found.sealed), (there, vec![7, 1]), "{}", store.title());
    }
    assert_eq!(store.lease("name").await.unwrap().generation, 4);
}

#[tokio::test]
async fn mp_05_an_entry_gives_way_to_a_higher_number_only() {
    let kept: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let (load, save) = (Arc::clone(&kept), kept);
    let callback = CallbackStore::new(
        move |_: &str| {
            let bytes = load.lock().unwrap().clone();
            Box::pin(async { Ok::<_, StoreError>(bytes) }) as BoxFuture<'static, _>
        },
        move |_: &str, bytes: Vec<u8>| {
            *save.lock().unwrap() = Some(bytes);
            Box::pin(async { Ok::<_, StoreError>(()) }) as BoxFuture<'static, _>
        },
    );
    assert_eq!(callback.title(), "the caller's own store");
    // A network call or two of the caller's own.
    assert_eq!(callback.patience(), Duration::from_secs(2));
    only_a_higher_number_takes_the_place(&callback).await;

    let memory = MemoryStore::default();
    assert!(!memory.title().is_empty());
    only_a_higher_number_takes_the_place(&memory).await;

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("tokens");
    let file = FileStore::new(&place);
    assert!(file.title().contains(&place.display().to_string()), "{}", file.title());
    only_a_higher_number_takes_the_place(&file).await;
    // A refresh token that is presented twice is lost: only a lock that lives with its holder will do.
    assert!(!callback.holds_sessions() && memory.holds_sessions() && file.holds_sessions());
}
