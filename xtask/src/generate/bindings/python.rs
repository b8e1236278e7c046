//! `framekey/generated/{api_video,twelve_labs,videovector}.py`: a class per resource, a method per
//! operation; and the same once more for event loops, in `…_async.py`.

use anyhow::Result;
use heck::ToUpperCamelCase;

use super::super::document::{Document, Operation};
use super::super::output::{HEAD, Output};
use super::super::tables::{OptionEntry, OptionType};
use super::argument::{Argument, Arguments};
use super::kind::Kind;
use super::tree::Node;
use super::{one_line, wrap};

pub(super) const FOLDER: &str = "bindings/python/python/framekey/generated";

/// Arguments that are secrets themselves: they do not stay in local variables, which tracebacks may show.
const SECRETS: [&str; 4] = ["api_key", "aws_secret_access_key", "client_secret", "refresh_token"];

/// For whom a module is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    /// Threads, which wait.
    Threads,
    /// Tasks of an event loop.
    Tasks,
}

impl Callers {
    /// What a class of the other module is called here.
    fn class(self, name: &str) -> String {
        format!("{}{name}", self.pick("", "Async"))
    }

    fn pick<'a>(self, threads: &'a str, tasks: &'a str) -> &'a str {
        match self {
            Callers::Threads => threads,
            Callers::Tasks => tasks,
        }
    }
}

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

pub(super) fn generate(
    documents: &[Document],
    options: &[OptionEntry],
    output: &mut Output,
) -> Result<()> {
    output.folder(FOLDER);
    output.text(
        format!("{FOLDER}/__init__.py"),
        format!("# {HEAD}\n\"\"\"What is made from the specs.\"\"\"\n"),
    );
    for document in documents {
        for callers in [Callers::Threads, Callers::Tasks] {
            let name = format!("{}{}", document.service.module, callers.pick("", "_async"));
            output.text(format!("{FOLDER}/{name}.py"), module(document, options, callers)?);
        }
    }
    Ok(())
}

fn module(document: &Document, options: &[OptionEntry], callers: Callers) -> Result<String> {
    let tree = Node::of(document)?;
    let client = callers.class(document.service.variant);
    let title = super::title(document);
    let mut text = format!(
        "# {HEAD}\n\"\"\"The client of {title}{}.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from collections.abc import Awaitable, Callable, Mapping, Sequence\n\
         from os import PathLike\n\
         from typing import Any\n\n\
         {}\
         from .._files import FileInput\n\
         from .._unset import UNSET, Unset\n",
        callers.pick("", " for asyncio"),
        callers.pick(
            "from .._callbacks import Notice\nfrom .._client import Json, Resource, ServiceClient, part\n",
            "from .._async_client import AsyncResource, AsyncServiceClient\n\
             from .._callbacks import Notice\n\
             from .._client import Json, part\n",
        ),
    );
    for node in tree.inner_first() {
        text.push_str(&format!(
            "\n\nclass {}({}):\n",
            class(node, callers),
            callers.class("Resource")
        ));
        text.push_str(&docstring(super::tag_text(document, &node.path), "", &[], "    "));
        text.push_str("\n    __slots__ = ()\n");
        text.push_str(&parts(node, callers));
        for operation in &node.operations {
            text.push('\n');
            text.push_str(&method(document, operation, callers));
        }
    }
    let about = super::about(document);
    text.push_str(&format!("\n\nclass {client}({}):\n", callers.class("ServiceClient")));
    text.push_str(&docstring(about, "", &[], "    "));
    text.push_str(&format!("\n    _service = \"{}\"\n", document.service.slug));
    text.push_str(&parts(&tree, callers));
    text.push('\n');
    text.push_str(&constructor(document, options));
    Ok(text)
}

fn class(node: &Node<'_>, callers: Callers) -> String {
    callers.class(&format!("{}Resource", node.path.replace('.', "_").to_upper_camel_case()))
}

fn parts(node: &Node<'_>, callers: Callers) -> String {
    let lines: String = node
        .parts
        .iter()
        .map(|(name, part)| format!("    {name} = part({})\n", class(part, callers)))
        .collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn constructor(document: &Document, options: &[OptionEntry]) -> String {
    let mine: Vec<&OptionEntry> = options
        .iter()
        .filter(|option| {
            option.on_client() && option.services.iter().any(|slug| slug == document.service.slug)
        })
        .collect();
    let mut text = "    def __init__(\n        self,\n        *,\n".to_owned();
    for option in &mine {
        text.push_str(&format!(
            "        {}: {} | None = None,\n",
            option.name,
            option_kind(option)
        ));
    }
    text.push_str("    ) -> None:\n");
    let docs: Vec<(String, String)> = mine
        .iter()
        .map(|option| {
            let from = option
                .env
                .get(document.service.slug)
                .map(|names| format!("From the environment: {}.", names.join(", ")));
            let parts = [Some(&option.doc), option.function.as_ref(), from.as_ref()];
            let doc: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            (option.name.clone(), one_line(&doc.join(" ")))
        })
        .collect();
    text.push_str(&docstring(
        "Sends nothing: the credential is obtained by the first call that needs it.",
        "",
        &docs,
        "        ",
    ));
    let names: Vec<&str> = mine.iter().map(|option| option.name.as_str()).collect();
    // A function may show what it was made with: `functools.partial`.
    let secrets: Vec<&str> = mine
        .iter()
        .filter(|option| option.r#type == OptionType::Secret || option.r#type.is_function())
        .map(|option| option.name.as_str())
        .collect();
    text.push_str(&dict("        options: dict[str, Any] = ", &names, "        "));
    text.push_str(&format!("        del {}\n", secrets.join(", ")));
    text.push_str("        self._open(options)\n");
    text
}

fn option_kind(option: &OptionEntry) -> String {
    const CALLBACK: &str = "Callable[[], str | Awaitable[str]]";
    let kind = match option.r#type {
        OptionType::Secret | OptionType::String => "str",
        OptionType::Path => "str | PathLike[str]",
        OptionType::Boolean => "bool",
        OptionType::Integer => "int",
        OptionType::Seconds => "float",
        OptionType::Callback => CALLBACK,
        OptionType::Listener => "Callable[[Notice], object]",
    };
    match option.function {
        Some(_) => format!("{kind} | {CALLBACK}"),
        None => kind.to_owned(),
    }
}

fn method(document: &Document, operation: &Operation, callers: Callers) -> String {
    let arguments = Arguments::of(document, operation);
    let verb = python_name(&operation.verb);
    let mut text = format!("    {}def {verb}(\n        self,\n", callers.pick("", "async "));
    for argument in &arguments.path {
        text.push_str(&format!(
            "        {}: {},\n",
            python_name(&argument.name),
            annotation(&argument.kind)
        ));
    }
    text.push_str("        *,\n");
    for argument in &arguments.named {
        let null = if argument.nullable { " | None" } else { "" };
        let (unset, default) = if argument.required { ("", "") } else { (" | Unset", " = UNSET") };
        let kind = annotation(&argument.kind);
        let kind = if kind == "Any" { kind } else { format!("{kind}{null}{unset}") };
        text.push_str(&format!("        {}: {kind}{default},\n", python_name(&argument.name)));
    }
    text.push_str("        timeout: float | None = None,\n    ) -> Json:\n");
    let mut docs: Vec<(String, String)> = arguments
        .all()
        .map(|argument| (python_name(&argument.name), argument.text.clone()))
        .collect();
    docs.push((
        "timeout".to_owned(),
        "Time limit of this call in seconds; the client's where it is left out.".to_owned(),
    ));
    text.push_str(&docstring(
        operation.text("summary"),
        operation.text("description"),
        &docs,
        "        ",
    ));
    text.push_str(&body(operation, &arguments, callers));
    text
}

fn body(operation: &Operation, arguments: &Arguments, callers: Callers) -> String {
    let is_file = |argument: &&Argument| matches!(argument.kind, Kind::File { .. });
    let values: Vec<&str> = arguments
        .all()
        .filter(|argument| !is_file(argument))
        .map(|argument| argument.name.as_str())
        .collect();
    let files: Vec<&str> =
        arguments.all().filter(is_file).map(|argument| argument.name.as_str()).collect();
    let secrets: Vec<&str> = values.iter().copied().filter(|name| SECRETS.contains(name)).collect();
    let mut text = dict("        _arguments: dict[str, Any] = ", &values, "        ");
    let mut given = "None";
    if !files.is_empty() {
        text.push_str(&dict("        _files: dict[str, Any] = ", &files, "        "));
        given = "_files";
    }
    if !secrets.is_empty() {
        text.push_str(&format!("        del {}\n", secrets.join(", ")));
    }
    text.push_str(&format!(
        "        return {}self._client._call(\"{}\", _arguments, {given}, timeout)\n",
        callers.pick("", "await "),
        operation.id
    ));
    text
}

/// A dict of variables by their own names.
fn dict(start: &str, names: &[&str], indent: &str) -> String {
    let entries: Vec<String> =
        names.iter().map(|name| format!("\"{name}\": {}", python_name(name))).collect();
    let line = format!("{start}{{{}}}\n", entries.join(", "));
    if line.chars().count() <= 100 {
        return line;
    }
    let lines: String = entries.iter().map(|entry| format!("{indent}    {entry},\n")).collect();
    format!("{start}{{\n{lines}{indent}}}\n")
}

/// The core ignores underscores in names, so that a trailing one changes nothing.
fn python_name(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("{name}_") } else { name.to_owned() }
}

fn annotation(kind: &Kind) -> String {
    match kind {
        Kind::Text => "str".to_owned(),
        Kind::Integer => "int".to_owned(),
        Kind::Number => "float".to_owned(),
        Kind::Flag => "bool".to_owned(),
        Kind::List(item) => format!("Sequence[{}]", annotation(item)),
        Kind::Object => "Mapping[str, Any]".to_owned(),
        Kind::File { many: false } => "FileInput".to_owned(),
        Kind::File { many: true } => "FileInput | Sequence[FileInput]".to_owned(),
        Kind::Any => "Any".to_owned(),
    }
}

/// A docstring: what it is, more about it, a line per argument.
pub(super) fn docstring(
    summary: &str,
    more: &str,
    arguments: &[(String, String)],
    indent: &str,
) -> String {
    let clean = |text: &str| one_line(text).replace('\\', "\\\\").replace("\"\"\"", "'''");
    let mut lines = wrap(&format!("\"\"\"{}", clean(summary)), indent, "");
    if !more.is_empty() {
        lines.push(String::new());
        lines.extend(wrap(&clean(more), indent, ""));
    }
    if !arguments.is_empty() {
        lines.push(String::new());
        lines.push(format!("{indent}Args:"));
        for (name, text) in arguments {
            lines.extend(wrap(
                &clean(&format!("{name}: {text}")),
                &format!("{indent}    "),
                "    ",
            ));
        }
    }
    let one = lines.len() == 1;
    match lines.last_mut() {
        // A quote at the end would close the string one character early.
        Some(last) if one && !last.ends_with('"') => last.push_str("\"\"\""),
        _ => lines.push(format!("{indent}\"\"\"")),
    }
    lines.join("\n") + "\n"
}
