//! The WebAssembly module and the JavaScript that loads it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::setup::{self, WasmCompiler};
use crate::{process, say};

const TARGET: &str = "wasm32-unknown-unknown";

/// No texts of panics, no places in the source, no `Debug`: 15 kB after gzip.
const FLAGS: &str =
    "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// What the compiler may have used, and all browsers of the last years have. Not `--all-features`:
/// wasm-opt then writes in encodings that browsers do not read yet.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Compiles, binds and shrinks the module: `framekey.wasm` and `glue.js` in `out`.
pub(super) fn build(root: &Path, out: &Path) -> Result<()> {
    let compiled = compile(root)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(compiled)
        .out_name("glue")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // Where the module is, is said in load.js: Node and browsers differ.
        .omit_default_module_path(true);
    bindgen.generate(out).context("wasm-bindgen refused the module")?;
    let module = out.join("framekey.wasm");
    let bound = out.join("glue_bg.wasm");
    // -Os compresses smaller than -Oz, and large functions are not inlined even where they have one
    // caller: that is 3 % smaller after gzip.
    process::text(
        Command::new(root.join("bindings/js/node_modules/.bin/wasm-opt"))
            .args(FEATURES)
            .args([
                "-Os",
                "--one-caller-inline-max-function-size=20",
                "--strip-debug",
                "--strip-producers",
                "--strip-target-features",
            ])
            .arg(&bound)
            .arg("--output")
            .arg(&module),
    )?;
    std::fs::remove_file(&bound).context("the module before wasm-opt cannot be removed")?;
    let (plain, zipped) = (std::fs::metadata(&module)?.len(), gzipped(&module)?);
    say::line(&format!("wasm module: {plain} bytes, {zipped} gzipped"));
    Ok(())
}

fn compile(root: &Path) -> Result<PathBuf> {
    // A folder of its own: another compiler would make the other targets' builds stale.
    let target = setup::target(root).join("wasm");
    let mut command = match setup::wasm_compiler() {
        Some(WasmCompiler::Rustup) => rustup()?,
        Some(WasmCompiler::Debian) => debian()?,
        None => bail!("no compiler for {TARGET}\nrun: cargo xtask setup"),
    };
    command
        .args([
            "build",
            "--locked",
            "--package",
            "framekey-js",
            "--lib",
            "--profile",
            "wasm",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(root);
    process::text(&mut command)?;
    Ok(target.join(TARGET).join("wasm").join("framekey_js.wasm"))
}

/// The toolchain in use; it too builds the standard library, where it has the source.
fn rustup() -> Result<Command> {
    let mut command = process::cargo();
    if sysroot()?.join("lib/rustlib/src/rust/library/Cargo.lock").exists() {
        small(&mut command);
    }
    Ok(command)
}

/// Debian's compiler has no library for the target and builds it; its linker is a dangling link, so
/// the one of the toolchain in use serves.
fn debian() -> Result<Command> {
    let host = process::text(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let linker = sysroot()?.join("lib/rustlib").join(host.trim()).join("bin/rust-lld");
    let mut command = Command::new("/usr/bin/cargo");
    small(&mut command);
    command
        .env("RUSTC", "/usr/bin/rustc")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
        // Set by the cargo that runs xtask, and meant for its own compiler.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO");
    Ok(command)
}

/// A standard library built for size, in which a panic ends at once: what it would say nobody sees.
fn small(command: &mut Command) {
    command
        .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS);
}

fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(process::text(Command::new("rustc").args(["--print", "sysroot"]))?.trim()))
}

fn gzipped(file: &Path) -> Result<usize> {
    let output = process::output(Command::new("gzip").args(["-9", "--stdout"]).arg(file))?;
    Ok(output.stdout.len())
}
