//! `framekey auth status`: which credential would be used for each service, and from where.

use std::process::ExitCode;
use std::time::Duration;

use comfy_table::{Table, presets};
use framekey::dynamic::Client;
use framekey::{AuthStatus, CredentialStatus, Error, Service};
use serde_json::{Value, json};

use crate::advice::in_terminal;
use crate::args::AuthStatusOptions;
use crate::out;

/// Prints the state. What is wrong with a service is part of the answer, so the code is 0.
pub(crate) async fn status(options: AuthStatusOptions) -> Result<ExitCode, Error> {
    let services = options.service.map_or(Service::ALL.to_vec(), |service| vec![service]);
    let mut found = Vec::new();
    for service in services {
        found.push((service, Client::builder(service).auth_status().await));
    }
    if options.json {
        let list: Vec<Value> =
            found.iter().map(|(service, status)| as_json(*service, status.as_ref())).collect();
        out::line(&format!("{:#}", Value::from(list)))?;
    } else {
        print(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(service: Service, status: Result<&AuthStatus, &Error>) -> Value {
    match status {
        Ok(status) => json!({
            "service": service.slug(),
            "base_url": status.base_url,
            "credentials": status.credentials.iter().map(credential).collect::<Vec<_>>(),
            "notes": status.notes.iter().map(|note| in_terminal(note, Some(service))).collect::<Vec<_>>(),
        }),
        Err(error) => json!({
            "service": service.slug(),
            "problem": {
                "code": error.code(),
                "message": in_terminal(error.message(), Some(service)),
            },
        }),
    }
}

fn credential(found: &CredentialStatus) -> Value {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    json!({
        "kind": found.kind,
        "source": found.source,
        "fingerprint": found.fingerprint,
        "age_seconds": seconds(found.age),
        "left_seconds": seconds(found.left),
        "problem": found.problem,
    })
}

fn print(found: &[(Service, Result<AuthStatus, Error>)]) -> Result<(), Error> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["service", "credential", "from", "fingerprint", "first used"]);
    let mut remarks = Vec::new();
    for (service, status) in found {
        let title = service.title();
        let status = match status {
            Ok(status) => status,
            Err(error) => {
                table.add_row([title, "not usable", "", "", ""]);
                remarks.push(in_terminal(&error.to_string(), Some(*service)));
                continue;
            }
        };
        if status.credentials.is_empty() {
            table.add_row([title, "none", "", "", ""]);
        }
        for found in &status.credentials {
            let mark = found.fingerprint.as_deref().unwrap_or("-");
            let age = found.age.map_or_else(|| "-".to_owned(), days_ago);
            table.add_row([title, found.kind, &found.source, mark, &age]);
            remarks.extend(found.problem.iter().map(|problem| format!("{title}: {problem}")));
        }
        let notes = status.notes.iter().map(|note| in_terminal(note, Some(*service)));
        remarks.extend(notes.map(|note| format!("{title}: {note}")));
    }
    out::line(&table.trim_fmt())?;
    remarks.iter().for_each(|remark| out::note(remark));
    Ok(())
}

fn days_ago(age: Duration) -> String {
    match age.as_secs() / (24 * 3600) {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}
