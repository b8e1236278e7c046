//! One set of arguments for an operation.

use framekey::catalog::{Body, Field, FieldKind, Operation, Place};
use serde_json::{Map, Value, json};

use crate::schema::{Schemas, Taste, wanted};
use crate::seed::Seed;

/// The arguments by name; files apart, as texts.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Values by argument name.
    pub values: Map<String, Value>,
    /// The bytes of files by argument name.
    pub files: Vec<(String, String)>,
}

/// Set `number` for `operation`.
#[must_use]
pub fn arguments(schemas: &Schemas, operation: &'static Operation, number: u64) -> Arguments {
    let mut seed = Seed::of(operation.id, number);
    let taste = Taste::of(number);
    let known = schemas.operation(operation.id);
    let mut made = Arguments::default();
    for param in operation.params {
        if !param.required && !wanted(taste, &mut seed) {
            continue;
        }
        // A null parameter is one that is not given; empty path segments are refused by both doors.
        let value = schemas.value(&known["params"][param.wire], taste, &mut seed, 0);
        let value = match (param.place, value) {
            (Place::Header, Value::String(text)) => Value::String(
                text.chars().filter(char::is_ascii).filter(|c| !c.is_control()).collect(),
            ),
            (_, value) => value,
        };
        made.values.insert(param.name.to_owned(), value);
    }
    let (fields, form): (&[Field], bool) = match &operation.body {
        Body::None => (&[], false),
        Body::Json { fields, .. } => (fields, false),
        Body::Multipart { fields } => (fields, true),
    };
    let properties = schemas.properties(&known["request"]);
    for field in fields {
        if !field.required && !wanted(taste, &mut seed) {
            continue;
        }
        if field.kind == FieldKind::File {
            made.files.push((field.name.to_owned(), format!("bytes of {} {number}", field.name)));
            continue;
        }
        let Some((_, schema, _)) = properties.iter().find(|(name, _, _)| *name == field.wire)
        else {
            continue;
        };
        let null = !field.required
            && !form
            && (taste == Taste::Nulls || (taste == Taste::Mixed && seed.below(6) == 0));
        let value = if null { Value::Null } else { schemas.value(schema, taste, &mut seed, 1) };
        made.values.insert(field.name.to_owned(), value);
    }
    made
}

impl Arguments {
    /// As the typed door's by-id form takes them: files beside the values.
    #[must_use]
    pub fn with_files(&self) -> Value {
        let mut all = self.values.clone();
        for (name, text) in &self.files {
            all.insert(name.clone(), json!({ "$bytes": text }));
        }
        Value::Object(all)
    }
}
