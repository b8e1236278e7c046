//! The WebAssembly module and the JavaScript that loads it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::names;
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

/// What wasm-opt does, each seen to be smaller after gzip.
const SHRINK: [&str; 7] = [
    // -Os compresses smaller than -Oz.
    "-Os",
    // Large functions are not inlined even where they have one caller.
    "--one-caller-inline-max-function-size=20",
    // The lowest kilobyte is the end of the stack, which the linker puts first: no address that is
    // read has wrapped round to it.
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Os",
    "-Os",
];

/// What it takes away in the end.
const STRIP: [&str; 4] = [
    "--minify-imports-and-exports-and-modules",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// Compiles, binds and shrinks the module: `framekey.wasm` and `glue.js` in `out`.
pub(super) fn build(root: &Path, out: &Path) -> Result<()> {
    let bound = bind(root, out, false)?;
    let module = out.join("framekey.wasm");
    let said = process::text(wasm_opt(root, &bound, &module).args(STRIP))?;
    let glue = out.join("glue.js");
    let text = std::fs::read_to_string(&glue).context("the glue cannot be read")?;
    std::fs::write(&glue, names::shorten(&text, &said)?).context("the glue cannot be written")?;
    std::fs::remove_file(&bound).context("the module before wasm-opt cannot be removed")?;
    let (plain, zipped) = (std::fs::metadata(&module)?.len(), gzipped(&module)?);
    say::line(&format!("wasm module: {plain} bytes, {zipped} gzipped"));
    Ok(())
}

/// The same module with the names of its functions, to see what it is made of.
pub(super) fn build_named(root: &Path, out: &Path) -> Result<PathBuf> {
    let bound = bind(root, out, true)?;
    let module = out.join("named.wasm");
    process::text(wasm_opt(root, &bound, &module).arg("--debuginfo"))?;
    Ok(module)
}

fn wasm_opt(root: &Path, from: &Path, to: &Path) -> Command {
    let mut command = Command::new(root.join("bindings/js/node_modules/.bin/wasm-opt"));
    command.args(FEATURES).args(SHRINK).arg(from).arg("--output").arg(to);
    command
}

/// Compiles and binds: `glue.js` in `out`, and the module that is given back.
fn bind(root: &Path, out: &Path, names: bool) -> Result<PathBuf> {
    let compiled = compile(root)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(compiled)
        .out_name("glue")
        .web(true)?
        .typescript(false)
        .remove_name_section(!names)
        .remove_producers_section(true)
        // Where the module is, is said in load.js: Node and browsers differ.
        .omit_default_module_path(true);
    bindgen.generate(out).context("wasm-bindgen refused the module")?;
    Ok(out.join("glue_bg.wasm"))
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
