//! Which credential a client takes: the order of the places, conflicts, modes, files, callbacks.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use framekey::auth::{CallbackFailed, KeyCallback, Keyring, Notice};
use framekey::dynamic::Client;
use framekey::runtime::testing::{Answer, HandClock, Script};
use framekey::{CallOptions, ClientBuilder, Error, ErrorKind, Secret, Service};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A machine: its environment, its files, and what goes over its wire.
struct Machine {
    folder: TempDir,
    script: Script,
    clock: HandClock,
    variables: BTreeMap<String, String>,
    told: Arc<Mutex<Vec<String>>>,
}

fn machine() -> Machine {
    let folder = TempDir::new().unwrap();
    let home = folder.path().display().to_string();
    let script = Script::new(|_, request| match request.url.contains("/auth/") {
        true => {
            let token = json!({ "access_token": "made-of-a-key", "expires_in": 3600, "token_type": "Bearer" });
            Answer::json(200, token.to_string())
        }
        false => Answer::json(200, "{}"),
    });
    let variables = BTreeMap::from([("HOME".to_owned(), home)]);
    Machine { folder, script, clock: HandClock::default(), variables, told: Arc::default() }
}

impl Machine {
    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn profile(&self, text: &str) -> PathBuf {
        self.file(".config/framekey/config.toml", text)
    }

    fn builder(&self, service: Service) -> ClientBuilder {
        let variables = self.variables.clone();
        let told = Arc::clone(&self.told);
        Client::builder(service)
            .platform(self.script.platform(&self.clock))
            .environment(move |name| variables.get(name).cloned())
            .on_notice(move |notice: &Notice| told.lock().unwrap().push(notice.to_string()))
    }

    /// What the client of this builder sends: `x-api-key`, or else `authorization`.
    async fn sends(&self, builder: ClientBuilder) -> Result<String, Error> {
        let client = builder.build()?;
        let first = match client.session().service() {
            Service::ApiVideo => "videos.list",
            _ => "indexes.list",
        };
        let outcome = client.call(first, Map::new(), Vec::new(), CallOptions::default()).await;
        let sent = self.script.take();
        outcome?;
        let headers = &sent.last().unwrap().headers;
        let sent = headers.get("x-api-key").or_else(|| headers.get("authorization"));
        Ok(sent.unwrap().to_owned())
    }

    async fn finds(&self, service: Service) -> Result<String, Error> {
        self.sends(self.builder(service)).await
    }
}

fn refused(builder: ClientBuilder) -> (&'static str, String) {
    let error = builder.build().unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(error.kind(), ErrorKind::Configuration, "{shown}");
    (error.code(), error.message().to_owned())
}

const TL: Service = Service::TwelveLabs;
const VV: Service = Service::VideoVector;
const AV: Service = Service::ApiVideo;

struct Ring(&'static str);

impl Keyring for Ring {
    fn look_up(&self, service: &str, entry: &str) -> Result<Option<Secret>, String> {
        assert_eq!(service, "framekey");
        Ok((entry == self.0).then(|| Secret::new("tlk_ring")))
    }
}

#[tokio::test]
async fn e32_code_comes_before_the_environment_before_the_profile_before_the_keyring_before_the_command()
 {
    let mut machine = machine();
    let command = machine.file("give", "echo '{\"version\":1,\"api_key\":\"tlk_command\"}'");
    let process =
        format!("[default.twelve-labs]\ncredential_process = \"sh {}\"\n", command.display());
    machine.profile(&process);
    assert_eq!(machine.finds(TL).await.unwrap(), "tlk_command");
    let with_ring = |machine: &Machine| machine.builder(TL).keyring(Ring("default.twelve-labs"));
    assert_eq!(machine.sends(with_ring(&machine)).await.unwrap(), "tlk_ring");
    machine.profile("[default.twelve-labs]\napi_key = \"tlk_profile\"\n");
    assert_eq!(machine.sends(with_ring(&machine)).await.unwrap(), "tlk_profile");
    machine.set("TWELVE_LABS_API_KEY", "tlk_env");
    assert_eq!(machine.sends(with_ring(&machine)).await.unwrap(), "tlk_env");
    assert_eq!(machine.sends(with_ring(&machine).api_key("tlk_code")).await.unwrap(), "tlk_code");
    let callback = KeyCallback::new("api_key_from", || async { Ok("tlk_callback".to_owned()) });
    assert_eq!(
        machine.sends(with_ring(&machine).api_key_from(callback)).await.unwrap(),
        "tlk_callback"
    );
    // A profile that is named in code is code.
    machine.profile("[work.twelve-labs]\napi_key = \"tlk_work\"\n");
    let work = machine.builder(TL).set("profile", json!("work")).unwrap();
    assert_eq!(machine.sends(work).await.unwrap(), "tlk_work");
}

#[tokio::test]
async fn e32_the_profile_and_its_file_can_be_named_by_the_environment() {
    let mut machine = machine();
    let file = machine.file("elsewhere.toml", "[work.twelve-labs]\napi_key_file = \"tl.key\"\n");
    machine.file("tl.key", "tlk_file\n");
    assert_eq!(machine.finds(TL).await.unwrap_err().code(), "auth.missing");
    machine.set("FRAMEKEY_CONFIG_FILE", file.display().to_string());
    let text = refused(machine.builder(TL)).1;
    assert!(text.ends_with("has no profile `default`; FRAMEKEY_CONFIG_FILE names the file"));
    machine.set("FRAMEKEY_PROFILE", "work");
    assert_eq!(machine.finds(TL).await.unwrap(), "tlk_file");
    // Who asked is said: the variable may have been set far from here.
    let in_code = || machine.builder(TL).set("profile", json!("other")).unwrap();
    let text = refused(in_code()).1;
    assert!(
        text.contains("; option `profile` asks for profile `other`; FRAMEKEY_CONFIG"),
        "{text}"
    );
    machine.set("FRAMEKEY_CONFIG_FILE", "");
    let text = machine.builder(TL).build().unwrap_err().message().to_owned();
    assert!(
        text.ends_with("config.toml is not there; FRAMEKEY_PROFILE asks for profile `work`"),
        "{text}"
    );
    machine.set("HOME", "");
    let text = refused(machine.builder(TL)).1;
    assert!(
        text.contains("there is no folder") && text.contains("FRAMEKEY_PROFILE asks"),
        "{text}"
    );
    machine.set("FRAMEKEY_CONFIG_FILE", "/no/such/file");
    let error = machine.builder(TL).build().unwrap_err();
    assert!(error.message().contains("/no/such/file is not there"), "{error}");
}

#[tokio::test]
async fn e32_a_key_file_is_named_in_code_or_by_the_environment_and_checked_at_once() {
    let mut machine = machine();
    let path = machine.file("key", "tlk_file\n");
    let named = path.display().to_string();
    let in_code = || machine.builder(TL).set("api_key_file", json!(named)).unwrap();
    assert_eq!(machine.sends(in_code()).await.unwrap(), "tlk_file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = refused(in_code());
    assert_eq!(code, "auth.unsafe_file");
    assert!(text.contains(&format!("run `chmod 600 {named}`")), "{text}");
    machine.file("key", "can\nary");
    let in_code = || machine.builder(TL).set("api_key_file", json!(named)).unwrap();
    assert_eq!(refused(in_code()).0, "auth.malformed");
    machine.set("FRAMEKEY_TWELVELABS_API_KEY_FILE", named.clone());
    machine.file("key", "tlk_file");
    assert_eq!(machine.finds(TL).await.unwrap(), "tlk_file");
    machine.set("TWELVE_LABS_API_KEY", "tlk_env");
    let (code, text) = refused(machine.builder(TL));
    assert_eq!(code, "auth.conflict");
    assert!(text.contains("TWELVE_LABS_API_KEY and FRAMEKEY_TWELVELABS_API_KEY_FILE"), "{text}");
}

#[test]
fn e32_an_option_that_is_an_empty_text_is_told_by_its_name() {
    for name in
        ["api_key_file", "config_file", "profile", "keyring", "credential_process", "ca_bundle"]
    {
        for text in ["", " \t", "a\nb", "a\u{7f}"] {
            let error = machine().builder(TL).set(name, json!(text)).unwrap_err();
            assert_eq!(error.code(), "config.bad_option");
            let want = format!("option `{name}` takes a text that is not empty");
            assert!(error.message().starts_with(&want), "{error}");
        }
    }
}

#[tokio::test]
async fn e32_two_ways_to_the_same_credential_are_a_conflict() {
    let machine = machine();
    let path = machine.file("key", "tlk_file\n").display().to_string();
    let both = |name: &str, value: &str| {
        machine.builder(TL).api_key("tlk_canary").set(name, json!(value)).unwrap()
    };
    let of_file = both("api_key_file", &path);
    let of_command = both("credential_process", "x");
    let of_ring = both("keyring", "x").keyring(Ring("x"));
    let source = KeyCallback::new("api_key_from", || async { Err(CallbackFailed::default()) });
    let of_callback = machine.builder(TL).api_key("tlk_canary").api_key_from(source);
    for builder in [of_file, of_command, of_ring, of_callback] {
        let (code, text) = refused(builder);
        assert_eq!(code, "auth.conflict");
        assert!(text.starts_with("both `api_key` and `"), "{text}");
    }
    let jwt = machine
        .builder(VV)
        .jwt("e.canary.x")
        .token_provider(|| async { Err(CallbackFailed::default()) });
    assert_eq!(refused(jwt).1, "both `jwt` and `token_provider` are given; leave one of them out");
    let no_ring = machine.builder(TL).set("keyring", json!("x")).unwrap();
    if cfg!(not(feature = "keyring")) {
        assert!(refused(no_ring).1.contains("this build has no keyring"));
    }
}

#[tokio::test]
async fn e32_the_mode_decides_between_two_kinds_and_the_environment_has_one_too() {
    let mut machine = machine();
    machine.set("VIDEO_VECTOR_API_KEY", "sk_env");
    machine.set("VIDEO_VECTOR_BEARER_TOKEN", "e.y.j");
    assert_eq!(refused(machine.builder(VV)).0, "auth.conflict");
    machine.set("VIDEO_VECTOR_AUTH_MODE", "bearer");
    assert_eq!(machine.finds(VV).await.unwrap(), "Bearer e.y.j");
    machine.set("VIDEO_VECTOR_AUTH_MODE", "api_key");
    assert_eq!(machine.finds(VV).await.unwrap(), "sk_env");
    machine.set("VIDEO_VECTOR_AUTH_MODE", "canary");
    let error = machine.builder(VV).build().unwrap_err();
    assert!(
        error.message().contains("VIDEO_VECTOR_AUTH_MODE takes api_key or jwt or bearer"),
        "{error}"
    );
    // What is said in code needs no word of the environment.
    assert_eq!(machine.sends(machine.builder(VV).api_key("sk_code")).await.unwrap(), "sk_code");
    let wrong = machine.builder(VV).api_key("sk_canary").auth_mode("jwt");
    assert!(
        refused(wrong)
            .1
            .contains("`auth_mode` wants option `jwt`, and given is an API key (option `api_key`)")
    );
}

#[tokio::test]
async fn e32_api_video_takes_a_session_a_provider_or_a_command_in_the_place_of_a_key() {
    let machine = machine();
    let session = |mode: Option<&str>| {
        let builder = machine.builder(AV).session("given-token", Some("given-refresh".to_owned()));
        mode.into_iter().fold(builder, ClientBuilder::auth_mode)
    };
    assert_eq!(machine.sends(session(None)).await.unwrap(), "Bearer given-token");
    assert_eq!(
        machine.sends(machine.builder(AV).api_key("key")).await.unwrap(),
        "Bearer made-of-a-key"
    );
    assert_eq!(
        machine.sends(machine.builder(AV).api_key("key").auth_mode("basic")).await.unwrap(),
        "Basic a2V5Og=="
    );
    let provider = machine.builder(AV).token_provider(|| async { Ok("provided".to_owned()) });
    assert_eq!(machine.sends(provider).await.unwrap(), "Bearer provided");
    let give = machine.file("give", "echo '{\"version\":1,\"token\":\"printed\"}'");
    let line = format!("sh {}", give.display());
    let command = || machine.builder(AV).set("credential_process", json!(line)).unwrap();
    assert_eq!(machine.sends(command().auth_mode("token")).await.unwrap(), "Bearer printed");
    let error = machine.sends(command()).await.unwrap_err();
    assert!(error.to_string().contains("gave `token` where only `api_key` is wanted"), "{error}");

    let (code, text) = refused(session(None).api_key("canary"));
    assert_eq!(code, "auth.conflict");
    assert!(
        text.contains("an API key (option `api_key`) and a session (option `access_token`)"),
        "{text}"
    );
    assert_eq!(
        machine.sends(session(Some("session")).api_key("key")).await.unwrap(),
        "Bearer given-token"
    );
    assert_eq!(
        machine.sends(session(Some("bearer")).api_key("key")).await.unwrap(),
        "Bearer made-of-a-key"
    );
    let lone = machine.builder(AV).set("expires_in", json!(60)).unwrap();
    assert!(refused(lone).1.contains("goes with `access_token`"));
    let none = machine.builder(TL).token_provider(|| async { Ok("x".to_owned()) });
    assert!(refused(none).1.contains("Twelve Labs takes API keys only"));
}

#[tokio::test]
async fn e33_what_is_odd_is_noted_and_not_refused() {
    let machine = machine();
    let odd = machine.builder(TL).api_key(" canary\n").base_url("https://proxy.example/tl");
    assert_eq!(machine.sends(odd).await.unwrap(), "canary");
    let told = std::mem::take(&mut *machine.told.lock().unwrap());
    assert_eq!(
        told,
        [
            "the API key from option `api_key` had white space, quotes or a byte order mark around it; they were stripped",
            "the API key from option `api_key` does not look like `tlk_` and more; it is sent anyway",
            "the Twelve Labs credential is bound to https://proxy.example, which is not the service's own host",
        ]
    );
    machine.sends(machine.builder(AV).api_key("key")).await.unwrap();
    let told = machine.told.lock().unwrap();
    assert_eq!(*told, ["access token 1 is in use, for 3600 s"]);
    drop(told);
    let foreign = machine.builder(AV).api_key("tlk_canary");
    assert!(
        refused(foreign).1.contains("is a key of Twelve Labs; give api.video a key of its own")
    );
}

#[tokio::test]
async fn e32_what_is_told_by_name_is_checked_at_build() {
    let machine = machine();
    let kind =
        |name: &str| machine.builder(VV).jwt("e.canary.x").set("jwt_kind", json!(name)).unwrap();
    assert!(
        refused(kind("users")).1.contains("`jwt_kind` takes user, oauth or unknown, not `users`")
    );
    let client: Client = kind("oauth").build().unwrap();
    for (operation, accepts, next) in [
        ("api_keys.list", "a user's JWT;", "Pass the JWT of a signed-in user (option `jwt`)."),
        (
            "rate_limits.get_status",
            "an API key or a user's JWT (not an OAuth token);",
            "Pass an API key (option `api_key`).",
        ),
    ] {
        let call = client.call(operation, Map::new(), Vec::new(), CallOptions::default());
        let error = call.await.unwrap_err();
        assert_eq!(error.code(), "auth.wrong_kind");
        let found = "configured is an OAuth token (`jwt_kind` oauth) from option `jwt`. ";
        for part in [accepts, found, next] {
            assert!(error.message().contains(part), "{error}");
        }
    }
    // `unknown` is sent, and a 403 to it has nothing to do with the scopes of API keys.
    let mut machine = self::machine();
    machine.script = Script::new(|_, _| Answer::json(403, r#"{"detail":"OAuth tokens cannot"}"#));
    let builder = machine.builder(VV).jwt("e.canary.x").set("scopes", json!("read")).unwrap();
    let client: Client = builder.build().unwrap();
    let call =
        client.call("rate_limits.get_status", Map::new(), Vec::new(), CallOptions::default());
    let error = call.await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("http.403", ErrorKind::PermissionDenied));
    assert!(!error.message().contains("scope") && !error.message().contains("was told"), "{error}");
    let scoped =
        |text: &str| machine.builder(VV).api_key("sk_canary").set("scopes", json!(text)).unwrap();
    assert!(refused(scoped("read, raed")).1.contains("not `raed`"));
    assert!(scoped("search, read").build().is_ok());
}

#[tokio::test]
async fn e32_a_mode_without_what_it_is_for_is_told_what_to_pass_and_a_conflict_what_chooses() {
    let mut machine = machine();
    for (service, mode, wanted) in [
        (AV, "session", "`auth_mode` wants option `access_token` or `refresh_token`."),
        (AV, "token", "`auth_mode` wants option `token_provider`."),
        (AV, "basic", "Set APIVIDEO_API_KEY or pass the option `api_key`."),
        (VV, "jwt", "`auth_mode` wants option `jwt`."),
    ] {
        // A keyring that may have a key changes nothing: the mode takes none.
        let builder = machine.builder(service).keyring(Ring("default.other")).auth_mode(mode);
        let error = machine.sends(builder).await.unwrap_err();
        assert_eq!(error.code(), "auth.missing", "{mode}: {error}");
        assert!(error.message().contains(wanted), "{mode}: {error}");
        let refused = error.message().contains("APIVIDEO_API_KEY");
        assert_eq!(refused, mode == "basic", "{mode}: {error}");
    }
    machine.set("VIDEO_VECTOR_API_KEY", "sk_canary");
    machine.set("VIDEO_VECTOR_BEARER_TOKEN", "e.canary.x");
    let both = refused(machine.builder(VV)).1;
    assert!(both.ends_with("choose with option `auth_mode` or VIDEO_VECTOR_AUTH_MODE"), "{both}");
    let in_code = refused(machine.builder(VV).api_key("sk_canary").jwt("e.canary.x")).1;
    assert!(in_code.ends_with("choose with option `auth_mode`"), "{in_code}");
    machine.set("VIDEO_VECTOR_AUTH_MODE", "jwt");
    assert!(machine.builder(VV).build().is_ok());
}

#[tokio::test]
async fn auth_scope_names_the_scopes_that_are_known() {
    let script = Script::new(|_, _| Answer::json(403, r#"{"error":{"message":"no"}}"#));
    let client: Client = Client::builder(VV)
        .platform(script.platform(&HandClock::default()))
        .environment(|_| None)
        .api_key("sk_canary")
        .set("scopes", json!("search,read"))
        .unwrap()
        .build()
        .unwrap();
    let arguments = json!({ "index_id": "i1" }).as_object().unwrap().clone();
    let error = client
        .call("indexes.delete", arguments, Vec::new(), CallOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "auth.scope");
    let mark = framekey::auth::fingerprint(&Secret::new("sk_canary"));
    let wanted = format!(
        "needing the scope `admin`; the API key {mark} has search, read by what the client was told"
    );
    assert!(error.message().contains(&wanted) && !error.message().contains("canary"), "{error}");
}

#[tokio::test]
async fn auth_scope_keeps_a_call_back_where_that_is_asked_for() {
    let script = Script::new(|_, _| Answer::json(200, r#"{"data":[]}"#));
    let builder = || {
        let builder = Client::builder(VV).platform(script.platform(&HandClock::default()));
        builder.environment(|_| None)
    };
    let strict = |builder: ClientBuilder, scopes: &str| {
        let builder = builder.set("strict_scopes", json!(true)).unwrap();
        builder.set("scopes", json!(scopes)).unwrap()
    };
    let outcome = async |builder: ClientBuilder, operation: &str, arguments: Value| {
        let client: Client = builder.build().unwrap();
        let arguments = arguments.as_object().unwrap().clone();
        client.call(operation, arguments, Vec::new(), CallOptions::default()).await
    };
    let delete = json!({ "index_id": "i1" });
    let key = || builder().api_key("sk_canary");
    let error = outcome(strict(key(), "search,read"), "indexes.delete", delete.clone()).await;
    let error = error.unwrap_err();
    let said = (error.kind(), error.code(), error.status(), error.attempts());
    assert_eq!(said, (ErrorKind::PermissionDenied, "auth.scope", None, 0));
    let wanted = "needing the scope `admin`, and the API key has search, read";
    assert!(
        error.message().contains(wanted) && !format!("{error:?}").contains("canary"),
        "{error}"
    );
    assert!(script.take().is_empty());
    // A scope holds the ones before it; a JWT has none; and without the option nothing is kept back.
    for builder in [
        strict(key(), "admin"),
        strict(builder().jwt("e.canary.x"), "read"),
        key().set("scopes", json!("read")).unwrap(),
    ] {
        outcome(builder, "indexes.delete", delete.clone()).await.unwrap();
    }
    outcome(strict(key(), "write"), "indexes.list", json!({})).await.unwrap();
    assert_eq!(script.take().len(), 4);
    let alone = key().set("strict_scopes", json!(true)).unwrap();
    assert!(refused(alone).1.contains("goes with `scopes`"));
}

#[tokio::test]
async fn ro_04_a_refused_key_is_told_with_its_age_and_first_uses_are_kept_beside_the_profile() {
    let mut machine = machine();
    let profile = machine.profile("[default.twelve-labs]\napi_key = \"tlk_canary\"\n");
    let book = profile.with_file_name("first-use.json");
    machine.finds(TL).await.unwrap();
    let kept = fs::read_to_string(&book).unwrap();
    assert!(kept.contains("first_used") && !kept.contains("canary"), "{kept}");

    let day = std::time::Duration::from_secs(24 * 3600);
    for left in [14, 7, 3, 1] {
        machine.clock.advance(
            day * if left == 14 {
                46
            } else if left == 7 {
                7
            } else if left == 3 {
                4
            } else {
                2
            },
        );
        machine.finds(TL).await.unwrap();
        machine.finds(TL).await.unwrap();
        let told = std::mem::take(&mut *machine.told.lock().unwrap());
        assert_eq!(told.len(), 1, "{told:?}");
        let days = if left == 1 { "1 day;".to_owned() } else { format!("{left} days;") };
        assert!(told[0].contains(&format!("is expected to end in {days}")), "{told:?}");
    }
    machine.clock.advance(day * 4);
    machine.script =
        Script::new(|_, _| Answer::json(401, r#"{"code":"api_key_invalid","message":"no"}"#));
    let error = machine.finds(TL).await.unwrap_err();
    assert_eq!(error.code(), "auth.key_rejected");
    let text = error.message();
    for part in ["[default.twelve-labs] of ", "first used 63 days ago", "create a new one"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(machine.told.lock().unwrap().len(), 0, "never a warning after the end");
}

#[tokio::test]
async fn ro_04_a_key_of_any_source_is_remembered_by_its_fingerprint_and_warned_of_after_a_restart()
{
    let day = std::time::Duration::from_secs(24 * 3600);
    for source in ["code", "environment", "file", "named file", "elsewhere"] {
        let mut machine = machine();
        let file = machine.file("key", "tlk_canary\n").display().to_string();
        let mut book = machine.folder.path().join(".config/framekey/first-use.json");
        match source {
            "environment" => machine.set("TWELVE_LABS_API_KEY", "tlk_canary"),
            "file" => machine.set("FRAMEKEY_TWELVELABS_API_KEY_FILE", file.as_str()),
            "elsewhere" => {
                machine.set("TWELVE_LABS_API_KEY", "tlk_canary");
                let folder = machine.folder.path().join("elsewhere");
                fs::create_dir(&folder).unwrap();
                machine.set("XDG_CONFIG_HOME", folder.to_str().unwrap());
                book = folder.join("framekey/first-use.json");
            }
            _ => {}
        }
        // Each is a client of its own, as after a restart.
        let call = async || match source {
            "code" => machine.sends(machine.builder(TL).api_key("tlk_canary")).await,
            "named file" => {
                let builder = machine.builder(TL).set("api_key_file", json!(file)).unwrap();
                machine.sends(builder).await
            }
            _ => machine.finds(TL).await,
        };
        call().await.unwrap();
        let kept = fs::read_to_string(&book).unwrap();
        let mark = framekey::auth::fingerprint(&Secret::new("tlk_canary"));
        assert!(kept.contains(&mark) && !kept.contains("canary"), "{source}: {kept}");
        machine.clock.advance(day * 46);
        call().await.unwrap();
        call().await.unwrap();
        let told = std::mem::take(&mut *machine.told.lock().unwrap());
        assert_eq!(told.len(), 1, "{source}: {told:?}");
        assert!(told[0].contains("first used 46 days ago, is expected to end in 14 days"));
    }
}

#[tokio::test]
async fn ro_04_where_first_uses_cannot_be_kept_no_call_fails_and_none_is_said_to_be_the_first() {
    let mut machine = machine();
    machine.set("TWELVE_LABS_API_KEY", "tlk_canary");
    let mark = framekey::auth::fingerprint(&Secret::new("tlk_canary"));
    let wanted = format!("TWELVE_LABS_API_KEY ({mark}, first used by this process today)");
    let nowhere = machine.folder.path().join("nowhere/config.toml");
    let lossy = format!("{}/h\u{fffd}me", machine.folder.path().display());
    for (home, config) in [
        ("", None),
        ("relative", None),
        (&lossy, None),
        ("/dev/null", None),
        ("/", nowhere.to_str()),
        ("/", Some("/dev/null/config.toml")),
    ] {
        machine.set("HOME", home);
        machine.set("FRAMEKEY_CONFIG_FILE", config.unwrap_or_default());
        machine.script = Script::new(|_, _| Answer::json(200, "{}"));
        machine.finds(TL).await.unwrap();
        machine.script = Script::new(|_, _| Answer::json(401, r#"{"code":"api_key_invalid"}"#));
        let error = machine.finds(TL).await.unwrap_err();
        assert!(error.message().contains(&wanted), "{home} {config:?}: {error}");
    }
    let made = fs::read_dir(machine.folder.path()).unwrap().count();
    assert_eq!(made, 0, "a folder that somebody names is theirs to make");
    assert!(!PathBuf::from("relative").exists());
}

#[tokio::test]
async fn e32_the_status_names_each_credential_in_order_and_shows_no_value() {
    let machine = machine();
    let both = machine.builder(VV).api_key("sk_canary").jwt("e.canary.x").auth_mode("jwt");
    let of_code = both.auth_status().await.unwrap();
    let kinds: Vec<&str> = of_code.credentials.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["JWT", "API key"]);
    let provider = machine.builder(AV).token_provider(|| async { Err(CallbackFailed::default()) });
    let provided = provider.upload_token("canary-up").auth_status().await.unwrap();
    let named: Vec<(&str, &str)> =
        provided.credentials.iter().map(|found| (found.kind, found.source.as_str())).collect();
    assert_eq!(
        named,
        [("upload token", "option `upload_token`"), ("access token", "callback `token_provider`")]
    );
    let session = machine.builder(AV).session("canary-token", None).auth_status().await.unwrap();
    assert_eq!(session.credentials[0].kind, "session");
    let shown = format!("{of_code:?} {provided:?} {session:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(machine.script.take().is_empty(), "no service is called");
}

#[tokio::test]
async fn ro_04_a_key_that_is_refused_at_the_exchange_or_as_basic_is_told_the_same_way() {
    let mut machine = machine();
    machine.set("APIVIDEO_API_KEY", "canary-key");
    machine.script = Script::new(|_, request| match request.url.contains("/auth/") {
        true => {
            Answer::json(400, r#"{"type":"https://x/authentication-invalid-user-credentials"}"#)
        }
        false => Answer::json(401, r#"{"title":"no","status":401}"#),
    });
    let mark = framekey::auth::fingerprint(&Secret::new("canary-key"));
    let wanted = format!("APIVIDEO_API_KEY ({mark}, first used today)");
    for (mode, code) in [("bearer", "auth.exchange_refused"), ("basic", "auth.key_rejected")] {
        // A mode in code leaves the key to the environment.
        let error = machine.sends(machine.builder(AV).auth_mode(mode)).await.unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, ErrorKind::Authentication), "{error}");
        let text = error.message();
        assert!(text.contains(&wanted) && text.contains("for this host?"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
