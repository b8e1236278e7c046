//! `--tls`, `--ca` and `--listen`: a client that is given the file trusts this emulator, and no other.

use std::path::Path;

use framekey::dynamic::Client;
use framekey::{CallOptions, Error, Service};
use serde_json::{Map, Value};

use crate::{ended, framekey, names, ready, refused};

/// Reads a list over https with what the emulator said when it was ready.
async fn list(info: &Value, ca: Option<&Path>) -> Result<(), Error> {
    let service = &info["api-video"];
    let mut client = Client::builder(Service::ApiVideo).environment(|_| None);
    for name in ["base_url", "api_key"] {
        client = client.set(name, service[name].clone())?;
    }
    if let Some(path) = ca {
        client = client.set("ca_bundle", path.to_str().unwrap().into())?;
    }
    let client: Client = client.build()?;
    client.call("videos.list", Map::new(), Vec::new(), CallOptions::default()).await.map(drop)
}

#[tokio::test]
async fn tls_and_ca_make_https_that_a_client_with_the_file_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, "an authority of yesterday, and longer than the one of today".repeat(99))
        .unwrap();
    let options = ["emulate", "--json", "--until-stdin-closes", "--tls", "--ca"];
    let (mut child, _said, info) = ready(framekey().args(options).arg(&ca));
    assert!(info["api-video"]["base_url"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    assert_eq!(names(folder.path()), ["ca.pem"]);
    let pem = std::fs::read_to_string(&ca).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && !pem.contains("PRIVATE"), "{pem}");
    assert!(pem.ends_with("-----END CERTIFICATE-----\n") && pem.matches("BEGIN").count() == 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&ca).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "whoever runs the client may read it");
    }
    list(&info, Some(&ca)).await.unwrap();
    let untrusting = list(&info, None).await.unwrap_err();
    assert!(untrusting.to_string().contains("UnknownIssuer"), "{untrusting}");
    let (mut other, _said, elsewhere) = ready(framekey().args(&options[..4]));
    assert!(list(&elsewhere, Some(&ca)).await.is_err(), "an authority of another emulator");
    for child in [&mut child, &mut other] {
        drop(child.stdin.take());
        assert!(ended(child).success());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_certificate_is_for_the_address_that_is_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let options = ["emulate", "--json", "--until-stdin-closes", "--tls", "--listen", "127.0.0.9"];
    let (mut child, _said, info) = ready(framekey().args(options).arg("--ca").arg(&ca));
    assert!(info["api-video"]["base_url"].as_str().unwrap().starts_with("https://127.0.0.9:"));
    list(&info, Some(&ca)).await.unwrap();
    drop(child.stdin.take());
    assert!(ended(&mut child).success());
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let said = refused(&["--tls", "--ca", &path("no/ca.pem")]);
    assert!(said.contains("no/ca.pem: the authority cannot be written there: there is no folder"));
    let said = refused(&["--ca", &path("")]);
    assert!(said.contains("it is there and not a regular file"), "{said}");
    #[cfg(unix)]
    assert!(refused(&["--ca", "/dev/null"]).contains("not a regular file"));
    assert!(refused(&["--ca", &path("x"), "--state", &path("no/x")]).contains("the state"));
    assert!(names(folder.path()).is_empty(), "nothing half done");
}

#[test]
fn two_options_do_not_name_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "{}").unwrap();
    let (path, same) = (file.to_str().unwrap(), folder.path().join(".").join("file"));
    let same = same.to_str().unwrap();
    for (one, other) in [("--state", "--ca"), ("--scenario", "--ca"), ("--scenario", "--state")] {
        let said = refused(&[one, path, other, same]);
        assert!(said.contains(&format!("{one} and {other} are the same file")), "{said}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{}");
}
