//! `credential_process`: a real command, without a shell, held to its time, size and form.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use framekey_auth::{
    CommandSource, HeldKey, KeyRule, Notices, Provenance, SecretSource as _, Slot,
};
use framekey_catalog::Service;
use framekey_runtime::native::SystemClock;
use framekey_runtime::testing::HandClock;
use framekey_runtime::{Clock, Error};
use tempfile::TempDir;

const ORIGIN: Provenance = Provenance::Option("credential_process");

fn source(line: &str, slot: Slot) -> Result<CommandSource, Error> {
    CommandSource::new(line, slot, &ORIGIN, Arc::new(SystemClock))
}

/// The command line that has `sh` run this text.
fn script(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    // Not run as a program: another test's fork may still hold it open for writing.
    format!("sh '{}'", path.display())
}

async fn refused(line: &str, slot: Slot) -> String {
    let error = source(line, slot).unwrap().read().await.unwrap_err();
    assert_eq!(error.code(), "auth.source");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary") && !shown.contains("panicked"), "{shown}");
    error.message().to_owned()
}

#[tokio::test]
async fn e32_no_shell_sees_the_command_line() {
    let folder = TempDir::new().unwrap();
    let trap = folder.path().join("trap");
    let echo =
        script(folder.path(), "echo it", "printf '{\"version\":1,\"api_key\":\"%s\"}' \"$*\"");
    let line = format!("{echo} $HOME \"a  b\" ; touch {} `id` | x", trap.display());
    let found = source(&line, Slot::ApiKey).unwrap().read().await.unwrap();
    let wanted = format!("$HOME a  b ; touch {} `id` | x", trap.display());
    assert_eq!(found.secret.expose(), wanted);
    assert!(!trap.exists() && found.expires_at.is_none());
    for bad in ["", "  ", "'open", "\"open"] {
        let error = source(bad, Slot::ApiKey).unwrap_err();
        assert_eq!(error.code(), "config.bad_option", "{bad}");
    }
}

#[tokio::test]
async fn e32_a_command_is_asked_once_a_refresh_and_its_end_is_heeded() {
    let folder = TempDir::new().unwrap();
    let count = folder.path().join("count");
    let clock = HandClock::default();
    // 1,800,000,100 s is 2027-01-15T08:01:40Z; the clock of the test begins 100 s before it.
    let command = script(
        folder.path(),
        "key",
        &format!(
            "echo x >> {0}; n=$(wc -l < {0}); [ $n = 1 ] && e='\"2027-01-15T08:01:40Z\"' || e=1800007200\n\
             echo '{{\"version\":1,\"api_key\":\"tlk_'$n'\",\"expires_at\":'$e'}}'",
            count.display()
        ),
    );
    let source = source(&command, Slot::ApiKey).unwrap();
    let rule = KeyRule::new(Service::TwelveLabs, Slot::ApiKey);
    let held = HeldKey::new(Arc::new(source), rule, Arc::new(clock.clone()), Notices::default());
    let all = futures_util::future::join_all((0..100).map(|_| held.get())).await;
    assert!(all.iter().all(|key| key.as_ref().unwrap().secret.expose() == "tlk_1"));
    clock.advance(Duration::from_secs(74));
    assert_eq!(held.get().await.unwrap().secret.expose(), "tlk_1");
    clock.advance(Duration::from_secs(2));
    assert_eq!(held.get().await.unwrap().secret.expose(), "tlk_2");
    assert_eq!(held.reread(2).await.unwrap().unwrap().secret.expose(), "tlk_3");
    assert_eq!(fs::read_to_string(count).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn e32_junk_huge_and_binary_output_are_refused_without_being_quoted() {
    let folder = TempDir::new().unwrap();
    let endless = "while :; do echo canary-canary-canary-canary-canary-canary; done";
    for (text, why) in [
        ("", "printed no JSON object"),
        ("echo canary", "printed no JSON object"),
        ("echo '\"canary\"'", "printed no JSON object"),
        ("echo '{\"version\":1,\"api_key\":\"canary\"} canary'", "printed no JSON object"),
        ("head -c 500 /dev/urandom", "printed no JSON object"),
        ("printf '{\"version\":1,\"api_key\":\"canary\\377\"}'", "printed no JSON object"),
        ("head -c 70000 /dev/zero", "printed more than 64 KiB"),
        (endless, "printed more than 64 KiB"),
        ("echo '{\"api_key\":\"canary\"}'", "without `\"version\": 1`"),
        ("echo '{\"version\":2,\"api_key\":\"canary\"}'", "without `\"version\": 1`"),
        ("echo '{\"version\":1}'", "gave no text `api_key`"),
        ("echo '{\"version\":1,\"api_key\":[\"canary\"]}'", "gave no text `api_key`"),
        ("echo '{\"version\":1,\"jwt\":\"canary\"}'", "gave `jwt` where only `api_key` is wanted"),
        (
            "echo '{\"version\":1,\"api_key\":\"canary\",\"jwt\":\"canary\"}'",
            "gave `api_key` and `jwt` where only",
        ),
        (
            "echo '{\"version\":1,\"api_key\":\"canary\",\"expires_at\":\"canary\"}'",
            "neither RFC 3339 nor seconds",
        ),
        ("echo '{\"version\":1,\"api_key\":\"canary\",\"expires_at\":-1}'", "neither RFC 3339"),
        ("echo '{\"version\":1,\"api_key\":\"canary\",\"expires_at\":1e300}'", "neither RFC 3339"),
        ("exit 3", "failed (exit status: 3)"),
        ("kill -9 $$", "failed (signal: 9"),
    ] {
        let path = script(folder.path(), "junk", text);
        let told = refused(&path, Slot::ApiKey).await;
        assert!(told.contains(why) && told.contains("command"), "{text}: {told}");
    }
    assert!(refused("/no/such/program", Slot::ApiKey).await.contains("is not there"));
    assert!(refused("/dev/null", Slot::ApiKey).await.contains("cannot be started"));
}

#[tokio::test]
async fn e33_a_byte_order_mark_before_an_answer_is_taken_off() {
    let folder = TempDir::new().unwrap();
    let text = "printf '\\357\\273\\277'; echo '{\"version\":1,\"api_key\":\"canary\"}'";
    let path = script(folder.path(), "mark", text);
    let found = source(&path, Slot::ApiKey).unwrap().read().await.unwrap();
    assert_eq!(found.secret.expose(), "canary");
}

#[tokio::test]
async fn e32_what_a_failing_command_says_is_not_passed_on() {
    let folder = TempDir::new().unwrap();
    for text in [
        "vault: sign in first, canary",
        "password canary-SECRETX is wrong for bob",
        "Access denied for user:canary",
        "api_key: 12345678901234567890123456canary",
        "token=onlylettersonlyletterscanary",
    ] {
        let path = script(folder.path(), "says", &format!("echo '{text}' >&2; exit 1"));
        let told = refused(&path, Slot::ApiKey).await;
        assert_eq!(
            told,
            "the command sh failed (exit status: 1); run it by hand to see what it says"
        );
    }
}

#[tokio::test]
async fn e32_a_command_that_complains_without_end_is_not_held_up_by_it() {
    let folder = TempDir::new().unwrap();
    let text = "head -c 300000 /dev/zero >&2; echo '{\"version\":1,\"api_key\":\"canary\"}'";
    let path = script(folder.path(), "loud", text);
    let found = source(&path, Slot::ApiKey).unwrap().read().await.unwrap();
    assert_eq!(found.secret.expose(), "canary");
}

#[tokio::test]
async fn e32_a_helper_that_keeps_the_output_open_does_not_hold_an_answer_back() {
    let folder = TempDir::new().unwrap();
    let pids = folder.path().join("pids");
    let text = format!(
        "echo '{{\"version\":1,\"api_key\":\"canary\"}}'; sleep 300 & echo $! > {}",
        pids.display()
    );
    let line = script(folder.path(), "helper", &text);
    let clock = HandClock::default();
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let source = CommandSource::new(&line, Slot::ApiKey, &ORIGIN, shared).unwrap();
    let moved = async {
        while !pids.exists() {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..1000 {
            SystemClock.sleep(Duration::from_millis(5)).await;
            clock.advance(Duration::from_millis(20));
        }
    };
    let outcome = tokio::select! {
        outcome = source.read() => outcome,
        () = moved => panic!("it waits for the helper"),
    };
    assert_eq!(outcome.unwrap().secret.expose(), "canary");
    // It has ended by itself, so what it leaves behind is its own affair.
    assert_eq!(running(&pids), 1);
    let helper = fs::read_to_string(&pids).unwrap();
    std::process::Command::new("kill").arg(helper.trim()).status().unwrap();
}

#[tokio::test]
async fn e32_jwt_and_token_are_taken_where_they_are_wanted() {
    let folder = TempDir::new().unwrap();
    let give = |field: &str| {
        let text = format!("echo '{{\"version\":1,\"{field}\":\"eyJ.a.b\"}}'");
        script(folder.path(), field, &text)
    };
    for (slot, field) in [(Slot::Jwt, "jwt"), (Slot::Jwt, "token"), (Slot::AccessToken, "token")] {
        let found = source(&give(field), slot).unwrap().read().await.unwrap();
        assert_eq!(found.secret.expose(), "eyJ.a.b");
    }
    assert!(refused(&give("api_key"), Slot::Jwt).await.contains("only `jwt` is wanted"));
}

#[tokio::test]
async fn e32_a_command_that_does_not_end_is_killed_after_10_s_with_its_children() {
    let folder = TempDir::new().unwrap();
    let pids = folder.path().join("pids");
    let text = format!("sleep 300 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display());
    let line = script(folder.path(), "slow", &text);
    let clock = HandClock::default();
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let source = CommandSource::new(&line, Slot::ApiKey, &ORIGIN, shared).unwrap();
    let moved = async {
        while !pids.exists() {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
        clock.advance(Duration::from_millis(9_999));
        SystemClock.sleep(Duration::from_millis(20)).await;
        assert!(all_run(&pids), "it is given its ten seconds");
        clock.advance(Duration::from_millis(1));
    };
    let (outcome, ()) = tokio::join!(source.read(), moved);
    let error = outcome.unwrap_err();
    assert!(error.message().contains("did not end within 10 s and was killed"), "{error}");
    for _ in 0..200 {
        if none_runs(&pids) {
            return;
        }
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    panic!("the command or its child is still there");
}

#[tokio::test]
async fn e32_a_command_that_nobody_waits_for_any_more_is_killed() {
    let folder = TempDir::new().unwrap();
    let pids = folder.path().join("pids");
    let text = format!("sleep 300 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display());
    let line = script(folder.path(), "slow", &text);
    let source = source(&line, Slot::ApiKey).unwrap();
    let started = async {
        while !pids.exists() {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = source.read() => panic!("it does not end"),
        () = started => {}
    }
    for _ in 0..200 {
        if none_runs(&pids) {
            return;
        }
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    panic!("the command or its child is still there");
}

/// How many of the processes whose numbers stand in the file run.
fn running(pids: &Path) -> usize {
    let text = fs::read_to_string(pids).unwrap();
    text.split_whitespace()
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // A zombie has ended and is not yet waited for.
            stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
        })
        .count()
}

fn all_run(pids: &Path) -> bool {
    running(pids) == 2
}

fn none_runs(pids: &Path) -> bool {
    running(pids) == 0
}
