//! The generated halves of the Python and JavaScript packages, and the calls that test them.

mod argument;
mod calls;
mod declarations;
mod javascript;
mod kind;
mod python;
mod python_errors;
mod tree;

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::document::Document;
use super::output::Output;
use super::tables;

/// Writes every generated file below `bindings/`.
pub(crate) fn generate(root: &Path, documents: &[Document], output: &mut Output) -> Result<()> {
    let errors = tables::read_errors(root)?;
    let options = tables::read_options(root)?;
    python::generate(documents, &options, output)?;
    python_errors::generate(&errors, output);
    javascript::generate(documents, &errors, output)?;
    declarations::generate(documents, &errors, &options, output)?;
    calls::generate(documents, output)
}

/// The service's name as people know it.
fn title(document: &Document) -> &str {
    text_at(document, "/info/title").unwrap_or(document.service.variant)
}

/// What the service is for.
fn about(document: &Document) -> &str {
    text_at(document, "/info/description").unwrap_or(title(document))
}

/// What a resource is for: the text of its tag.
fn tag_text<'a>(document: &'a Document, resource: &'a str) -> &'a str {
    let tags = document.root.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tag =
        tags.into_iter().find(|tag| tag.get("name").and_then(Value::as_str) == Some(resource));
    tag.and_then(|tag| tag.get("description")).and_then(Value::as_str).unwrap_or(resource)
}

fn text_at<'a>(document: &'a Document, pointer: &str) -> Option<&'a str> {
    document.root.pointer(pointer).and_then(Value::as_str)
}

/// A text as one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text in lines of at most 100 characters; each begins with `lead`, all but the first with
/// `more` as well.
fn wrap(text: &str, lead: &str, more: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = lead.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > 100 {
            lines.push(std::mem::replace(&mut line, format!("{lead}{more}")));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn long_texts_are_wrapped_and_lose_no_word() {
        let text = "word ".repeat(60);
        let lines = wrap(&text, " * ", "  ");
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= 100), "{lines:?}");
        assert!(lines[0].starts_with(" * word") && lines[1].starts_with(" *   word"), "{lines:?}");
        assert_eq!(lines.iter().map(|line| line.matches("word").count()).sum::<usize>(), 60);
    }
}
