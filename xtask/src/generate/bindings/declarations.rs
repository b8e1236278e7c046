//! `npm/src/generated/*.d.ts`: what editors and compilers know of the JavaScript package.

use anyhow::Result;
use heck::{ToLowerCamelCase, ToUpperCamelCase};

use super::super::document::{Document, Operation};
use super::super::output::{HEAD, Output};
use super::super::tables::{ErrorEntry, OptionEntry, OptionType};
use super::argument::{Argument, Arguments};
use super::javascript::FOLDER;
use super::kind::Kind;
use super::python_errors::base;
use super::tree::Node;
use super::{one_line, wrap};

pub(super) fn generate(
    documents: &[Document],
    errors: &[ErrorEntry],
    options: &[OptionEntry],
    output: &mut Output,
) -> Result<()> {
    for document in documents {
        output
            .text(format!("{FOLDER}/{}.d.ts", document.service.slug), service(document, options)?);
    }
    output.text(format!("{FOLDER}/errors.d.ts"), classes(errors));
    Ok(())
}

/// The table of all languages knows nothing of functions.
const KEY_FUNCTION: &str =
    "A function is asked when the key is first needed, and once more when it is refused.";
const TOKEN_PROVIDER: &str = "Asked for a bearer token: a JWT for VideoVector, an access token for \
    api.video. The way to a credential in a browser, from the page's own server.";

fn service(document: &Document, options: &[OptionEntry]) -> Result<String> {
    let tree = Node::of(document)?;
    let name = document.service.variant;
    let mut text = format!(
        "// {HEAD}\nimport type {{\n  CallOptions,\n  CommonOptions,\n  FileInput,\n  Json,\n  ServiceClient,\n{}}} from \"../client.js\";\n",
        if takes_tokens(document) { "  TokenProvider,\n" } else { "" }
    );
    for node in tree.inner_first() {
        for operation in &node.operations {
            text.push_str(&argument_interface(document, operation));
        }
        text.push_str(&format!(
            "\n{}export interface {} {{\n",
            doc(super::tag_text(document, &node.path), "", ""),
            interface(&node.path)
        ));
        for operation in &node.operations {
            text.push_str(&method(document, operation));
        }
        text.push_str(&parts(node));
        text.push_str("}\n");
    }
    text.push_str(&format!(
        "\n/** How a client of {} is configured. */\nexport interface {name}Options extends CommonOptions {{\n",
        super::title(document)
    ));
    let mine = |option: &&OptionEntry| {
        let here = option.on_client() && !option.native;
        here && option.services.iter().any(|slug| slug == document.service.slug)
    };
    for option in options.iter().filter(mine) {
        let kind = match option.r#type {
            OptionType::Secret if option.name == "api_key" => {
                "string | (() => string | Promise<string>)"
            }
            OptionType::Secret | OptionType::String | OptionType::Path => "string",
            OptionType::Boolean => "boolean",
            OptionType::Integer | OptionType::Seconds => "number",
            // JavaScript takes values only.
            OptionType::Callback | OptionType::Listener => continue,
        };
        let from = option
            .env
            .get(document.service.slug)
            .map(|names| format!("In Node also from the environment: {}.", names.join(", ")));
        let mut more = from.unwrap_or_default();
        if option.name == "api_key" {
            more.push(' ');
            more.push_str(KEY_FUNCTION);
        }
        text.push_str(&doc(&option.doc, more.trim(), "  "));
        text.push_str(&format!("  {}?: {kind} | undefined;\n", option.name.to_lower_camel_case()));
        if option.name == "api_key" && takes_tokens(document) {
            text.push_str(&doc(TOKEN_PROVIDER, "", "  "));
            text.push_str("  tokenProvider?: TokenProvider | undefined;\n");
        }
    }
    text.push_str(&format!(
        "}}\n\n{}export declare class {name} extends ServiceClient {{\n  constructor(options?: {name}Options);\n",
        doc(super::about(document), "", "")
    ));
    text.push_str(&parts(&tree));
    text.push_str("}\n");
    Ok(text)
}

/// Twelve Labs takes API keys only.
fn takes_tokens(document: &Document) -> bool {
    document.service.slug != "twelve-labs"
}

fn interface(resource: &str) -> String {
    format!("{}Resource", resource.replace('.', "_").to_upper_camel_case())
}

fn parts(node: &Node<'_>) -> String {
    let line = |(name, part): (&String, &Node<'_>)| {
        format!("  readonly {}: {};\n", name.to_lower_camel_case(), interface(&part.path))
    };
    node.parts.iter().map(line).collect()
}

fn arguments_name(operation: &Operation) -> String {
    format!("{}Arguments", operation.id.replace('.', "_").to_upper_camel_case())
}

fn argument_interface(document: &Document, operation: &Operation) -> String {
    let arguments = Arguments::of(document, operation);
    if arguments.named.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n/** What `{}` takes by name. */\nexport interface {} {{\n",
        operation.id,
        arguments_name(operation)
    );
    for argument in &arguments.named {
        text.push_str(&doc(&argument.text, "", "  "));
        let (mark, undefined) = if argument.required { ("", "") } else { ("?", " | undefined") };
        text.push_str(&format!(
            "  {}{mark}: {}{undefined};\n",
            argument.name.to_lower_camel_case(),
            kind_of(argument)
        ));
    }
    text.push_str("}\n");
    text
}

fn method(document: &Document, operation: &Operation) -> String {
    let arguments = Arguments::of(document, operation);
    let mut parameters: Vec<String> = arguments
        .path
        .iter()
        .map(|argument| format!("{}: {}", argument.name.to_lower_camel_case(), kind_of(argument)))
        .collect();
    if !arguments.named.is_empty() {
        let mark = if arguments.named.iter().any(|argument| argument.required) { "" } else { "?" };
        parameters.push(format!("args{mark}: {}", arguments_name(operation)));
    }
    parameters.push("options?: CallOptions".to_owned());
    let mut more = operation.text("description").to_owned();
    for argument in &arguments.path {
        more.push_str(&format!(
            "\n@param {} {}",
            argument.name.to_lower_camel_case(),
            one_line(&argument.text)
        ));
    }
    format!(
        "{}  {}({}): Promise<Json>;\n",
        doc(operation.text("summary"), &more, "  "),
        operation.verb.to_lower_camel_case(),
        parameters.join(", ")
    )
}

fn kind_of(argument: &Argument) -> String {
    let kind = typescript(&argument.kind);
    if argument.nullable && argument.kind != Kind::Any { format!("{kind} | null") } else { kind }
}

fn typescript(kind: &Kind) -> String {
    match kind {
        Kind::Text => "string".to_owned(),
        Kind::Integer | Kind::Number => "number".to_owned(),
        Kind::Flag => "boolean".to_owned(),
        Kind::List(item) => format!("{}[]", typescript(item)),
        Kind::Object => "Record<string, unknown>".to_owned(),
        Kind::File { many: false } => "FileInput".to_owned(),
        Kind::File { many: true } => "FileInput | FileInput[]".to_owned(),
        Kind::Any => "unknown".to_owned(),
    }
}

fn classes(errors: &[ErrorEntry]) -> String {
    let mut text = format!("// {HEAD}\nimport {{ FramekeyError }} from \"../failure.js\";\n");
    for row in errors {
        text.push_str(&format!(
            "\n{}export declare class {} extends {} {{}}\n",
            doc(&row.doc, "", ""),
            row.class,
            base(row)
        ));
    }
    text
}

/// A comment: what it is, then more about it, line by line.
fn doc(summary: &str, more: &str, indent: &str) -> String {
    let clean = |text: &str| text.replace("*/", "*\u{200b}/");
    let summary = clean(&one_line(summary));
    let short = format!("{indent}/** {summary} */\n");
    if more.is_empty() && short.chars().count() <= 101 {
        return short;
    }
    let lead = format!("{indent} * ");
    let mut lines = vec![format!("{indent}/**")];
    lines.extend(wrap(&summary, &lead, ""));
    for paragraph in more.lines().filter(|line| !line.trim().is_empty()) {
        let more = if paragraph.starts_with('@') { "  " } else { "" };
        lines.extend(wrap(&clean(paragraph), &lead, more));
    }
    lines.push(format!("{indent} */\n"));
    lines.join("\n")
}
