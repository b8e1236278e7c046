//! The doc comments of methods, from the document's texts.

use syn::Attribute;

use super::methods::{Method, Source};
use super::syntax::docs;
use crate::generate::document::Operation;

/// Summary, description, route and arguments.
pub(crate) fn method(method: &Method<'_>) -> Vec<Attribute> {
    let mut lines = operation(method.operation);
    let params = method.arguments.iter().filter_map(|argument| match argument.source {
        Source::Param(param) if !param.text.is_empty() => {
            Some(format!("- `{}`: {}", argument.ident, plain(&param.text)))
        }
        _ => None,
    });
    let params: Vec<String> = params.collect();
    if !params.is_empty() {
        lines.push(String::new());
        lines.extend(params);
    }
    docs(&lines)
}

/// Summary, description and route.
pub(crate) fn operation(operation: &Operation) -> Vec<String> {
    let mut lines = vec![plain(operation.text("summary").trim_end_matches('.')) + "."];
    if !operation.text("description").is_empty() {
        lines.push(String::new());
        lines.push(plain(operation.text("description")));
    }
    lines.push(String::new());
    lines.push(format!("`{} {}`", operation.method.to_uppercase(), operation.path));
    lines
}

/// Text that rustdoc takes as it is: outside of backticks, no brackets that look like links, no
/// tags, and bare URLs in `<>`.
pub(crate) fn plain(text: &str) -> String {
    let pieces = text.trim().split('`').enumerate();
    let pieces =
        pieces.map(|(at, piece)| if at % 2 == 1 { piece.to_owned() } else { prose(piece) });
    pieces.collect::<Vec<_>>().join("`")
}

fn prose(text: &str) -> String {
    let text = text.replace('[', "\\[").replace(']', "\\]");
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    if word.starts_with("http://") || word.starts_with("https://") {
        let end = word.trim_end_matches([',', ';', ')', '.']);
        return format!("<{end}>{}", &word[end.len()..]);
    }
    word.replace('<', "\\<")
}
