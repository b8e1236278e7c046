//! The folder store on a real file system: modes, planted files, damage. MP-03, MP-04.
//!
//! 200 writes and 2,000 damaged files; 10,000 and 100,000 with `FRAMEKEY_LONG=1`.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use framekey_auth::store::{Entry, FileStore, TokenStore as _};
use framekey_runtime::testing::skipped;

const NAME: &str = "0123456789abcdef";
const LIFE: Duration = Duration::from_secs(3600);

/// A folder that is removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("framekey-{name}-{}", std::process::id())))
    }

    fn store(&self) -> FileStore {
        FileStore::new(&self.0)
    }

    fn data(&self) -> PathBuf {
        self.0.join(format!("{NAME}.token"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for file in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(file.path());
        }
        let _ = std::fs::remove_dir(&self.0);
        let _ = std::fs::remove_file(&self.0);
    }
}

fn long() -> bool {
    std::env::var_os("FRAMEKEY_LONG").is_some()
}

fn entry(generation: u64) -> Entry {
    Entry { generation, sealed: b"sealed".to_vec() }
}

async fn written(folder: &Folder) -> FileStore {
    let store = folder.store();
    assert!(store.save(NAME, entry(1), LIFE).await.unwrap());
    store
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether programs may be traced here: strace is installed, and nothing forbids it.
fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|outcome| outcome.status.success())
}

/// Runs the ignored test below under a umask, and watches the modes of all files meanwhile; with
/// `traced`, also what the system is asked for.
fn watch_modes(umask: &str, traced: bool) -> (usize, Vec<u32>) {
    let folder = Folder::new(&format!("mp03-{umask}"));
    let (stop, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let watch = std::thread::spawn({
        let (stop, looks, path) = (Arc::clone(&stop), Arc::clone(&looks), folder.0.clone());
        move || {
            let mut odd = Vec::new();
            while !stop.load(SeqCst) {
                let folder = std::fs::metadata(&path).map(|found| found.mode() & 0o777);
                odd.extend(folder.ok().filter(|mode| *mode != 0o700));
                for file in std::fs::read_dir(&path).into_iter().flatten().flatten() {
                    let Ok(found) = file.metadata() else { continue };
                    looks.fetch_add(1, SeqCst);
                    odd.extend(Some(found.mode() & 0o777).filter(|mode| *mode != 0o600));
                }
            }
            odd
        }
    });
    let log = folder.0.with_extension("strace");
    let this = std::env::current_exe().unwrap();
    let run = if traced {
        let calls = "trace=open,openat,creat,chmod,fchmod,fchmodat";
        format!("exec strace -f -qq --seccomp-bpf -e {calls} -o '{}' \"$0\" \"$@\"", log.display())
    } else {
        "exec \"$0\" \"$@\"".to_owned()
    };
    let outcome = Command::new("sh")
        .args(["-c", &format!("umask {umask}; {run}")])
        .arg(&this)
        .args(["--exact", "writes_on_and_on", "--ignored"])
        .env("FRAMEKEY_TEST_FOLDER", &folder.0)
        .output()
        .unwrap();
    stop.store(true, SeqCst);
    assert!(outcome.status.success(), "{outcome:?}");
    let odd = watch.join().unwrap();
    if traced {
        let said = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        check_calls(&said, &folder.0.display().to_string());
    }
    (looks.load(SeqCst), odd)
}

/// What the system was asked: every file of the folder that is created is created with 0600, at its
/// first opening and by itself, and no mode is changed afterwards.
fn check_calls(said: &str, folder: &str) {
    let ours = said.lines().filter(|line| line.contains(folder));
    let mut created = 0;
    for line in ours {
        assert!(!line.contains("chmod"), "{line}");
        if line.contains("O_CREAT") {
            created += 1;
            assert!(line.contains("0600") && line.contains("O_NOFOLLOW"), "{line}");
            assert!(line.contains("O_EXCL") || line.contains(".lock"), "{line}");
        }
    }
    assert!(created > 200, "{created} files were created");
}

#[test]
fn mp_03_no_mode_but_0600_is_ever_seen() {
    let traced = can_trace();
    if !traced {
        skipped("mp_03_no_mode_but_0600_is_ever_seen, what the system was asked", "no strace");
    }
    for umask in ["000", "022"] {
        let (looks, odd) = watch_modes(umask, traced);
        assert!(odd.is_empty(), "umask {umask}: {:o} of {looks}", odd[0]);
        assert!(looks > 100, "umask {umask}: only {looks} looks");
    }
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn writes_on_and_on() {
    let Some(folder) = std::env::var_os("FRAMEKEY_TEST_FOLDER") else { return };
    let store = FileStore::new(folder);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for generation in 1..=if long() { 10_000 } else { 200 } {
            let lease = store.lease(NAME).await.unwrap();
            assert_eq!(lease.generation, generation);
            assert!(store.save(NAME, entry(generation), LIFE).await.unwrap());
        }
    });
}

#[tokio::test]
async fn mp_03_planted_and_open_files_are_refused_and_the_message_names_the_fix() {
    let folder = Folder::new("mp03-planted");
    let store = written(&folder).await;
    let data = folder.data();
    let refused = async |fix: &str| {
        let error = store.load(NAME).await.unwrap_err().to_string();
        assert!(error.contains(fix), "{fix}: {error}");
        // Nor is it written over: whoever put it there may have a hand in the folder.
        let error = store.save(NAME, entry(9), LIFE).await.unwrap_err().to_string();
        assert!(error.contains(fix), "{fix}: {error}");
    };
    for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
        set_mode(&data, mode);
        refused(&format!("run: chmod 600 '{}'", data.display())).await;
    }
    set_mode(&data, 0o600);
    assert_eq!(store.load(NAME).await.unwrap(), Some(entry(1)));
    // A second name.
    let second = folder.0.join("second");
    std::fs::hard_link(&data, &second).unwrap();
    refused("hard link").await;
    std::fs::remove_file(&second).unwrap();
    // A link to a file that would be good.
    std::fs::rename(&data, &second).unwrap();
    symlink(&second, &data).unwrap();
    refused("symbolic link").await;
    std::fs::remove_file(&data).unwrap();
    // Something that would be waited for, and something that cannot be read.
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&data).status().unwrap().success());
    refused("is not a file; remove it").await;
    std::fs::remove_file(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    refused("is not a file").await;
    std::fs::remove_dir(&data).unwrap();
    // The lock file is held to the same.
    let lock = folder.0.join(format!("{NAME}.lock"));
    symlink(&second, &lock).unwrap();
    let error = store.lease(NAME).await.unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
}

#[tokio::test]
async fn mp_03_a_folder_that_others_can_enter_or_that_is_none_is_refused() {
    let folder = Folder::new("mp03-folder");
    let store = written(&folder).await;
    assert_eq!(std::fs::metadata(&folder.0).unwrap().mode() & 0o777, 0o700);
    for mode in [0o755, 0o750, 0o701, 0o777] {
        set_mode(&folder.0, mode);
        let fix = format!("run: chmod 700 '{}'", folder.0.display());
        for error in [store.load(NAME).await.unwrap_err(), store.lease(NAME).await.unwrap_err()] {
            assert!(error.to_string().contains(&fix), "{error}");
        }
    }
    set_mode(&folder.0, 0o700);
    let link = Folder::new("mp03-link");
    symlink(&folder.0, &link.0).unwrap();
    let error = link.store().load(NAME).await.unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
    let file = Folder::new("mp03-file");
    std::fs::write(&file.0, "").unwrap();
    let error = file.store().save(NAME, entry(1), LIFE).await.unwrap_err().to_string();
    assert!(error.contains("is not a folder"), "{error}");
}

#[tokio::test]
async fn mp_03_what_belongs_to_another_user_is_refused() {
    let folder = Folder::new("mp03-owner");
    let store = written(&folder).await;
    if std::os::unix::fs::chown(folder.data(), Some(65_534), None).is_err() {
        skipped("mp_03_what_belongs_to_another_user_is_refused", "only root can give files away");
        return;
    }
    let error = store.load(NAME).await.unwrap_err().to_string();
    assert!(error.contains("belongs to user 65534, not to us; remove it"), "{error}");
    std::os::unix::fs::chown(&folder.0, Some(65_534), None).unwrap();
    let error = store.lease(NAME).await.unwrap_err().to_string();
    assert!(error.contains("belongs to user 65534"), "{error}");
}

#[tokio::test]
async fn mp_04_damaged_files_are_misses_and_are_written_over() {
    let folder = Folder::new("mp04");
    let store = written(&folder).await;
    let (data, good) = (folder.data(), entry(1).to_bytes());
    let mut seed = 4_u64;
    for round in 0..if long() { 100_000_u64 } else { 2000 } {
        let mut bytes = good.clone();
        for _ in 0..=round % 4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(seed >> 33).unwrap();
            match round % 3 {
                0 => bytes.truncate(at % (bytes.len() + 1)),
                1 => bytes.resize(at % 100_000, 7),
                _ if bytes.is_empty() => {}
                _ => {
                    let place = at % bytes.len();
                    bytes[place] ^= 1 << (at % 8);
                }
            }
        }
        std::fs::write(&data, &bytes).unwrap();
        // Nothing that is read is longer than what was there, and nothing fails.
        let found = store.load(NAME).await.unwrap();
        assert!(found.is_none_or(|found| found.sealed.len() <= bytes.len()));
        if round % 64 == 0 {
            let lease = store.lease(NAME).await.unwrap();
            assert!(store.save(NAME, entry(lease.generation), LIFE).await.unwrap());
            let there = store.load(NAME).await.unwrap();
            assert_eq!(there, Some(entry(lease.generation)));
        }
    }
}

#[tokio::test]
async fn mp_05_an_older_number_is_refused_and_litter_is_swept() {
    let folder = Folder::new("mp05-file");
    let store = written(&folder).await;
    assert!(store.save(NAME, entry(5), LIFE).await.unwrap());
    for generation in [0, 4, 5] {
        assert!(!store.save(NAME, entry(generation), LIFE).await.unwrap());
    }
    // Two holders at once there are not, and the lock goes with its holder.
    let first = store.lease(NAME).await.unwrap();
    assert!(first.hold.is_some());
    assert!(folder.store().lease(NAME).await.unwrap().hold.is_none());
    first.hold.unwrap().release().await;
    assert!(folder.store().lease(NAME).await.unwrap().hold.is_some());
    // What was being written by one that was killed is removed when it is a minute old.
    let litter = folder.0.join(format!("{NAME}.00ff.new"));
    let (fresh, other) = (folder.0.join(format!("{NAME}.11ff.new")), folder.0.join("other.new"));
    for path in [&litter, &fresh, &other] {
        std::fs::write(path, "").unwrap();
    }
    let old = Command::new("touch").args(["-d", "2 minutes ago"]).args([&litter, &other]).status();
    assert!(old.unwrap().success());
    assert!(store.save(NAME, entry(6), LIFE).await.unwrap());
    assert!(!litter.exists() && fresh.exists() && other.exists());
}
