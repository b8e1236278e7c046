//! The npm package: one source, as ES modules for browsers and bundlers, as CommonJS for Node.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{emptied, wasm};
use crate::{process, setup};

const PACKAGE: &str = "bindings/js/npm";
const TOOLS: &str = "bindings/js/node_modules/.bin";
const ENTRIES: [&str; 5] = ["index", "api-video", "twelve-labs", "videovector", "emulator"];
/// What Node has otherwise, `NAME.node.js`, or alone.
const FOR_NODE: [&str; 3] = ["load", "emulator", "launch"];

/// Builds the tarball into `out`; gives its path.
pub(crate) fn build(root: &Path, out: &Path) -> Result<PathBuf> {
    setup::node_packages(root)?;
    let work = setup::target(root).join("npm");
    let (glue, staged, package) = (work.join("glue"), work.join("staged"), work.join("package"));
    for folder in [&glue, &staged, &package] {
        emptied(folder)?;
    }
    wasm::build(root, &glue)?;
    let dist = package.join("dist");
    lay_out(root, &glue, &staged, &dist)?;
    for file in ["package.json", "README.md"] {
        copy(&root.join(PACKAGE).join(file), &package.join(file))?;
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&root.join(file), &package.join(file))?;
    }
    same_version(&package)?;
    pack(&package, out)
}

/// `dist`: the module, the ES modules, the CommonJS modules, and ES modules for Node that pass the
/// CommonJS ones on, so that a process that uses both has one core and one set of tokens.
fn lay_out(root: &Path, glue: &Path, staged: &Path, dist: &Path) -> Result<()> {
    let esm = dist.join("esm");
    let cjs = dist.join("cjs");
    for folder in [&esm, &cjs] {
        copy_folder(&root.join(PACKAGE).join("src"), folder)?;
        copy(&glue.join("glue.js"), &folder.join("glue.js"))?;
    }
    for name in FOR_NODE {
        let file = format!("{name}.node.js");
        std::fs::remove_file(esm.join(&file))?;
        std::fs::rename(cjs.join(file), cjs.join(format!("{name}.js")))?;
    }
    write(&esm.join("package.json"), "{ \"type\": \"module\", \"sideEffects\": false }\n")?;
    to_common_js(root, staged, &cjs)?;
    write(&cjs.join("package.json"), "{ \"type\": \"commonjs\" }\n")?;
    for entry in ENTRIES {
        write(
            &dist.join("node").join(format!("{entry}.mjs")),
            &format!("export * from \"../cjs/{entry}.js\";\n"),
        )?;
    }
    copy(&glue.join("framekey.wasm"), &dist.join("framekey.wasm"))
}

/// TypeScript's compiler rewrites `import` and `export`, and nothing else. Every file is named: where
/// one has declarations beside it, the compiler would follow those.
fn to_common_js(root: &Path, staged: &Path, folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for part in [folder.to_path_buf(), folder.join("generated")] {
        let entries = std::fs::read_dir(&part)
            .with_context(|| format!("{}: cannot be read", part.display()))?;
        files.extend(entries.filter_map(|entry| entry.ok().map(|entry| entry.path())));
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "js"));
    process::text(
        Command::new(root.join(TOOLS).join("tsc"))
            .args(["--allowJs", "--noCheck", "--module", "commonjs", "--target", "es2022"])
            .arg("--rootDir")
            .arg(folder)
            .arg("--outDir")
            .arg(staged)
            .args(files),
    )?;
    copy_folder(staged, folder)
}

fn same_version(package: &Path) -> Result<()> {
    let text = std::fs::read_to_string(package.join("package.json"))?;
    let manifest: serde_json::Value = serde_json::from_str(&text)
        .with_context(|| format!("{PACKAGE}/package.json: is not JSON"))?;
    let version = env!("CARGO_PKG_VERSION");
    ensure!(
        manifest.get("version").is_some_and(|own| own == version),
        "{PACKAGE}/package.json: its version is not that of the workspace, {version}"
    );
    Ok(())
}

fn pack(package: &Path, out: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(out).with_context(|| format!("{}: cannot be made", out.display()))?;
    let out = out.canonicalize().with_context(|| format!("{}: cannot be found", out.display()))?;
    let said = process::text(
        Command::new("npm")
            .args(["pack", "--silent", "--pack-destination"])
            .arg(&out)
            .current_dir(package),
    )?;
    let name = said.lines().last().unwrap_or_default().trim();
    ensure!(name.ends_with(".tgz"), "npm does not say what it packed: {said}");
    Ok(out.join(name))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let entries =
        std::fs::read_dir(from).with_context(|| format!("{}: cannot be read", from.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("{}: cannot be read", from.display()))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
    }
    std::fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("{}: cannot be copied", from.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
    }
    std::fs::write(file, text).with_context(|| format!("{}: cannot be written", file.display()))
}
