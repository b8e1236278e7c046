//! `npm/src/generated/*.js`: a line per operation, from which the package makes its methods when a
//! client is built, and a class per kind of failure.

use anyhow::Result;

use super::super::document::Document;
use super::super::output::{HEAD, Output};
use super::super::tables::ErrorEntry;
use super::argument::Arguments;
use super::python_errors::base;
use super::tree::Node;

pub(super) const FOLDER: &str = "bindings/js/npm/src/generated";

pub(super) fn generate(
    documents: &[Document],
    errors: &[ErrorEntry],
    output: &mut Output,
) -> Result<()> {
    output.folder(FOLDER);
    for document in documents {
        Node::of(document)?;
        output.text(format!("{FOLDER}/{}.js", document.service.slug), service(document));
    }
    output.text(format!("{FOLDER}/errors.js"), classes(errors));
    Ok(())
}

/// The id, the arguments that stand in the path, and `+` where it takes others.
fn service(document: &Document) -> String {
    let name = document.service.variant;
    let mut text = format!(
        "// {HEAD}\nimport {{ ServiceClient }} from \"../client.js\";\n\nconst operations = [\n"
    );
    for operation in &document.operations {
        let arguments = Arguments::of(document, operation);
        text.push_str(&format!("  \"{}", operation.id));
        for argument in &arguments.path {
            text.push_str(&format!(" {}", argument.name));
        }
        text.push_str(if arguments.named.is_empty() { "\",\n" } else { " +\",\n" });
    }
    text.push_str("];\n\n");
    text.push_str(&format!(
        "export class {name} extends ServiceClient {{\n  constructor(options) {{\n    \
         super(\"{name}\", \"{}\", operations, options);\n  }}\n}}\n",
        document.service.slug
    ));
    text
}

fn classes(errors: &[ErrorEntry]) -> String {
    let mut text =
        format!("// {HEAD}\nimport {{ FramekeyError, named }} from \"../failure.js\";\n");
    let mut rows: Vec<&ErrorEntry> = errors.iter().collect();
    rows.sort_by_key(|row| base(row) != "FramekeyError");
    for row in &rows {
        text.push_str(&format!(
            "\nexport class {0} extends {1} {{}}\nnamed({0}, \"{0}\");\n",
            row.class,
            base(row)
        ));
    }
    text.push_str("\nexport const KINDS = {\n");
    for row in errors {
        text.push_str(&format!("  {}: {},\n", row.kind, row.class));
    }
    text.push_str("};\n");
    text
}
