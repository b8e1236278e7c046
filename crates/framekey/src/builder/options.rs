//! Options by name, and where their values come from.

use std::time::Duration;

use framekey_catalog::{OPTIONS, OptionKind, OptionRow};
use framekey_runtime::encode::listed;
use framekey_runtime::{Error, Seconds, Secret, Value};

use super::choose::Mode;
use super::{ClientBuilder, config};
use crate::dynamic::{Client, fold, nearest};

/// Looks an environment variable up.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;
#[cfg(target_arch = "wasm32")]
pub(super) type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// The value of an option. They are kept in a list: there are a handful, and a map's code is large
/// in a browser.
pub(super) enum Setting {
    Secret(Secret),
    Time(Duration),
    Plain(Value),
}

impl<C: From<Client>> ClientBuilder<C> {
    /// Sets an option of `spec/options.yaml` by its name; case and underscores do not matter. A null
    /// leaves it as it was.
    ///
    /// # Errors
    /// `config.bad_option`: no such option (the nearest one is named), or a value of another type.
    pub fn set(mut self, name: &str, value: Value) -> Result<Self, Error> {
        let row = self.option(name)?;
        let wrong = |want: &str| {
            Err(config("config.bad_option", format!("option `{}` takes {want}", row.name)))
        };
        let setting = match (row.kind, value) {
            (_, Value::Null) => return Ok(self),
            (OptionKind::Secret, Value::String(text)) => Setting::Secret(Secret::new(text)),
            // Names and paths; base URLs and what a browser has are checked by their readers.
            #[cfg(feature = "native")]
            (OptionKind::String, Value::String(text))
                if row.name != "base_url"
                    && (text.trim().is_empty() || text.contains(char::is_control)) =>
            {
                return wrong("a text that is not empty and has no control character");
            }
            (OptionKind::String, value @ Value::String(_))
            | (OptionKind::Boolean, value @ Value::Bool(_))
            | (OptionKind::Integer, value @ Value::Number(_)) => Setting::Plain(value),
            (OptionKind::Seconds, value @ Value::Number(_)) => {
                Setting::Time(Seconds::read(&value).unwrap_or_default())
            }
            (OptionKind::Boolean, _) => return wrong("true or false"),
            (OptionKind::Seconds, _) => return wrong("a number of seconds"),
            (OptionKind::Integer, _) => return wrong("a whole number"),
            (OptionKind::Secret | OptionKind::String, _) => return wrong("a text"),
        };
        self.put(row.name, setting);
        Ok(self)
    }

    fn option(&self, name: &str) -> Result<&'static OptionRow, Error> {
        let mine =
            || OPTIONS.iter().filter(|row| row.on_client && row.services.contains(&self.service));
        mine().find(|row| fold(row.name) == fold(name)).ok_or_else(|| {
            let known: Vec<&'static str> = mine().map(|row| row.name).collect();
            let hint = match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", listed(&known, ", ")),
            };
            let message = format!("{} has no option `{name}`; {hint}", self.service.title());
            config("config.bad_option", message)
        })
    }

    /// The last value of an option wins.
    pub(super) fn put(&mut self, name: &'static str, setting: Setting) {
        self.values.retain(|(held, _)| *held != name);
        self.values.push((name, setting));
    }

    pub(super) fn value(&self, name: &str) -> Option<&Setting> {
        self.values.iter().find(|(held, _)| *held == name).map(|(_, setting)| setting)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Setting::Plain(Value::String(text))) => Some(text),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Setting::Plain(Value::Bool(true))))
    }

    /// The value of an option in the environment, and the variable that holds it.
    pub(super) fn in_environment(
        &self,
        name: &str,
    ) -> Result<Option<(String, &'static str)>, Error> {
        let names = OPTIONS
            .iter()
            .filter(|row| row.name == name)
            .flat_map(|row| row.env)
            .filter(|(service, _)| *service == self.service)
            .flat_map(|(_, names)| names.iter().copied());
        let mut found: Option<(String, &'static str)> = None;
        for variable in names {
            // An empty one is how shells and containers say that it is not set.
            let Some(value) = (self.environment)(variable).filter(|value| !value.is_empty()) else {
                continue;
            };
            match &found {
                Some((first, holder)) if first.trim() != value.trim() => {
                    return Err(config(
                        "auth.conflict",
                        format!(
                            "{holder} and {variable} are both set and differ; unset one of them"
                        ),
                    ));
                }
                Some(_) => {}
                None => found = Some((value, variable)),
            }
        }
        Ok(found)
    }

    /// A secret that was given in code.
    pub(super) fn given(&self, name: &str) -> Option<&Secret> {
        match self.value(name) {
            Some(Setting::Secret(secret)) => Some(secret),
            _ => None,
        }
    }

    /// A time that was given in code; zero stands for what is not a positive number.
    pub(super) fn time(&self, name: &str) -> Result<Option<Duration>, Error> {
        match self.value(name) {
            Some(Setting::Time(time)) if time.is_zero() => Err(config(
                "config.bad_option",
                format!("option `{name}` takes a positive number of seconds"),
            )),
            Some(Setting::Time(time)) => Ok(Some(*time)),
            _ => Ok(None),
        }
    }

    /// What to set when nothing is configured.
    pub(super) fn advice(&self, mode: Option<Mode>) -> String {
        if let Some(kind @ (Mode::Session | Mode::Token)) = mode.map(Mode::kind) {
            return format!("`auth_mode` wants {}.", self.wanted(kind));
        }
        let variable = OPTIONS
            .iter()
            .filter(|row| row.name == "api_key")
            .flat_map(|row| row.env)
            .find(|(service, _)| *service == self.service)
            .and_then(|(_, names)| names.get(1).or_else(|| names.first()));
        match variable {
            Some(variable) => format!("Set {variable} or pass the option `api_key`."),
            None => "Pass the option `api_key`.".to_owned(),
        }
    }
}
