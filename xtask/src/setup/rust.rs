//! Parts of the Rust toolchain: formatter, linter, and a compiler for the browser module.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::State;
use crate::{process, say};

/// Debian's compiler comes with the library's source, which rustup's may not be able to fetch.
pub(super) const WASM_PACKAGES: [&str; 4] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];

const TARGET: &str = "wasm32-unknown-unknown";

/// Who compiles the browser module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasmCompiler {
    /// The toolchain in use; its library for the target is there.
    Rustup,
    /// Debian's compiler, which first builds the library from its source.
    Debian,
}

/// The compiler for the browser module, if there is one.
pub(crate) fn wasm_compiler() -> Option<WasmCompiler> {
    let library =
        process::text(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if library.is_ok_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Some(WasmCompiler::Rustup);
    }
    let debian = process::works(Command::new("dpkg").arg("--status").args(WASM_PACKAGES));
    debian.then_some(WasmCompiler::Debian)
}

/// Has rustup fetch the target, which it cannot do everywhere: then Debian's packages follow.
pub(super) fn wasm_target() -> Result<State> {
    match wasm_compiler() {
        Some(WasmCompiler::Rustup) => return Ok(State::There),
        Some(WasmCompiler::Debian) => {
            return Ok(State::Made("there (Debian's compiler)".to_owned()));
        }
        None => {}
    }
    say::line(&format!("setup  wasm    asking rustup for {TARGET}"));
    let fetched = process::works(Command::new("rustup").args(["target", "add", TARGET]));
    Ok(State::Made(match fetched {
        true => format!("installed {TARGET}"),
        false => format!("rustup cannot fetch {TARGET}: taking Debian's compiler"),
    }))
}

/// rustfmt and clippy, which rustup's minimal profile leaves out.
pub(super) fn components() -> Result<State> {
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(command, _)| !process::works(process::cargo().args([command, "--version"])))
        .map(|(_, component)| component)
        .collect();
    if missing.is_empty() {
        return Ok(State::There);
    }
    say::line(&format!("setup  rust    installing {}", missing.join(" ")));
    process::text(Command::new("rustup").args(["component", "add"]).args(&missing))?;
    Ok(State::Made(format!("installed {}", missing.join(" "))))
}
