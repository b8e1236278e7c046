//! Sources of this machine: key files, the profile file, the keyring, commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use framekey_auth::{
    CommandSource, FileSource, FirstOf, HeldKey, KeyAges, Keyring, KeyringSource, Profile,
    ProfileKey, Provenance, SecretSource,
};
use framekey_runtime::native::HttpTransport;
use framekey_runtime::{Error, Transport};
use futures_util::FutureExt as _;

use super::choose::{Chosen, Making, Mode};
use super::{ClientBuilder, config};
use crate::dynamic::Client;

/// The keyring of the operating system, where this build has one.
pub(super) fn system_keyring() -> Option<Arc<dyn Keyring>> {
    #[cfg(feature = "keyring")]
    return Some(Arc::new(framekey_auth::SystemKeyring));
    #[cfg(not(feature = "keyring"))]
    None
}

impl<C: From<Client>> ClientBuilder<C> {
    /// Another keyring than the operating system's. Without the feature `keyring` there is none.
    #[must_use]
    pub fn keyring(mut self, ring: impl Keyring + 'static) -> Self {
        self.ring = Some(Arc::new(ring));
        self
    }

    /// HTTP that trusts the authorities of `ca_bundle` too, if there is one.
    pub(super) fn trusting(&self, has_platform: bool) -> Result<Option<Arc<dyn Transport>>, Error> {
        let given = self.text("ca_bundle").map(|path| (path.to_owned(), "option `ca_bundle`"));
        let (path, origin) = match (given, has_platform) {
            (Some(_), true) => {
                let why = "`ca_bundle` is for framekey's own HTTP, and a platform brings another";
                return Err(config("config.bad_option", why));
            }
            (Some(given), false) => given,
            (None, true) => return Ok(None),
            (None, false) => match self.in_environment("ca_bundle")? {
                Some((path, variable)) => (path.trim().to_owned(), variable),
                None => return Ok(None),
            },
        };
        let wrong = |why: String| config("config.bad_option", format!("{origin}: {path}: {why}"));
        let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
        let transport =
            HttpTransport::trusting_pem(&pem).map_err(|error| wrong(error.message().to_owned()))?;
        Ok(Some(Arc::new(transport)))
    }

    /// The sources that are named in code.
    pub(super) fn local_options(
        &self,
        making: &mut Making<'_>,
        keys: &mut Vec<(&'static str, HeldKey)>,
        tokens: &mut Vec<(&'static str, HeldKey)>,
    ) -> Result<(), Error> {
        if let Some(path) = self.text("api_key_file") {
            keys.push(("api_key_file", self.file(path.into(), making)?));
        }
        if let Some(entry) = self.text("keyring") {
            let source = self.keyring_entry(entry, "option `keyring`")?;
            keys.push(("keyring", self.live(source, making)?));
        }
        if let Some(line) = self.text("credential_process") {
            let origin = Provenance::Option("credential_process");
            let key = self.command(line, &origin, making)?;
            let list = if wants_token(making) { &mut *tokens } else { &mut *keys };
            list.push(("credential_process", key));
        }
        if self.text("profile").is_some() {
            let chosen = self.found_in_profile(making)?;
            keys.extend(chosen.key.map(|key| ("profile", key)));
            tokens.extend(chosen.token.map(|token| ("profile", token)));
        }
        Ok(())
    }

    /// A key file that the environment names.
    pub(super) fn local_environment(
        &self,
        making: &Making<'_>,
        chosen: &mut Chosen,
    ) -> Result<(), Error> {
        let Some((path, variable)) = self.in_environment("api_key_file")? else { return Ok(()) };
        if let Some(key) = &chosen.key {
            return Err(config(
                "auth.conflict",
                format!("{} and {variable} are both set; unset one of them", key.provenance()),
            ));
        }
        chosen.key = Some(self.file(path.trim().into(), making)?);
        Ok(())
    }

    /// What the profile says; without a word of it, what the keyring has.
    pub(super) fn found_in_profile(&self, making: &mut Making<'_>) -> Result<Chosen, Error> {
        let mut chosen = Chosen::default();
        let (profile, section) = match self.profile()? {
            None => (None, None),
            Some((profile, asked)) => {
                let section = profile.section().map_err(|error| asked_for(&error, &asked))?;
                (Some(profile), section)
            }
        };
        let mut command = None;
        if let (Some(profile), Some(section)) = (profile, section) {
            let origin = profile.provenance();
            if let (None, Some(mode)) = (making.mode, &section.auth_mode) {
                making.mode = Some(self.mode_of(mode, &origin)?);
            }
            match section.key {
                Some(ProfileKey::Written(_)) => {
                    let key = self.live(Arc::new(profile), making)?;
                    read_now(&key)?;
                    chosen.key = Some(key);
                }
                Some(ProfileKey::File(path)) => {
                    chosen.key = Some(self.file(path, making)?);
                }
                Some(ProfileKey::Keyring(entry)) => {
                    let source = self.keyring_entry(&entry, &origin.to_string())?;
                    chosen.key = Some(self.live(source, making)?);
                }
                Some(ProfileKey::Command(line)) => command = Some((line, origin)),
                None => {}
            }
        }
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        match command {
            Some((line, origin)) if wants_token(making) => {
                chosen.token = Some(self.command(&line, &origin, making)?);
            }
            // A mode that takes no key has nothing to look for in the keyring.
            None if making.mode.is_some_and(|mode| mode.kind() != Mode::ApiKey) => {}
            command => chosen.key = self.last_sources(command, making)?,
        }
        Ok(chosen)
    }

    /// The keyring's entry for this profile, if there is one, before the profile's command.
    fn last_sources(
        &self,
        command: Option<(String, Provenance)>,
        making: &Making<'_>,
    ) -> Result<Option<HeldKey>, Error> {
        let mut sources: Vec<Arc<dyn SecretSource>> = Vec::new();
        if let Some(ring) = &self.ring {
            let entry = format!("{}.{}", self.profile_name()?.0, self.service.slug());
            sources.push(Arc::new(KeyringSource::optional(Arc::clone(ring), entry)));
        }
        if let Some((line, origin)) = command {
            let slot = Self::key_slot(making);
            let clock = Arc::clone(making.clock);
            sources.push(Arc::new(CommandSource::new(&line, slot, &origin, clock)?));
        }
        if sources.is_empty() {
            return Ok(None);
        }
        let source = Arc::new(FirstOf::new(sources, self.advice(making.mode)));
        self.live(source, making).map(Some)
    }

    /// Where the profile file is, or would be, and who named it.
    fn config_file(&self) -> Result<(Option<PathBuf>, Option<&'static str>), Error> {
        if let Some(path) = self.text("config_file") {
            return Ok((Some(path.into()), Some("option `config_file`")));
        }
        if let Some((path, by)) = self.in_environment("config_file")? {
            return Ok((Some(path.trim().into()), Some(by)));
        }
        let folder = self.folder(if cfg!(windows) { "APPDATA" } else { "XDG_CONFIG_HOME" });
        let folder = folder.or_else(|| Some(self.home()?.join(".config")));
        Ok((folder.map(|folder| folder.join("framekey").join("config.toml")), None))
    }

    /// The user's own folder.
    fn home(&self) -> Option<PathBuf> {
        self.folder(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
    }

    /// The folder that a variable names: from the root on, as nobody means one below wherever we are.
    /// One whose name is no text is another than it seems.
    fn folder(&self, variable: &str) -> Option<PathBuf> {
        let text = (self.environment)(variable)?;
        let folder = Some(text).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
        folder.map(PathBuf::from).filter(|folder| folder.is_absolute())
    }

    /// The profile to use, if the file is there or was asked for, and who asked for it.
    fn profile(&self) -> Result<Option<(Profile, Vec<String>)>, Error> {
        let (file, given) = self.config_file()?;
        let (name, by) = self.profile_name()?;
        let mut asked = Vec::new();
        asked.extend(by.map(|by| format!("{by} asks for profile `{name}`")));
        asked.extend(given.map(|by| format!("{by} names the file")));
        let Some(file) = file else {
            let why = "there is no folder to look for the profile file in; name it in FRAMEKEY_CONFIG_FILE";
            let error = config("config.bad_profile", why);
            return if asked.is_empty() { Ok(None) } else { Err(asked_for(&error, &asked)) };
        };
        let profile = Profile::new(file, name, self.service, self.home());
        let used = !asked.is_empty() || profile.exists();
        Ok(used.then_some((profile, asked)))
    }

    /// The profile's name, and who gave it.
    fn profile_name(&self) -> Result<(String, Option<&'static str>), Error> {
        if let Some(name) = self.text("profile") {
            return Ok((name.to_owned(), Some("option `profile`")));
        }
        let found = self.in_environment("profile")?;
        let found = found.map(|(name, by)| (name.trim().to_owned(), Some(by)));
        Ok(found.unwrap_or_else(|| ("default".to_owned(), None)))
    }

    fn file(&self, path: PathBuf, making: &Making<'_>) -> Result<HeldKey, Error> {
        let key = self.live(Arc::new(FileSource::new(path)), making)?;
        read_now(&key)?;
        Ok(key)
    }

    fn keyring_entry(&self, entry: &str, origin: &str) -> Result<Arc<dyn SecretSource>, Error> {
        let ring = self.ring.as_ref().ok_or_else(|| {
            let why = "this build has no keyring (feature `keyring`)";
            config("config.bad_option", format!("{origin}: {why}"))
        })?;
        Ok(Arc::new(KeyringSource::new(Arc::clone(ring), entry)))
    }

    fn command(
        &self,
        line: &str,
        origin: &Provenance,
        making: &Making<'_>,
    ) -> Result<HeldKey, Error> {
        let token = wants_token(making);
        let slot = if token { self.token_slot() } else { Self::key_slot(making) };
        let source = Arc::new(CommandSource::new(line, slot, origin, Arc::clone(making.clock))?);
        if !token {
            return self.live(source, making);
        }
        Ok(self.read_by(source, slot, making))
    }

    /// A key that can be read again.
    fn live(&self, source: Arc<dyn SecretSource>, making: &Making<'_>) -> Result<HeldKey, Error> {
        let key = self.read_by(source, Self::key_slot(making), making);
        self.aged(key, making)
    }

    /// Has the ages of a key kept, beside the profile file whether there is one or not.
    pub(super) fn aged(&self, key: HeldKey, making: &Making<'_>) -> Result<HeldKey, Error> {
        let (clock, notices) = (Arc::clone(making.clock), self.notices.clone());
        let lifetime = self.time("key_lifetime")?;
        let (file, by) = self.config_file()?;
        // The usual folder is made when it is needed; one that somebody names is theirs to make.
        let there = |folder: &Path| Path::new(".").join(folder).is_dir();
        let file = file.filter(|file| by.is_none() || file.parent().is_some_and(there));
        let file = file.map(|file| file.with_file_name("first-use.json"));
        Ok(key.aged(KeyAges::new(self.service, lifetime, file, clock, notices)))
    }
}

/// Reads a source that is a file now, so that what is wrong with it is told before a call.
fn read_now(key: &HeldKey) -> Result<(), Error> {
    match key.reread(0).now_or_never() {
        Some(Err(error)) => Err(error),
        _ => Ok(()),
    }
}

fn wants_token(making: &Making<'_>) -> bool {
    matches!(making.mode, Some(Mode::Jwt | Mode::Token))
}

/// The error with who asked for the profile, since a variable may have been set far from here.
fn asked_for(error: &Error, asked: &[String]) -> Error {
    let mut text = error.message().to_owned();
    for asked in asked {
        text.push_str(&format!("; {asked}"));
    }
    Error::new(error.kind(), error.code(), text)
}
