//! Warnings before a key's end: at which days, once each, over restarts; and what an error tells.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framekey_catalog::Service;
use framekey_runtime::testing::HandClock;
use framekey_runtime::{Clock as _, Secret};

use super::KeyAges;
use crate::{Found, HeldKey, Notice, Notices, Provenance, fingerprint};

const DAY: Duration = Duration::from_secs(24 * 3600);
const FROM: Provenance = Provenance::Environment("TWELVE_LABS_API_KEY");

struct Bench {
    clock: HandClock,
    told: Arc<Mutex<Vec<Notice>>>,
    ages: KeyAges,
}

fn bench(
    service: Service,
    lifetime: Option<Duration>,
    file: Option<PathBuf>,
    clock: HandClock,
) -> Bench {
    let told: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let ear = Arc::clone(&told);
    let notices = Notices::to(move |notice: &Notice| ear.lock().unwrap().push(notice.clone()));
    let ages = KeyAges::new(service, lifetime, file, Arc::new(clock.clone()), notices);
    Bench { clock, told, ages }
}

fn key(text: &str) -> HeldKey {
    HeldKey::fixed(Secret::new(text), FROM)
}

impl Bench {
    /// Uses the key every six hours for so many days; gives the days left at each warning.
    fn use_for(&self, key: &HeldKey, days: u32) -> Vec<u64> {
        let held = key.current().unwrap();
        for _ in 0..days * 4 {
            self.ages.used(&held, &FROM);
            self.ages.used(&held, &FROM);
            self.clock.advance(DAY / 4);
        }
        self.warnings()
    }

    fn warnings(&self) -> Vec<u64> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.iter()
            .map(|notice| match notice {
                Notice::Aging { left, .. } => left.as_secs() / DAY.as_secs(),
                other => panic!("{other}"),
            })
            .collect()
    }
}

#[test]
fn ro_04_a_key_of_twelve_labs_is_warned_of_at_14_7_3_and_1_days_once_each() {
    let bench = bench(Service::TwelveLabs, None, None, HandClock::default());
    assert_eq!(bench.use_for(&key("canary-1"), 90), [14, 7, 3, 1]);
    // The next key begins anew.
    assert_eq!(bench.use_for(&key("canary-2"), 50), [14]);
    let shorter = self::bench(Service::TwelveLabs, Some(10 * DAY), None, HandClock::default());
    assert_eq!(shorter.use_for(&key("canary-1"), 20), [7, 3, 1]);
}

#[test]
fn ro_04_where_no_end_is_known_nothing_is_warned_of() {
    for service in [Service::ApiVideo, Service::VideoVector] {
        let bench = bench(service, None, None, HandClock::default());
        assert_eq!(bench.use_for(&key("canary-1"), 400), [0; 0]);
    }
    let told = bench(Service::VideoVector, Some(365 * DAY), None, HandClock::default());
    assert_eq!(told.use_for(&key("canary-1"), 400), [14, 7, 3, 1]);
}

#[test]
fn ro_04_a_client_that_slept_through_warnings_gets_the_one_that_is_due() {
    let bench = bench(Service::TwelveLabs, None, None, HandClock::default());
    let key = key("canary-1");
    assert_eq!(bench.use_for(&key, 1), [0; 0]);
    bench.clock.advance(DAY * 56);
    assert_eq!(bench.use_for(&key, 1), [3]);
    assert_eq!(bench.use_for(&key, 10), [1]);
}

#[tokio::test]
async fn ro_04_an_end_that_the_source_says_counts_and_a_key_for_an_hour_is_no_news() {
    struct Says(Option<Duration>);
    impl crate::SecretSource for Says {
        fn provenance(&self) -> Provenance {
            FROM
        }
        fn read(&self) -> framekey_runtime::BoxFuture<'_, Result<Found, framekey_runtime::Error>> {
            let found = Found { secret: Secret::new("canary-1"), expires_at: self.0 };
            Box::pin(std::future::ready(Ok(found)))
        }
        fn can_change(&self) -> bool {
            true
        }
    }
    for (life, warned) in [(DAY * 20, vec![14, 7, 3, 1]), (DAY / 24, vec![])] {
        let clock = HandClock::default();
        let end = clock.now().wall + life;
        let bench = bench(Service::VideoVector, None, None, clock.clone());
        let rule = crate::KeyRule::new(Service::VideoVector, crate::Slot::ApiKey);
        let key =
            HeldKey::new(Arc::new(Says(Some(end))), rule, Arc::new(clock), Notices::default());
        key.get().await.unwrap();
        assert_eq!(bench.use_for(&key, 30), warned);
    }
}

#[test]
fn ro_04_ages_outlive_the_process_in_a_file_for_its_owner_only() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("first-use.json");
    let clock = HandClock::default();
    let open = || bench(Service::TwelveLabs, None, Some(path.clone()), clock.clone());
    let key = key("canary-1");
    assert_eq!(open().use_for(&key, 50), [14]);
    assert_eq!(open().use_for(&key, 5), [7]);
    assert_eq!(open().use_for(&key, 1), [0; 0]);
    let age = open().ages.of(&key.current().unwrap()).unwrap();
    assert_eq!((age.age, age.left), (DAY * 56, Some(DAY * 4)));
    assert_eq!(
        open().ages.tell(&key.current().unwrap()),
        format!("{}, first used 56 days ago", age.fingerprint)
    );

    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains(&fingerprint(&Secret::new("canary-1"))) && !text.contains("canary"),
        "{text}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // A file that cannot be used is written anew.
    for junk in ["", "{", "[]", "{\"keys\":{\"x\":{\"first_used\":-1}}}", "{\"keys\":7}"] {
        std::fs::write(&path, junk).unwrap();
        assert_eq!(open().use_for(&key, 1), [0; 0], "{junk}");
        assert!(std::fs::read_to_string(&path).unwrap().contains("first_used"), "{junk}");
    }
}

#[test]
fn ro_04_the_folder_is_made_and_where_it_cannot_be_a_date_is_said_to_be_this_process_s() {
    let home = tempfile::TempDir::new().unwrap();
    let key = key("canary-1");
    let open = |path: Option<PathBuf>| bench(Service::TwelveLabs, None, path, HandClock::default());
    let told = |bench: &Bench| bench.ages.tell(&key.current().unwrap());

    let path = home.path().join(".config/framekey/first-use.json");
    let kept = open(Some(path.clone()));
    assert!(!told(&kept).contains("first used") && !path.parent().unwrap().exists());
    assert_eq!(kept.use_for(&key, 2), [0; 0]);
    assert!(told(&kept).ends_with(", first used 2 days ago"), "{}", told(&kept));
    assert!(path.exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = path.parent().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    // A process that only asks knows it from the file.
    assert!(told(&open(Some(path.clone()))).contains(", first used "));
    assert!(!told(&open(Some(path.clone()))).contains("by this process"));

    // No folder; one that is a file; a file that is a folder.
    for nowhere in [None, Some(path.join("first-use.json")), Some(home.path().join(".config"))] {
        let alone = open(nowhere);
        assert_eq!(alone.use_for(&key, 50), [14]);
        let text = told(&alone);
        assert!(text.ends_with(", first used by this process 50 days ago"), "{text}");
    }
    let left = std::fs::read_dir(home.path()).unwrap().count();
    assert_eq!(left, 1, "what could not be put in place was left behind");
}

#[test]
fn ro_04_a_warning_that_nobody_is_told_of_counts_as_not_given() {
    let folder = tempfile::TempDir::new().unwrap();
    let (path, clock) = (folder.path().join("first-use.json"), HandClock::default());
    let key = key("canary-1");
    let service = Service::TwelveLabs;
    let open = || bench(service, None, Some(path.clone()), clock.clone());
    assert_eq!(open().use_for(&key, 50), [14]);
    let unheard = KeyAges::new(
        service,
        None,
        Some(path.clone()),
        Arc::new(clock.clone()),
        Notices::default(),
    );
    clock.advance(4 * DAY);
    unheard.used(&key.current().unwrap(), &FROM);
    assert_eq!(open().use_for(&key, 1), [6]);
}

#[test]
fn ro_04_a_first_use_that_lies_ahead_is_now() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("first-use.json");
    let key = key("canary-1");
    let mark = fingerprint(&Secret::new("canary-1"));
    let year_2081 = 3_500_000_000_u64;
    let wrong = format!("{{\"keys\":{{\"{mark}\":{{\"first_used\":{year_2081}}}}}}}");
    std::fs::write(&path, wrong).unwrap();
    let clock = HandClock::default();
    let bench = bench(Service::TwelveLabs, None, Some(path.clone()), clock);
    let known = || bench.ages.of(&key.current().unwrap()).unwrap();
    assert_eq!((known().age, known().left), (Duration::ZERO, Some(60 * DAY)));
    assert_eq!(bench.use_for(&key, 50), [14]);
    assert_eq!(known().age, 50 * DAY);
    assert!(!std::fs::read_to_string(path).unwrap().contains(&year_2081.to_string()));
}

#[test]
fn ro_04_many_keys_do_not_push_out_one_that_is_in_use() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("first-use.json");
    let clock = HandClock::default();
    let open = || bench(Service::ApiVideo, None, Some(path.clone()), clock.clone());
    let ours = key("canary-ours");
    for number in 0..300 {
        if number % 100 == 0 {
            clock.advance(DAY);
            open().ages.used(&ours.current().unwrap(), &FROM);
        }
        open().ages.used(&key(&format!("canary-{number}")).current().unwrap(), &FROM);
    }
    assert_eq!(open().ages.of(&ours.current().unwrap()).unwrap().age, 2 * DAY);
    let kept = std::fs::read_to_string(path).unwrap();
    assert_eq!(kept.matches("first_used").count(), 200);
}

#[test]
fn ro_04_a_warning_says_the_end_in_words() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    for (left, assumed, words) in [
        (hours(14 * 24), true, "first used 46 days ago, is expected to end in 14 days;"),
        (hours(47), true, "first used 46 days ago, is expected to end in 1 day;"),
        (hours(23), true, "first used 46 days ago, is expected to end within a day;"),
        (hours(0), true, "first used 46 days ago, should have ended;"),
        (hours(72), false, "first used 46 days ago, ends in 3 days;"),
        (hours(1), false, "first used 46 days ago, ends within a day;"),
        (hours(0), false, "first used 46 days ago, has ended;"),
    ] {
        let notice = Notice::Aging {
            service: Service::TwelveLabs,
            from: FROM,
            fingerprint: "3f9a1c02".to_owned(),
            age: 46 * DAY,
            left,
            assumed,
        };
        assert!(notice.to_string().contains(words), "{notice}");
    }
}

#[test]
fn ro_04_what_another_process_wrote_of_a_key_counts_where_it_is_older() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let clock = HandClock::default();
    let (first, key) = (key("canary-1"), key("canary-1"));
    let service = Service::TwelveLabs;
    let elder = bench(service, None, Some(old.clone()), clock.clone());
    elder.ages.used(&first.current().unwrap(), &FROM);
    clock.advance(40 * DAY);
    let younger = bench(service, None, Some(new.clone()), clock);
    younger.ages.used(&key.current().unwrap(), &FROM);
    std::fs::copy(old, new).unwrap();
    // Of two months, 14 days are left at the 46th of the elder's, the 86th of the younger's own.
    assert_eq!(younger.use_for(&key, 10), [14]);
}
