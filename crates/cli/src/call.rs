//! `framekey call`: one operation from the terminal, its answer on standard output.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use framekey::auth::Notice;
use framekey::dynamic::{Client, File};
use framekey::runtime::Source;
use framekey::{CallOptions, Error};
use serde_json::{Map, Value};

use crate::args::Call;
use crate::value::Reader;
use crate::{out, usage};

pub(crate) async fn command(options: Call) -> Result<ExitCode, Error> {
    let mut builder = Client::builder(options.service).on_notice(tell);
    if options.sandbox {
        builder = builder.set("sandbox", Value::Bool(true))?;
    }
    let client: Client = builder.build()?;
    let reader = Reader::new(client.operation(&options.operation)?);
    let mut arguments = Map::new();
    let mut files = Vec::new();
    for text in &options.arguments {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            usage("usage.bad_value", format!("`{text}` is not of the form NAME=VALUE"))
        })?;
        match value.strip_prefix('@').filter(|_| !reader.takes_text(name)) {
            Some(path) => files.push(file(name, Path::new(path))?),
            None => {
                if arguments.insert(name.to_owned(), read(&reader, name, value)?).is_some() {
                    let message = format!("argument `{name}` is given twice");
                    return Err(usage("usage.bad_value", message));
                }
            }
        }
    }
    let response =
        client.call(&options.operation, arguments, files, CallOptions::default()).await?;
    match serde_json::from_slice::<Value>(&response.body) {
        Ok(value) => out::line(&format!("{value:#}"))?,
        Err(_) => out::bytes(&response.body)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Notices that a person should act on; renewals of an access token are no news here, and who gave a
/// base URL knows it.
fn tell(notice: &Notice) {
    if !matches!(notice, Notice::Token(_) | Notice::Rebound { .. }) {
        out::note(&format!("framekey: {notice}"));
    }
}

/// Arguments that are secrets by themselves, without underscores. All users of a machine can read the
/// command lines of all programs, so these come from standard input.
const SECRETS: [&str; 5] =
    ["apikey", "refreshtoken", "uploadtoken", "awssecretaccesskey", "clientsecret"];

/// The value of an argument; `-` is standard input, except for a text that is no secret.
fn read(reader: &Reader, name: &str, typed: &str) -> Result<Value, Error> {
    let secret = is_secret(name);
    if typed == "-" && (secret || !reader.takes_text(name)) {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| {
            usage("usage.bad_value", format!("`{name}`: standard input: {}", error.kind()))
        })?;
        return Ok(reader.read(name, text.trim_end_matches(['\r', '\n'])));
    }
    let value = reader.read(name, typed);
    if secret || holds_secret(&value) {
        let why = "other users can read secrets on a command line; write";
        let why = format!("{why} `{name}=-` and give the value on standard input");
        return Err(usage("usage.bad_value", why));
    }
    Ok(value)
}

fn is_secret(name: &str) -> bool {
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    SECRETS.contains(&folded.to_ascii_lowercase().as_str())
}

/// A `body` may hold one too.
fn holds_secret(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| {
        fields.iter().any(|(name, value)| is_secret(name) || holds_secret(value))
    })
}

fn file(argument: &str, path: &Path) -> Result<File, Error> {
    let bad = |why: String| usage("usage.bad_file", format!("the file {} {why}", path.display()));
    let found = std::fs::metadata(path).map_err(|error| bad(format!("cannot be read: {error}")))?;
    if !found.is_file() {
        return Err(bad("is not a file".to_owned()));
    }
    Ok(File {
        argument: argument.to_owned(),
        file_name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
        content_type: None,
        source: Source::File { path: path.to_owned(), offset: 0, length: found.len() },
    })
}
