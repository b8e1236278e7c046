//! Keys in files: read again when they change, refused where others can read or plant them.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use framekey_auth::{FileSource, FirstOf, HeldKey, KeyRule, Notices, Profile, SecretSource, Slot};
use framekey_catalog::Service;
use framekey_runtime::testing::HandClock;
use tempfile::TempDir;

fn write(path: &Path, text: impl AsRef<[u8]>, mode: u32) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
    fs::rename(new, path).unwrap();
}

fn held(path: &Path, clock: &HandClock) -> HeldKey {
    let rule = KeyRule::new(Service::TwelveLabs, Slot::ApiKey);
    let source = Arc::new(FileSource::new(path));
    HeldKey::new(source, rule, Arc::new(clock.clone()), Notices::default())
}

async fn key(held: &HeldKey) -> String {
    held.get().await.unwrap().secret.expose().to_owned()
}

#[tokio::test]
async fn e32_a_rotated_file_is_used_within_a_second_or_on_a_401_without_a_restart() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    write(&path, "tlk_1\n", 0o600);
    let clock = HandClock::default();
    let held = held(&path, &clock);
    assert_eq!(key(&held).await, "tlk_1");

    write(&path, "tlk_2\n", 0o600);
    assert_eq!(key(&held).await, "tlk_1", "looked at once a second");
    clock.advance(Duration::from_secs(1));
    assert_eq!(key(&held).await, "tlk_2");

    write(&path, "tlk_3\n", 0o600);
    let newer = held.reread(2).await.unwrap().unwrap();
    assert_eq!((newer.secret.expose(), newer.generation), ("tlk_3", 3));

    // Taken away for a moment, or replaced by what is no key: what is in hand serves.
    fs::remove_file(&path).unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(key(&held).await, "tlk_3");
    write(&path, "", 0o600);
    clock.advance(Duration::from_secs(1));
    assert_eq!(key(&held).await, "tlk_3");
    write(&path, "tlk_4", 0o600);
    clock.advance(Duration::from_secs(1));
    assert_eq!(key(&held).await, "tlk_4");
}

#[tokio::test]
async fn tk_05_a_file_that_is_replaced_after_a_refusal_is_read_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    write(&path, "tlk_1", 0o600);
    let clock = HandClock::default();
    let held = held(&path, &clock);
    clock.advance(Duration::from_secs(5));
    assert_eq!(key(&held).await, "tlk_1");
    // It is refused, and the file has no other one yet.
    assert!(held.reread(1).await.unwrap().is_none());
    assert_eq!(key(&held).await, "tlk_1");
    write(&path, "tlk_2", 0o600);
    assert_eq!(held.reread(1).await.unwrap().unwrap().secret.expose(), "tlk_2");

    // A call that sends nothing while the key is refused finds the new one too.
    assert!(held.reread(2).await.unwrap().is_none());
    assert_eq!(key(&held).await, "tlk_2");
    write(&path, "tlk_3", 0o600);
    assert_eq!(key(&held).await, "tlk_3");
}

#[tokio::test]
async fn e32_a_file_that_cannot_be_read_is_not_tried_again_by_each_call() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    for bad in [&b"canary\xff"[..], &[b'a'; (64 << 10) + 1]] {
        write(&path, bad, 0o600);
        let source = FileSource::new(&path);
        assert!(source.looks_changed() && source.read_now().is_err() && !source.looks_changed());
    }
    write(&path, "no TOML", 0o600);
    let profile = Profile::new(path, "default".to_owned(), Service::TwelveLabs, None);
    assert!(profile.looks_changed() && profile.read().await.is_err() && !profile.looks_changed());
}

#[test]
fn mp_03_a_key_file_that_others_can_read_or_change_is_refused_with_the_fix() {
    let folder = TempDir::new().unwrap();
    for (mode, refused) in [
        (0o600, None),
        (0o400, None),
        (0o640, Some("may be read by others (mode 0640)")),
        (0o604, Some("may be read by others (mode 0604)")),
        (0o660, Some("may be changed by others (mode 0660)")),
        (0o606, Some("may be changed by others (mode 0606)")),
        (0o666, Some("may be changed by others (mode 0666)")),
    ] {
        let path = folder.path().join("a key");
        write(&path, "canary", mode);
        let outcome = FileSource::new(&path).read_now();
        let Some(why) = refused else {
            assert_eq!(outcome.unwrap().secret.expose(), "canary");
            continue;
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), "auth.unsafe_file");
        let shown = format!("{error} {error:?}");
        let fix = format!("run `chmod 600 '{}'`", path.display());
        assert!(shown.contains(why) && shown.contains(&fix), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
    // A link is followed: what counts is where it leads.
    let target = folder.path().join("target");
    let link = folder.path().join("link");
    write(&target, "canary", 0o644);
    symlink(&target, &link).unwrap();
    assert_eq!(FileSource::new(&link).read_now().unwrap_err().code(), "auth.unsafe_file");
    write(&target, "canary", 0o600);
    assert!(FileSource::new(&link).read_now().is_ok());
}

#[test]
fn mp_03_what_is_no_key_file_is_told_and_never_waited_for() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let pipe = at("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    write(&at("huge"), vec![b'a'; (64 << 10) + 1], 0o600);
    write(&at("binary"), b"canary\xff\xfe", 0o600);
    for (path, why) in [
        (at("none"), "is not there"),
        (folder.path().to_owned(), "is no regular file"),
        (pipe, "is no regular file"),
        (Path::new("/dev/zero").to_owned(), "is no regular file"),
        (at("huge"), "is larger than 64 KiB"),
        (at("binary"), "is not UTF-8 text"),
    ] {
        let error = FileSource::new(&path).read_now().unwrap_err();
        assert_eq!(error.code(), "auth.source");
        let shown = format!("{error} {error:?}");
        let named = shown.contains(&path.display().to_string());
        assert!(named && shown.contains(why) && !shown.contains("canary"), "{shown}");
    }
}

/// Another file of the same length and time in its place: only its number on the disk tells.
fn replaced_by_a_twin(path: &Path, source: &dyn SecretSource) {
    assert!(!source.looks_changed(), "nothing has changed");
    let old = fs::read_to_string(path).unwrap();
    let time = path.metadata().unwrap().modified().unwrap();
    let kept = path.with_extension("kept");
    fs::hard_link(path, kept).unwrap();
    write(path, old.replace("tlk_1", "tlk_2"), 0o600);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    assert!(source.looks_changed(), "it is another file");
}

#[tokio::test]
async fn e32_an_unchanged_file_is_not_read_again_and_a_twin_of_it_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    write(&path, "tlk_1", 0o600);
    let source = FileSource::new(&path);
    assert_eq!(source.read_now().unwrap().secret.expose(), "tlk_1");
    replaced_by_a_twin(&path, &source);

    let path = folder.path().join("profiles.toml");
    write(&path, "[default.twelve-labs]\napi_key = \"tlk_1\"", 0o600);
    let name = "default".to_owned();
    let profile = Arc::new(Profile::new(path.clone(), name, Service::TwelveLabs, None));
    let first: Arc<dyn SecretSource> = Arc::<Profile>::clone(&profile);
    let first = FirstOf::new(vec![first], String::new());
    assert_eq!(first.read().await.unwrap().secret.expose(), "tlk_1");
    assert!(!first.looks_changed() && first.can_change());
    replaced_by_a_twin(&path, profile.as_ref());
    assert!(first.looks_changed());
}

#[test]
fn mp_03_a_key_file_of_another_user_is_refused_and_64_kib_are_the_most() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    for (size, good) in [(64 << 10, true), ((64 << 10) + 1, false)] {
        write(&path, "k".repeat(size), 0o600);
        assert_eq!(FileSource::new(&path).read_now().is_ok(), good, "{size} bytes");
    }
    write(&path, "tlk_1", 0o600);
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
        let error = FileSource::new(&path).read_now().unwrap_err();
        assert_eq!(error.code(), "auth.unsafe_file");
        assert!(error.message().contains("belongs to user 65534"), "{error}");
    }
}
