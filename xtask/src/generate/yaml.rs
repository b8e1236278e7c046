//! Reading a YAML file so that every fault names the file, the line and the reason.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::de::DeserializeOwned;

/// A file below the workspace, as text.
pub(crate) fn text(root: &Path, file: &str) -> Result<String> {
    std::fs::read_to_string(root.join(file)).with_context(|| format!("{file}: cannot be read"))
}

/// A YAML text as a value. Duplicate keys and unknown fields of structs are faults.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T> {
    serde_saphyr::from_str(text).map_err(|fault| {
        let place = fault
            .location()
            .map_or_else(String::new, |at| format!(":{}:{}", at.line(), at.column()));
        let fault = fault.without_snippet().to_string();
        anyhow!("{file}{place}: not the YAML that is expected here: {fault}")
    })
}
