//! The form of a case: steps, each a call and what is known of its answer.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use framekey::Service;
use serde::Deserialize;
use serde_json::Value;

/// A file of cases of one service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// The service, by its slug.
    pub service: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// Something that the service is known to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it does, as a sentence.
    pub name: String,
    /// Who says so: the section of the facts, or the emulator's README where no source does.
    pub source: String,
    /// Where it may be run.
    pub live: Live,
    /// In order; the first that differs ends the case.
    pub steps: Vec<Step>,
}

/// What a case does to an account.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// It only reads, or is refused.
    Reads,
    /// It makes things, and deletes them again.
    Writes,
    /// It needs the emulator: its clock, its switches, or credentials that no account gives.
    Never,
}

/// A call with what is known of its answer, or a move of the emulator's control plane.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The operation.
    pub call: String,
    /// Its arguments, by our names; `${name}` stands for what was saved.
    pub with: BTreeMap<String, Value>,
    /// Files, by argument.
    pub files: BTreeMap<String, FileOf>,
    /// The credential in the place of the configured one; see the README.
    #[serde(rename = "as")]
    pub credential: Option<String>,
    /// What goes on the wire in the place of what the client would send.
    pub wire: Wire,
    /// The statuses that it may have.
    pub status: Vec<u16>,
    /// By pointer to an object: all its field names; `name?` may be missing.
    pub fields: BTreeMap<String, Vec<String>>,
    /// By pointer: a value, or a test of it; see the README.
    pub body: BTreeMap<String, Value>,
    /// By name: a value, or a test of it.
    pub headers: BTreeMap<String, Value>,
    /// Values of the answer to keep, by pointer.
    pub save: BTreeMap<String, String>,
    /// Instead of a call: `POST clock` of the control plane, with this body.
    pub control: BTreeMap<String, Value>,
}

/// Wrong on purpose: the client itself would not send it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wire {
    /// More of the query, by the names of the wire.
    pub query: BTreeMap<String, String>,
    /// Header fields that take the place of others of the same name.
    pub headers: BTreeMap<String, String>,
}

/// A file of zeros.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOf {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: usize,
}

/// The cases of a service, from the folder beside this crate's sources.
///
/// # Errors
/// The file, and the line that is wrong.
pub fn read(service: Service) -> Result<Vec<Case>> {
    let name = format!("{}.yaml", service.slug());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(&name);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{name}: cannot be read"))?;
    let read: Cases = serde_saphyr::from_str(&text)
        .map_err(|fault| anyhow!("{name}: {}", fault.without_snippet()))?;
    anyhow::ensure!(read.service == service.slug(), "{name}: `service` is {}", read.service);
    Ok(read.cases)
}
