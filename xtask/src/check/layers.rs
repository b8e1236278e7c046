//! Dependencies point down only: the table of ARCHITECTURE.md, held against every manifest.

use anyhow::Result;

use super::metadata::Package;
use super::report::Report;
use super::subject::Subject;

/// Each crate, and the crates of ours that it may lean on.
const LAYERS: [(&str, &[&str]); 12] = [
    ("framekey-catalog", &[]),
    ("framekey-runtime", &["framekey-catalog"]),
    ("framekey-core-apivideo", BASE),
    ("framekey-core-twelvelabs", BASE),
    ("framekey-core-videovector", BASE),
    ("framekey-auth", BASE),
    ("framekey-emulator", BASE),
    (
        "framekey",
        &[
            "framekey-auth",
            "framekey-catalog",
            "framekey-core-apivideo",
            "framekey-core-twelvelabs",
            "framekey-core-videovector",
            "framekey-runtime",
        ],
    ),
    (
        "framekey-cli",
        &["framekey", "framekey-auth", "framekey-catalog", "framekey-emulator", "framekey-runtime"],
    ),
    ("framekey-python", BINDING),
    ("framekey-js", BINDING),
    ("xtask", &[]),
];

const BASE: &[&str] = &["framekey-catalog", "framekey-runtime"];
const BINDING: &[&str] = &["framekey", "framekey-auth", "framekey-catalog", "framekey-runtime"];

/// Libraries of a host language: only a binding may name them.
const HOSTS: [&str; 6] =
    ["js-sys", "pyo3", "pyo3-async-runtimes", "wasm-bindgen", "wasm-bindgen-futures", "web-sys"];

/// What makes code: only xtask may name it, not even to build.
const GENERATORS: [&str; 7] = [
    "openapiv3",
    "prettyplease",
    "progenitor",
    "progenitor-client",
    "progenitor-impl",
    "progenitor-macro",
    "typify",
];

pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let root = &subject.root;
    let packages: Vec<_> = subject
        .metadata
        .packages
        .iter()
        .filter(|package| !package.manifest(root).starts_with("tests/"))
        .collect();
    let failures = packages
        .iter()
        .flat_map(|package| {
            let place = package.manifest(root);
            faults(package).into_iter().map(move |fault| format!("{place}: {fault}"))
        })
        .collect();
    Ok(Report::new(format!("{} crates lean downwards only", packages.len()), failures))
}

fn faults(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, below)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        return vec![format!("{name} has no layer; give it one in xtask/src/check/layers.rs")];
    };
    let binding = below == &BINDING;
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        let other = dependency.name.as_str();
        let normal = dependency.kind.is_none();
        let ours = LAYERS.iter().any(|(layer, _)| *layer == other);
        // Tests may look upwards: the facade is tested against the emulator.
        if ours && normal && !below.contains(&other) {
            found.push(format!("{name} must not depend on {other}; move the code, not the border"));
        }
        if !binding && name != "xtask" && HOSTS.contains(&other) {
            found.push(format!(
                "{name} must not depend on {other}; host languages are for bindings/"
            ));
        }
        if name != "xtask" && GENERATORS.contains(&other) {
            found.push(format!(
                "{name} must not depend on {other}; what ships is generated already"
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, dependencies: &[&str]) -> Vec<String> {
        faults(&Package::example(name, dependencies))
    }

    #[test]
    fn what_the_drawing_allows_passes() {
        assert!(
            found("framekey", &["framekey-auth", "framekey-core-apivideo", "bytes"]).is_empty()
        );
        assert!(found("framekey-python", &["framekey", "pyo3"]).is_empty());
        assert!(found("xtask", &["progenitor-impl", "wasm-bindgen-cli-support"]).is_empty());
    }

    #[test]
    fn every_forbidden_edge_is_found() {
        for (name, other) in [
            ("framekey-core-apivideo", "framekey-auth"),
            ("framekey-runtime", "framekey-auth"),
            ("framekey-emulator", "framekey"),
            ("framekey-emulator", "framekey-auth"),
            ("framekey-js", "framekey-core-apivideo"),
            ("xtask", "framekey-catalog"),
            ("framekey", "pyo3"),
            ("framekey-runtime", "js-sys"),
            ("framekey-core-videovector", "progenitor-impl"),
        ] {
            let found = found(name, &["serde", other]);
            assert_eq!(found.len(), 1, "{name} -> {other}: {found:?}");
            assert!(found[0].contains(other), "{found:?}");
        }
    }

    #[test]
    fn a_test_may_look_upwards_but_not_generate() {
        let mut package = Package::example("framekey-auth", &["framekey-emulator", "typify"]);
        for dependency in &mut package.dependencies {
            dependency.kind = Some("dev".to_owned());
        }
        let found = faults(&package);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("typify"));
    }

    #[test]
    fn a_new_crate_must_be_given_a_layer() {
        assert!(found("framekey-telemetry", &[])[0].contains("has no layer"));
    }
}
