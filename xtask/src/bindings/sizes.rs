//! What the bytes of the browser module are for: the largest functions, and the crates they belong to.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::say;

/// How many functions are shown.
const LARGEST: usize = 60;

/// A function's size in bytes, and its name.
type Sized = (usize, String);

/// Shows what is in a module that still has its names.
pub(super) fn show(module: &Path) -> Result<()> {
    let bytes = std::fs::read(module).context("the module with names cannot be read")?;
    let mut functions = functions(&bytes)?;
    functions.sort_by(|one, other| other.cmp(one));
    let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
    for (size, name) in &functions {
        *crates.entry(owner(name)).or_default() += size;
    }
    let mut crates: Vec<(usize, &str)> =
        crates.into_iter().map(|(name, size)| (size, name)).collect();
    crates.sort_by(|one, other| other.cmp(one));
    let all: usize = functions.iter().map(|(size, _)| size).sum();
    say::line(&format!("{all} bytes of code in {} functions, before gzip", functions.len()));
    for (size, name) in crates {
        say::line(&format!("{size:>8}  {name}"));
    }
    say::line(&format!("the largest {LARGEST}:"));
    for (size, name) in functions.iter().take(LARGEST) {
        say::line(&format!("{size:>8}  {}", name.chars().take(150).collect::<String>()));
    }
    Ok(())
}

fn functions(module: &[u8]) -> Result<Vec<Sized>> {
    let mut imported = 0;
    let mut sizes = Vec::new();
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
            Payload::CustomSection(section) => {
                let KnownCustom::Name(parts) = section.as_known() else { continue };
                for part in parts {
                    let Name::Function(list) = part? else { continue };
                    for name in list {
                        let name = name?;
                        names.insert(name.index as usize, plain(name.name));
                    }
                }
            }
            _ => {}
        }
    }
    let named = sizes.into_iter().enumerate().map(|(at, size)| {
        (size, names.remove(&(imported + at)).unwrap_or_else(|| "(without a name)".to_owned()))
    });
    Ok(named.collect())
}

/// A name without the hash of its crate: `core[0123456789abcdef]::fmt` is `core::fmt`.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        rest = match after.split_once(']') {
            Some((hash, after)) if is_hash(hash) => after,
            _ => {
                plain.push('[');
                after
            }
        };
    }
    plain + rest
}

fn is_hash(text: &str) -> bool {
    text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The crate that a function is there for: one of ours that its name has, since what is generic is
/// named by its types; else the first.
fn owner(name: &str) -> &str {
    let words =
        || name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words()
        .find(|word| word.starts_with("framekey"))
        .or_else(|| words().find(|word| !matches!(*word, "dyn" | "mut" | "as")))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{owner, plain};

    #[test]
    fn a_generic_function_belongs_to_the_crate_whose_types_it_is_for() {
        let name = plain(
            "<alloc[0123456789abcdef]::vec::Vec<framekey_auth[fedcba9876543210]::Held>>::push",
        );
        assert_eq!(name, "<alloc::vec::Vec<framekey_auth::Held>>::push");
        assert_eq!(owner(&name), "framekey_auth");
        assert_eq!(owner("<[u8; 2] as core::fmt::Debug>::fmt"), "u8");
    }
}
