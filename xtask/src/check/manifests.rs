//! One version, edition, oldest compiler and licence over all crates; none can be published by accident.

use anyhow::Result;

use super::metadata::Package;
use super::report::Report;
use super::subject::Subject;

const EDITION: &str = "2024";
const OLDEST_COMPILER: &str = "1.89";
const LICENCE: &str = "MIT OR Apache-2.0";

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let packages = &subject.metadata.packages;
    let version = packages.first().map_or("", |package| package.version.as_str());
    let mut failures = Vec::new();
    for package in packages {
        let place = package.manifest(&subject.root);
        let text = subject.text(&place)?;
        let found = faults(package, &text, version);
        failures.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
    }
    failures.extend(clippy_fault(&subject.text("clippy.toml")?));
    let seen = format!("version {version}, edition {EDITION}, Rust {OLDEST_COMPILER}, {LICENCE}");
    Ok(Report::new(seen, failures))
}

fn faults(package: &Package, manifest: &str, version: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut expect = |what: &str, is: Option<&str>, wanted: &str| {
        if is != Some(wanted) {
            let is = is.unwrap_or("missing");
            found.push(format!("{what} is {is}, not {wanted}; write `{what}.workspace = true`"));
        }
    };
    expect("version", Some(&package.version), version);
    expect("edition", Some(&package.edition), EDITION);
    expect("rust-version", package.rust_version.as_deref(), OLDEST_COMPILER);
    expect("license", package.license.as_deref(), LICENCE);
    if package.publish.as_deref() != Some(&[]) {
        found.push("can be published; write `publish.workspace = true`".to_owned());
    }
    if package.description.is_none() {
        found.push("has no description; say in one line what the crate is for".to_owned());
    }
    let lints = manifest.lines().skip_while(|line| line.trim() != "[lints]").nth(1);
    if lints.map(str::trim) != Some("workspace = true") {
        found.push(
            "does not take the workspace's lints; write `[lints] workspace = true`".to_owned(),
        );
    }
    found
}

/// No older toolchain is run in CI: clippy's own table of what is how old stands in for it.
fn clippy_fault(clippy: &str) -> Option<String> {
    let wanted = format!("msrv = \"{OLDEST_COMPILER}\"");
    let held = clippy.lines().any(|line| line.trim() == wanted);
    (!held).then(|| format!("clippy.toml: does not hold the oldest compiler; write `{wanted}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n";

    #[test]
    fn a_manifest_in_order_passes() {
        assert!(faults(&Package::example("x", &[]), MANIFEST, "0.1.0").is_empty());
    }

    #[test]
    fn each_departure_is_one_finding() {
        let damages: [fn(&mut Package); 6] = [
            |package| package.version = "0.2.0".to_owned(),
            |package| package.edition = "2021".to_owned(),
            |package| package.rust_version = None,
            |package| package.license = Some("MIT".to_owned()),
            |package| package.publish = None,
            |package| package.description = None,
        ];
        for damage in damages {
            let mut package = Package::example("x", &[]);
            damage(&mut package);
            assert_eq!(faults(&package, MANIFEST, "0.1.0").len(), 1, "{package:?}");
        }
        let without_lints = faults(&Package::example("x", &[]), "[package]\n", "0.1.0");
        assert_eq!(without_lints.len(), 1, "{without_lints:?}");
    }

    #[test]
    fn clippy_must_hold_the_oldest_compiler() {
        assert_eq!(clippy_fault("msrv = \"1.89\"\n"), None);
        assert!(clippy_fault("msrv = \"1.90\"\n").is_some());
        assert!(clippy_fault("").is_some());
    }
}
