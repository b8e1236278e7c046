//! The arguments of an operation, in the order in which bindings show them.

use serde_json::Value;

use super::super::document::{Document, FieldKind, Operation, Place};
use super::super::pointer::resolve;
use super::kind::{self, Kind};
use super::one_line;

/// One argument.
pub(super) struct Argument {
    /// In snake case.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) required: bool,
    pub(super) text: String,
}

/// The arguments of one operation.
pub(super) struct Arguments {
    /// Those that stand in the path, in its order; always required.
    pub(super) path: Vec<Argument>,
    /// All others, the required ones first.
    pub(super) named: Vec<Argument>,
}

impl Arguments {
    pub(super) fn of(document: &Document, operation: &Operation) -> Self {
        let root = &document.root;
        let mut path = Vec::new();
        let mut named = Vec::new();
        for param in &operation.params {
            let argument =
                Argument::new(root, &param.name, &param.schema, param.required, &param.text);
            match param.place {
                Place::Path => {
                    path.push((operation.path.find(&format!("{{{}}}", param.wire)), argument))
                }
                Place::Query | Place::Header => named.push(argument),
            }
        }
        for field in operation.body.iter().flat_map(|body| &body.fields) {
            let mut argument = Argument::new(root, &field.name, &field.schema, field.required, "");
            if field.kind != FieldKind::File && matches!(argument.kind, Kind::File { .. }) {
                argument.kind = Kind::Any;
            }
            named.push(argument);
        }
        path.sort_by_key(|(at, _)| *at);
        named.sort_by_key(|argument| !argument.required);
        Arguments { path: path.into_iter().map(|(_, argument)| argument).collect(), named }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Argument> {
        self.path.iter().chain(&self.named)
    }
}

impl Argument {
    fn new(root: &Value, name: &str, schema: &Value, required: bool, text: &str) -> Self {
        let (kind, nullable) = kind::of(root, schema);
        let text = [text, description(schema), resolve(root, schema).map_or("", description)]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or_else(String::new, one_line);
        Argument { name: name.to_owned(), kind, nullable, required, text }
    }
}

fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}
