//! The profile file: for each profile and service, where the API key is had from.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use framekey_catalog::Service;
use framekey_runtime::{BoxFuture, Error, ErrorKind, Secret};
use toml::{Table, Value};
use zeroize::Zeroize as _;

use super::{Found, SecretSource};
use crate::Provenance;
use crate::private::{self, Stamp};

/// What a section may say of the API key; one of these.
const KEYS: [&str; 4] = ["api_key", "api_key_file", "keyring", "credential_process"];

/// Where a section of the profile file says that the API key is.
#[derive(Debug)]
pub enum ProfileKey {
    /// It stands there.
    Written(Secret),
    /// In this file; a relative path is taken from the profile file's folder.
    File(PathBuf),
    /// In this entry of the keyring.
    Keyring(String),
    /// This command line gives it.
    Command(String),
}

/// One section of the profile file: `[default.api-video]`.
#[derive(Debug)]
pub struct Section {
    /// Where the key is, if it says so.
    pub key: Option<ProfileKey>,
    /// `auth_mode`, if it says so.
    pub auth_mode: Option<String>,
}

/// A profile of a profile file, for one service.
#[derive(Debug)]
pub struct Profile {
    file: PathBuf,
    name: String,
    service: Service,
    /// The user's own folder, for `~/`.
    home: Option<PathBuf>,
    seen: Mutex<Option<Stamp>>,
}

impl Profile {
    /// Profile `name` of `file`.
    #[must_use]
    pub fn new(file: PathBuf, name: String, service: Service, home: Option<PathBuf>) -> Self {
        Profile { file, name, service, home, seen: Mutex::new(None) }
    }

    /// Whether the file is there at all.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.file.exists()
    }

    /// Where the file is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Reads the section; `None` if the file has the profile and nothing on this service.
    ///
    /// # Errors
    /// `config.bad_profile`: the file has no such profile, is not TOML, or says what cannot be
    /// meant, with the line. `auth.unsafe_file`: others may change the file, or read a key in it.
    /// `auth.source`: it cannot be read.
    pub fn section(&self) -> Result<Option<Section>, Error> {
        let contents = private::read(&self.file)?;
        let mut table: Table = toml::from_str(contents.text.expose())
            .map_err(|error| self.not_toml(&error, contents.text.expose()))?;
        let section = match contents.exposed.filter(|_| holds_key(&table)) {
            Some(error) => Err(error),
            None => self.choose(&mut table),
        };
        table.iter_mut().for_each(|(_, value)| wipe(value));
        section
    }

    fn choose(&self, table: &mut Table) -> Result<Option<Section>, Error> {
        let Some(profile) = table.get_mut(&self.name) else {
            return Err(self.bad(format!("has no profile `{}`", self.name)));
        };
        let Value::Table(profile) = profile else {
            return Err(self.bad(format!("`{}` is no table", self.name)));
        };
        if let Some(stranger) = profile.keys().find(|key| Service::from_slug(key).is_none()) {
            let known: Vec<&str> = Service::ALL.iter().map(|service| service.slug()).collect();
            return Err(self.bad(format!(
                "[{}] has `{stranger}`; the services are {}",
                self.name,
                known.join(", ")
            )));
        }
        match profile.get_mut(self.service.slug()) {
            None => Ok(None),
            Some(Value::Table(section)) => self.read(section).map(Some),
            Some(_) => Err(self.bad(format!("[{}] is no table", self.title()))),
        }
    }

    fn read(&self, section: &mut Table) -> Result<Section, Error> {
        let mut key = None;
        let mut auth_mode = None;
        for (name, value) in section.iter_mut() {
            let Value::String(text) = value else {
                return Err(self.bad(format!("[{}] `{name}` is no text", self.title())));
            };
            let text = std::mem::take(text);
            // An empty key is told as every empty key is.
            if name != "api_key" && text.trim().is_empty() {
                return Err(self.bad(format!("[{}] `{name}` is empty", self.title())));
            }
            let given = match name.as_str() {
                "auth_mode" => {
                    auth_mode = Some(text);
                    continue;
                }
                "api_key" => ProfileKey::Written(Secret::new(text)),
                "api_key_file" => ProfileKey::File(self.path(&text)),
                "keyring" => ProfileKey::Keyring(text),
                "credential_process" => ProfileKey::Command(text),
                _ => {
                    let known = KEYS.join(", ");
                    let title = self.title();
                    return Err(self.bad(format!(
                        "[{title}] has `{name}`; it may have {known} and auth_mode"
                    )));
                }
            };
            if key.replace(given).is_some() {
                return Err(Error::new(
                    ErrorKind::Configuration,
                    "auth.conflict",
                    format!(
                        "[{}] of {} says twice where the API key is; leave one of {}",
                        self.title(),
                        self.file.display(),
                        KEYS.join(", ")
                    ),
                ));
            }
        }
        Ok(Section { key, auth_mode })
    }

    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.file.parent().unwrap_or(Path::new("")).join(text),
        }
    }

    fn title(&self) -> String {
        format!("{}.{}", self.name, self.service.slug())
    }

    fn bad(&self, why: String) -> Error {
        let text = format!("the profile file {}: {why}", self.file.display());
        Error::new(ErrorKind::Configuration, "config.bad_profile", text)
    }

    /// Names the line. The parser's own words quote it, and it may hold a key.
    fn not_toml(&self, error: &toml::de::Error, text: &str) -> Error {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        self.bad(format!("line {} is not TOML", before.matches('\n').count() + 1))
    }
}

/// A key that stands in the profile file. Read again when the file changes, and on a 401.
impl SecretSource for Profile {
    fn provenance(&self) -> Provenance {
        let file = self.file.to_string_lossy();
        Provenance::Profile { section: self.title().into(), file: file.into() }
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        // As a key file has it: set also when it cannot be read, and before it is.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Stamp::of(&self.file);
        let found =
            self.section().and_then(|section| match section.and_then(|section| section.key) {
                Some(ProfileKey::Written(secret)) => Ok(Found { secret, expires_at: None }),
                _ => Err(self.bad(format!("[{}] has no `api_key` any more", self.title()))),
            });
        Box::pin(std::future::ready(found))
    }

    fn can_change(&self) -> bool {
        true
    }

    fn looks_changed(&self) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Stamp::of(&self.file).is_some_and(|now| seen != Some(now))
    }
}

fn holds_key(table: &Table) -> bool {
    table.iter().any(|(name, value)| match value {
        Value::Table(inner) => holds_key(inner),
        _ => name == "api_key",
    })
}

/// Overwrites every text: the parser's copies of keys, this service's and the others'.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| wipe(value)),
        _ => {}
    }
}
