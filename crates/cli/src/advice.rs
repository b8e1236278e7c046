//! What the library advises, as it fits a command: there are no options for secrets here, but variables
//! and the profile file.

use framekey::Service;
use framekey::catalog::OPTIONS;

/// The text with the variables in the place of the options that they stand for.
pub(crate) fn in_terminal(text: &str, service: Option<Service>) -> String {
    let file =
        ", or put it into the profile file, framekey/config.toml in your configuration folder";
    let mut text = last_first(text).replace(" or pass the option `api_key`", file);
    for row in OPTIONS {
        let variables = row.env.iter().find(|(of, _)| Some(*of) == service);
        // The first is framekey's own, the second the one that is known from the service.
        if let Some(variable) = variables.and_then(|(_, names)| names.get(1).or(names.first())) {
            text = text.replace(&format!("option `{}`", row.name), variable);
        }
    }
    text
}

/// What to do goes before where it was looked for in vain.
fn last_first(text: &str) -> String {
    let parts = text.split_once("is configured; ").and_then(|(before, rest)| {
        let (why, advice) = rest.rsplit_once(". Set ")?;
        let (advice, after) = advice.split_once('.')?;
        Some((before, why, advice, after))
    });
    match parts {
        Some((before, why, advice, after)) => {
            format!("{before}is configured. Set {advice}; {why}.{after}")
        }
        None => text.to_owned(),
    }
}
