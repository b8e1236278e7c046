//! The profile file and the keyring: what they say, what they may not, and what replaces what.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_auth::{
    FirstOf, HeldKey, KeyRule, Keyring, KeyringSource, Notices, Profile, ProfileKey, SecretSource,
    Slot,
};
use framekey_catalog::Service;
use framekey_runtime::testing::HandClock;
use framekey_runtime::{Error, Secret};
use tempfile::TempDir;

struct Place {
    _folder: TempDir,
    file: PathBuf,
}

fn place() -> Place {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.toml");
    Place { _folder: folder, file }
}

impl Place {
    fn write(&self, text: &str, mode: u32) {
        let new = self.file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    fn profile(&self, name: &str, service: Service) -> Profile {
        Profile::new(self.file.clone(), name.to_owned(), service, Some(PathBuf::from("/someone")))
    }

    fn refused(&self, name: &str, service: Service) -> Error {
        let error = self.profile(name, service).section().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains(&self.file.display().to_string()), "{shown}");
        error
    }
}

#[test]
fn e32_a_section_says_where_the_key_is() {
    let place = place();
    place.write(
        "[default.api-video]\napi_key = \"canary\"\nauth_mode = \"basic\"\n\
         [default.twelve-labs]\napi_key_file = \"keys/tl\"\n\
         [work.api-video]\nkeyring = \"work key\"\n\
         [work.twelve-labs]\ncredential_process = \"vault read tl\"\n\
         [work.videovector]\napi_key_file = \"~/vv\"\n",
        0o600,
    );
    let key = |name: &str, service| {
        place.profile(name, service).section().unwrap().and_then(|section| section.key)
    };
    let section = place.profile("default", Service::ApiVideo).section().unwrap().unwrap();
    assert_eq!(section.auth_mode.as_deref(), Some("basic"));
    assert!(matches!(section.key, Some(ProfileKey::Written(key)) if key.expose() == "canary"));
    let folder = place.file.parent().unwrap();
    assert!(
        matches!(key("default", Service::TwelveLabs), Some(ProfileKey::File(path)) if path == folder.join("keys/tl"))
    );
    assert!(
        matches!(key("work", Service::VideoVector), Some(ProfileKey::File(path)) if path == Path::new("/someone/vv"))
    );
    assert!(
        matches!(key("work", Service::ApiVideo), Some(ProfileKey::Keyring(entry)) if entry == "work key")
    );
    assert!(
        matches!(key("work", Service::TwelveLabs), Some(ProfileKey::Command(line)) if line == "vault read tl")
    );
    assert!(place.profile("default", Service::VideoVector).section().unwrap().is_none());
}

#[test]
fn e32_what_a_profile_file_cannot_mean_is_told_by_line_or_name_and_never_quoted() {
    let place = place();
    for (text, code, why) in [
        ("[default.api-video]\napi_key = \"canary\n", "config.bad_profile", "line 2 is not TOML"),
        ("a = 1\n\n[default\n", "config.bad_profile", "line 3 is not TOML"),
        ("[other.api-video]\n", "config.bad_profile", "has no profile `default`"),
        ("default = \"canary\"\n", "config.bad_profile", "`default` is no table"),
        (
            "[default.api_video]\n",
            "config.bad_profile",
            "has `api_video`; the services are api-video",
        ),
        (
            "[default]\napi-video = \"canary\"\n",
            "config.bad_profile",
            "[default.api-video] is no table",
        ),
        ("[default.api-video]\napi_key = 7\n", "config.bad_profile", "`api_key` is no text"),
        (
            "[default.api-video]\napi_key_file = \" \"\n",
            "config.bad_profile",
            "`api_key_file` is empty",
        ),
        (
            "[default.api-video]\nkey = \"canary\"\n",
            "config.bad_profile",
            "has `key`; it may have api_key, ",
        ),
        (
            "[default.api-video]\napi_key = \"canary\"\nkeyring = \"x\"\n",
            "auth.conflict",
            "[default.api-video]",
        ),
    ] {
        place.write(text, 0o600);
        let error = place.refused("default", Service::ApiVideo);
        assert_eq!(error.code(), code, "{text}");
        assert!(error.message().contains(why), "{error}");
    }
}

#[test]
fn mp_03_a_profile_file_that_holds_a_key_is_for_its_owner_only() {
    let place = place();
    let with_key =
        "[default.api-video]\nkeyring = \"x\"\n[work.twelve-labs]\napi_key = \"canary\"\n";
    place.write(with_key, 0o644);
    let error = place.refused("default", Service::ApiVideo);
    assert_eq!(error.code(), "auth.unsafe_file");
    assert!(
        error.message().contains(&format!("run `chmod 600 {}`", place.file.display())),
        "{error}"
    );
    let without = "[default.api-video]\ncredential_process = \"x\"\n";
    place.write(without, 0o644);
    assert!(place.profile("default", Service::ApiVideo).section().is_ok());
    // Whoever can write it chooses the command that runs.
    place.write(without, 0o664);
    assert_eq!(place.refused("default", Service::ApiVideo).code(), "auth.unsafe_file");
}

fn held(source: Arc<dyn SecretSource>, clock: &HandClock) -> HeldKey {
    let rule = KeyRule::new(Service::TwelveLabs, Slot::ApiKey);
    HeldKey::new(source, rule, Arc::new(clock.clone()), Notices::default())
}

#[tokio::test]
async fn e32_a_rotated_profile_key_is_used_without_a_restart() {
    let place = place();
    let clock = HandClock::default();
    let write =
        |key: &str| place.write(&format!("[default.twelve-labs]\napi_key = \"{key}\"\n"), 0o600);
    write("tlk_1");
    let held = held(Arc::new(place.profile("default", Service::TwelveLabs)), &clock);
    assert_eq!(held.get().await.unwrap().secret.expose(), "tlk_1");
    write("tlk_2");
    clock.advance(Duration::from_secs(1));
    assert_eq!(held.get().await.unwrap().secret.expose(), "tlk_2");
    write("tlk_3");
    assert_eq!(held.reread(2).await.unwrap().unwrap().secret.expose(), "tlk_3");
    place.write("[default.twelve-labs]\n", 0o600);
    let error = held.reread(3).await.unwrap_err();
    assert!(error.message().contains("has no `api_key` any more"), "{error}");
}

/// A keyring in memory; none at all, if it is locked away.
#[derive(Default)]
struct Ring {
    entries: Mutex<BTreeMap<String, &'static str>>,
    away: bool,
}

impl Keyring for Ring {
    fn look_up(&self, service: &str, entry: &str) -> Result<Option<Secret>, String> {
        if self.away {
            return Err("no keyring is running".to_owned());
        }
        let name = format!("{service}/{entry}");
        Ok(self.entries.lock().unwrap().get(&name).map(|key| Secret::new(*key)))
    }
}

impl Ring {
    fn put(&self, key: &'static str) {
        self.entries.lock().unwrap().insert("framekey/default.twelve-labs".to_owned(), key);
    }
}

const ENTRY: &str = "default.twelve-labs";

#[tokio::test]
async fn e32_a_keyring_entry_is_read_at_the_first_need_and_again_on_a_401() {
    let ring = Arc::new(Ring::default());
    let held = held(Arc::new(KeyringSource::new(ring.clone(), ENTRY)), &HandClock::default());
    ring.put("tlk_1");
    assert_eq!(held.get().await.unwrap().secret.expose(), "tlk_1");
    ring.put("tlk_2");
    assert_eq!(held.get().await.unwrap().secret.expose(), "tlk_1");
    assert_eq!(held.reread(1).await.unwrap().unwrap().secret.expose(), "tlk_2");
}

#[tokio::test]
async fn e32_a_keyring_that_is_not_there_is_skipped_unless_it_was_asked_for() {
    let away = || Arc::new(Ring { away: true, ..Ring::default() });
    let asked = KeyringSource::new(away(), ENTRY);
    let error = asked.read().await.unwrap_err();
    assert_eq!(error.code(), "auth.source");
    assert_eq!(
        error.message(),
        "the keyring entry framekey/default.twelve-labs cannot be read: no keyring is running"
    );
    let none = Arc::new(KeyringSource::new(Arc::new(Ring::default()), ENTRY));
    assert_eq!(none.read().await.unwrap_err().code(), "auth.source");

    let place = place();
    place.write("[default.twelve-labs]\napi_key = \"tlk_1\"\n", 0o600);
    let second: Arc<dyn SecretSource> = Arc::new(place.profile("default", Service::TwelveLabs));
    for ring in [away(), Arc::new(Ring::default())] {
        let first: Arc<dyn SecretSource> = Arc::new(KeyringSource::optional(ring.clone(), ENTRY));
        let both = FirstOf::new(vec![first.clone(), second.clone()], String::new());
        assert_eq!(both.read().await.unwrap().secret.expose(), "tlk_1");
        assert_eq!(both.provenance(), second.provenance());
        let alone = FirstOf::new(vec![first], "Set X.".to_owned());
        let error = alone.read().await.unwrap_err();
        assert_eq!(error.code(), "auth.missing");
        let text = error.message();
        assert!(
            text.starts_with("no API key is configured; the keyring") && text.ends_with("Set X."),
            "{text}"
        );
    }
    let ring = Arc::new(Ring::default());
    ring.put("tlk_ring");
    let first: Arc<dyn SecretSource> = Arc::new(KeyringSource::optional(ring, ENTRY));
    let both = FirstOf::new(vec![first, second], String::new());
    assert_eq!(both.read().await.unwrap().secret.expose(), "tlk_ring");
}
