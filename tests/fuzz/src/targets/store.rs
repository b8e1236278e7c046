//! What a store gives back. `=` and pairs of bytes are changes of a true entry (where, and what is
//! turned over); anything else is the entry. Only the true one is used, all others are a miss.

use std::sync::{Arc, Mutex, OnceLock};

use framekey_auth::store::{CallbackStore, Entry, StoreError};
use framekey_runtime::BoxFuture;
use framekey_runtime::testing::{Answer, Script};

use super::token::{credential, header};
use crate::{Target, run};

pub(crate) const TARGET: Target =
    Target { name: "store", check, seeds, words: || vec![MARK.to_owned()], longest: 2048 };

const MARK: &str = "framekey token, version 1\n";

fn granted(token: &str) -> Script {
    let body = format!("{{\"access_token\":\"{token}\",\"expires_in\":3600}}");
    Script::new(move |_, _| Answer::json(200, body.clone()))
}

/// The header of a first call and the number of exchanges, with a store that holds `entry`; and what
/// the store holds in the end.
fn call(entry: Option<Vec<u8>>, token: &str) -> (String, usize, Option<Vec<u8>>) {
    let held = Arc::new(Mutex::new(entry));
    let (load, save) = (Arc::clone(&held), Arc::clone(&held));
    let store = CallbackStore::new(
        move |_: &str| {
            let held = load.lock().unwrap().clone();
            Box::pin(async move { Ok::<_, StoreError>(held) }) as BoxFuture<'static, _>
        },
        move |_: &str, bytes: Vec<u8>| {
            *save.lock().unwrap() = Some(bytes);
            Box::pin(async { Ok::<_, StoreError>(()) }) as BoxFuture<'static, _>
        },
    );
    let script = granted(token);
    let header = run::wait(async {
        let credential =
            credential(&script).stored_in(Arc::new(store)).expect("a store for tokens");
        header(&credential).await
    });
    let header = header.expect("it ends").expect("no call fails for a store");
    let held = held.lock().unwrap().clone();
    (header, script.take().len(), held)
}

/// An entry as a store was given it.
fn genuine() -> &'static [u8] {
    static ENTRY: OnceLock<Vec<u8>> = OnceLock::new();
    ENTRY.get_or_init(|| call(None, "stored").2.expect("it was saved"))
}

fn check(data: &[u8]) {
    let entry = match data.strip_prefix(b"=") {
        None => data.to_vec(),
        Some(changes) => {
            let mut entry = genuine().to_vec();
            for change in changes.chunks_exact(2) {
                let at = usize::from(change[0]) % entry.len();
                entry[at] ^= change[1];
            }
            entry
        }
    };
    if let Some(read) = Entry::from_bytes(&entry) {
        assert_eq!(read.to_bytes(), entry);
    }
    let is_genuine = entry == genuine();
    let (header, exchanges, held) = call(Some(entry), "exchanged");
    if is_genuine {
        assert_eq!((header.as_str(), exchanges), ("Bearer stored", 0));
    } else {
        assert_eq!((header.as_str(), exchanges), ("Bearer exchanged", 1));
        let held = held.expect("an entry");
        let readable = held.windows(9).any(|window| window == b"exchanged");
        assert!(!readable, "a token that can be read in the store");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let long = [MARK.as_bytes(), &[0; 7], &[1], &[0x5a; 200]].concat();
    let highest = [MARK.as_bytes(), &[0xff; 8], &[0x5a; 40]].concat();
    let mut seeds = vec![Vec::new(), b"=".to_vec(), MARK.into(), long, highest];
    seeds.extend([0_u8, 26, 33, 34, 46, 60, 120].map(|at| vec![b'=', at, 1]));
    seeds
}
