//! E32, RO-03: a key that is rotated at the service is picked up by a running client that lags.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "waits for a real clock")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use framekey::auth::{KEYRING_SERVICE, Keyring};
use framekey::dynamic::Client;
use framekey::{CallOptions, ClientBuilder, Error, Secret, Service};
use framekey_emulator::{Config, Emulator};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

const SERVICE: Service = Service::VideoVector;

/// A service, someone who may rotate keys there, and a place for the key.
struct Bench {
    emulator: Emulator,
    owner: Client,
    folder: TempDir,
}

impl Bench {
    async fn open() -> Self {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        let jwt = emulator.credentials().videovector_jwt.clone();
        let owner = client(&emulator, |builder| builder.jwt(jwt)).unwrap();
        Bench { emulator, owner, folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new key, and its id.
    async fn create(&self) -> (String, String) {
        let arguments = json!({ "name": "rotated", "scopes": ["read"] });
        let made = call(&self.owner, "api_keys.create", arguments).await.unwrap();
        text(&made, "key")
    }

    /// Another key in the place of this one, which is dead from then on.
    async fn rotate(&self, id: &str) -> (String, String) {
        let made = call(&self.owner, "api_keys.rotate", json!({ "key_id": id })).await.unwrap();
        text(&made["new_key"], "key")
    }

    fn refusals(&self) -> usize {
        self.emulator.journal().iter().filter(|entry| entry.status == 401).count()
    }
}

fn text(made: &Value, field: &str) -> (String, String) {
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text(field), text("key_id"))
}

fn client(
    emulator: &Emulator,
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client, Error> {
    let builder = Client::builder(SERVICE).environment(|_| None);
    configure(builder.base_url(emulator.base_url(SERVICE))).build()
}

async fn call(client: &Client, operation: &str, arguments: Value) -> Result<Value, Error> {
    let Value::Object(arguments) = arguments else { panic!("not an object") };
    let answer = client.call(operation, arguments, Vec::new(), CallOptions::default()).await?;
    Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
}

async fn list(client: &Client) -> Result<Value, Error> {
    call(client, "indexes.list", Value::Object(Map::new())).await
}

fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}

/// A keyring in memory.
#[derive(Clone, Default)]
struct Ring(Arc<Mutex<String>>);

impl Keyring for Ring {
    fn look_up(&self, service: &str, entry: &str) -> Result<Option<Secret>, String> {
        assert_eq!((service, entry), (KEYRING_SERVICE, "vv"));
        Ok(Some(Secret::new(self.0.lock().unwrap().as_str())))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ro_03_a_laggard_picks_a_rotated_key_up_from_file_profile_keyring_and_command() {
    let bench = Bench::open().await;
    let (file, profile) = (bench.path("key"), bench.path("config.toml"));
    let (printed, give) = (bench.path("printed"), bench.path("give"));
    fs::write(
        &give,
        format!("printf '{{\"version\":1,\"api_key\":\"%s\"}}' $(cat {})", printed.display()),
    )
    .unwrap();
    let ring = Ring::default();
    let publish = |key: &str| {
        write(&file, &format!("{key}\n"));
        write(&profile, &format!("[default.videovector]\napi_key = \"{key}\"\n"));
        write(&printed, key);
        key.clone_into(&mut ring.0.lock().unwrap());
    };
    let (key, mut id) = bench.create().await;
    publish(&key);
    let option = |name: &'static str, value: String| {
        move |builder: ClientBuilder| builder.set(name, value.into()).unwrap()
    };
    let with_ring =
        |builder: ClientBuilder| builder.keyring(ring.clone()).set("keyring", "vv".into()).unwrap();
    let with_profile = |builder: ClientBuilder| {
        let builder = builder.set("config_file", profile.display().to_string().into()).unwrap();
        builder.set("profile", "default".into()).unwrap()
    };
    let clients = [
        client(&bench.emulator, option("api_key_file", file.display().to_string())).unwrap(),
        client(&bench.emulator, with_profile).unwrap(),
        client(&bench.emulator, with_ring).unwrap(),
        client(&bench.emulator, option("credential_process", format!("sh {}", give.display())))
            .unwrap(),
    ];
    for client in &clients {
        list(client).await.unwrap();
    }
    for _ in 0..3 {
        let (key, next) = bench.rotate(&id).await;
        id = next;
        publish(&key);
        let before = bench.refusals();
        for client in &clients {
            // All at once: each may be refused with the old key, and none of them fails.
            let calls = (0..20).map(|_| list(client));
            for outcome in futures_util::future::join_all(calls).await {
                outcome.unwrap();
            }
            list(client).await.unwrap();
        }
        let refused = bench.refusals() - before;
        assert!((1..=4 * 20).contains(&refused), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ro_03_a_laggard_whose_source_was_not_told_fails_with_its_name_and_recovers() {
    let bench = Bench::open().await;
    let file = bench.path("key");
    let (old, id) = bench.create().await;
    write(&file, &old);
    let laggard = client(&bench.emulator, |builder| {
        builder.set("api_key_file", file.display().to_string().into()).unwrap()
    })
    .unwrap();
    list(&laggard).await.unwrap();
    let (new, _) = bench.rotate(&id).await;
    let error = list(&laggard).await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("auth.key_rejected", 1));
    let told = error.to_string();
    let mark = framekey::auth::fingerprint(&Secret::new(old.as_str()));
    for part in [file.display().to_string(), mark, "first used by this process today".to_owned()] {
        assert!(told.contains(&part), "{told}");
    }
    assert!(!told.contains(&old) && !told.contains(&new), "{told}");
    write(&file, &new);
    for _ in 0..100 {
        if list(&laggard).await.is_ok() {
            return;
        }
        // The fruitless look serves for a second.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the new key is not picked up");
}
