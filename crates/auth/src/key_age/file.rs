//! The file of first uses: fingerprints and times, for its owner only.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use super::book::{Entries, Entry};
use crate::private;

/// What the file says; `None` where it says nothing that can be used.
pub(super) fn read(path: &Path) -> Option<Entries> {
    let contents = private::read(path).ok()?;
    let file: Map<String, Value> = serde_json::from_str(contents.text.expose()).ok()?;
    let keys = file.get("keys")?.as_object()?;
    let entry = |(mark, known): (&String, &Value)| {
        let first_used = known.get("first_used")?.as_u64()?;
        let entry = Entry {
            first_used,
            last_used: known.get("last_used").and_then(Value::as_u64).unwrap_or(first_used),
            warned: known.get("warned").and_then(Value::as_u64),
        };
        Some((mark.clone(), entry))
    };
    Some(keys.iter().filter_map(entry).collect())
}

/// Replaces the file; says whether it could be. The ages are kept in memory too.
pub(super) fn write(path: &Path, entries: &Entries) -> bool {
    let keys: Map<String, Value> = entries
        .iter()
        .map(|(mark, entry)| {
            let mut known = json!({ "first_used": entry.first_used, "last_used": entry.last_used });
            if let Some(days) = entry.warned {
                known["warned"] = days.into();
            }
            (mark.clone(), known)
        })
        .collect();
    let text = format!("{:#}\n", json!({ "version": 1, "keys": keys }));
    replace(path, text.as_bytes()).is_ok()
}

/// Under another name first, so that no reader meets half a file.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        make(folder)?;
    }
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    let new = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&new)?.write_all(bytes).and_then(|()| std::fs::rename(&new, path)).inspect_err(
        |_| {
            let _ = std::fs::remove_file(&new);
        },
    )
}

/// The user's configuration folder, as freedesktop's rules have it made: for its owner only.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
