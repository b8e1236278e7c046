//! Connectors to cloud storage. What is in a storage is the same few files for every connector.

use std::collections::BTreeSet;

use framekey_catalog::Service;
use serde_json::{Map, Value, json};

use super::rules::{Answered, absent, conflict, invalid};
use super::{Account, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;

/// A service account's key file has at most so many bytes.
const LARGEST_KEY_FILE: u64 = 64 << 10;
/// What every storage holds: path and bytes.
const FILES: [(&str, u64); 6] = [
    ("audio/interview-20m.mp3", 19_200_000),
    ("images/cover.jpg", 240_000),
    ("notes.txt", 1_200),
    ("videos/2026/intro-30s.mp4", 6_000_000),
    ("videos/2026/talk-95m.mp4", 1_140_000_000),
    ("videos/trailer-45s.mov", 9_000_000),
];
/// What may be read back of what was given; the rest is secret.
const SHOWN: [&str; 8] = [
    "name",
    "bucket",
    "region",
    "storage_account",
    "container",
    "gcp_project_id",
    "export_base_path",
    "import_mode",
];

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Connector {
    pub(super) id: String,
    provider: String,
    fields: Map<String, Value>,
    scopes: Vec<String>,
    created: Moment,
    tested: Option<Moment>,
    /// Paths that were imported already.
    pub(super) imported: BTreeSet<String>,
}

impl Connector {
    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// What holds the files, by the provider's name for it.
    fn place(&self) -> &str {
        self.text("bucket").or_else(|| self.text("container")).unwrap_or_default()
    }

    /// A storage of this name cannot be reached.
    fn is_out_of_reach(&self) -> bool {
        self.place().contains("unreachable")
    }

    pub(super) fn skips_known_files(&self) -> bool {
        self.text("import_mode") == Some("new_only")
    }

    pub(super) fn base_path(&self) -> Option<&str> {
        self.text("export_base_path")
    }

    pub(super) fn uri(&self, path: &str) -> String {
        let place = self.place();
        match self.provider.as_str() {
            "gcs" => format!("gs://{place}/{path}"),
            "s3" => format!("s3://{place}/{path}"),
            _ => {
                let account = self.text("storage_account").unwrap_or_default();
                format!("https://{account}.blob.core.windows.net/{place}/{path}")
            }
        }
    }

    fn to_json(&self) -> Value {
        let failed = self.tested.is_some() && self.is_out_of_reach();
        let result = self.tested.map(|_| if failed { "failed" } else { "success" });
        let mut body = shape::of(
            "Connector",
            json!({
                "connector_id": self.id, "provider": self.provider, "scopes": self.scopes,
                "status": if failed { "failed" } else { "active" }, "created_at": self.created.to_string(),
                "last_tested_at": self.tested.map(|at| at.to_string()), "last_test_result": result,
                "last_test_error": failed.then_some(OUT_OF_REACH),
            }),
        );
        shape::lay_over(&mut body, Value::Object(self.fields.clone()));
        body
    }
}

const OUT_OF_REACH: &str = "The storage could not be reached with these credentials.";

impl Account {
    pub(super) fn create_connector(
        &mut self,
        provider: &str,
        call: &Call,
        draw: &mut Draw,
    ) -> Answered {
        if call.form.size() > LARGEST_KEY_FILE {
            return Err(invalid("credentials_file", "credentials_file has at most 64 KiB."));
        }
        let mut fields = call.object();
        fields.retain(|name, value| SHOWN.contains(&name.as_str()) && !value.is_null());
        let given = call.field("scopes").and_then(Value::as_array);
        let scopes = match given {
            Some(given) => given.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => vec!["import".to_owned()],
        };
        let connector = Connector {
            id: format!("conn_{}", draw.hex(24)),
            provider: provider.to_owned(),
            fields,
            scopes,
            created: call.now,
            tested: None,
            imported: BTreeSet::new(),
        };
        let body = connector.to_json();
        self.connectors.add(&connector.id.clone(), connector);
        Ok(body)
    }

    pub(super) fn connector(&self, id: &str) -> Result<&Connector, Answer> {
        self.connectors.get(id).ok_or_else(|| absent("connector"))
    }

    /// A connector that may be used for `scope`: import or export.
    pub(super) fn connector_for(&self, id: &str, scope: &str) -> Result<&Connector, Answer> {
        let connector = self.connector(id)?;
        if connector.scopes.iter().any(|one| one == scope) {
            return Ok(connector);
        }
        let message = format!("The connector does not have the scope {scope}.");
        Err(invalid("connector_id", &message))
    }

    pub(super) fn list_connectors(&self) -> Answered {
        Ok(self.connectors.iter().map(Connector::to_json).collect())
    }

    pub(super) fn get_connector(&self, call: &Call) -> Answered {
        self.connector(call.id("connector_id")).map(Connector::to_json)
    }

    pub(super) fn delete_connector(&mut self, call: &Call) -> Answered {
        let id = call.id("connector_id");
        self.connector(id)?;
        if self.jobs.iter().any(|job| job.is_open() && job.connector.as_deref() == Some(id)) {
            return Err(conflict("An import job is using the connector."));
        }
        self.connectors.take(id);
        Ok(json!({ "message": "Connector deleted" }))
    }

    /// A storage that cannot be reached is a normal answer.
    pub(super) fn test_connector(&mut self, call: &Call) -> Answered {
        let found = self.connectors.get_mut(call.id("connector_id"));
        let connector = found.ok_or_else(|| absent("connector"))?;
        connector.tested = Some(call.now);
        let failed = connector.is_out_of_reach();
        Ok(json!({ "success": !failed, "error_message": failed.then_some(OUT_OF_REACH) }))
    }

    pub(super) fn browse_connector(&self, call: &Call) -> Answered {
        let connector = self.connector(call.id("connector_id"))?;
        if connector.is_out_of_reach() {
            return Err(crate::answer::nested(
                502,
                "external_service_error",
                OUT_OF_REACH,
                &Value::Null,
            ));
        }
        let text = |name: &str| call.field(name).and_then(Value::as_str);
        let recursive = call.field("recursive") != Some(&Value::Bool(false));
        let found =
            files(text("prefix").unwrap_or_default(), text("pattern").unwrap_or("*"), recursive);
        Ok(found.map(|(path, size)| cloud_file(path, size, connector.created)).collect())
    }
}

fn cloud_file(path: &str, size: u64, changed: Moment) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    json!({
        "path": path, "name": name, "size_bytes": size, "last_modified": changed.to_string(),
        "content_type": null, "extension": format!(".{ending}"),
    })
}

/// The files of a storage that a prefix and a pattern let through.
pub(super) fn files(
    prefix: &str,
    pattern: &str,
    recursive: bool,
) -> impl Iterator<Item = (&'static str, u64)> {
    FILES.into_iter().filter(move |(path, _)| {
        let Some(rest) = path.strip_prefix(prefix) else { return false };
        let name = path.rsplit('/').next().unwrap_or_default();
        (recursive || !rest.trim_start_matches('/').contains('/')) && matches(pattern, name)
    })
}

/// A glob of file names: `*`, `?` and one choice in braces.
fn matches(pattern: &str, name: &str) -> bool {
    if let Some((before, rest)) = pattern.split_once('{')
        && let Some((choice, after)) = rest.split_once('}')
    {
        return choice.split(',').any(|one| matches(&format!("{before}{one}{after}"), name));
    }
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    // Where the last star was, and how much of the name it has taken.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|one| *one == '?' || name.get(n) == Some(one)) {
            p += 1;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern.iter().skip(p).all(|one| *one == '*')
}

/// A form's fields as a JSON body, so that one set of rules does for both.
pub(super) fn form_as_body(call: &Call) -> Value {
    let schema = crate::schemas::request(call.operation);
    let fields = call.form.fields.iter().map(|(name, values)| {
        let wanted = crate::schemas::resolve(Service::VideoVector, &schema["properties"][name]);
        let value = match wanted["type"].as_str() {
            Some("array") => json!(values),
            _ => json!(values.first()),
        };
        (name.clone(), value)
    });
    Value::Object(fields.collect())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs() {
        for (pattern, name, fits) in [
            ("*", "a.mp4", true),
            ("*.mp4", "a.mp4", true),
            ("*.mp4", "a.mp3", false),
            ("*.{mp4,mov}", "a.mov", true),
            ("*.{mp4,mov}", "a.mkv", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("", "a", false),
            ("**", "", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
