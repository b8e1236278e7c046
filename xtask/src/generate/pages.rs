//! Checks that what the overlay says of pages and streams is there in the document.

use anyhow::{Context, Result, bail, ensure};

use super::document::{Document, Operation, Place};
use super::overlay::{CursorPlace, Page};
use super::pointer::{at_path, is_list};

pub(crate) fn check(document: &Document, operation: &Operation) -> Result<()> {
    if let Some(page) = &operation.page {
        check_page(document, operation, page)?;
    }
    if let Some(when) = operation.stream.as_ref().and_then(|stream| stream.when.as_ref()) {
        has_field(operation, when)?;
    }
    Ok(())
}

fn check_page(document: &Document, operation: &Operation, page: &Page) -> Result<()> {
    let list = |path: &str| has_list(document, operation, path);
    let value = |path: &str| answers(document, operation, path);
    match page {
        Page::Number { page, size, items, pages } => {
            has_query(operation, page)?;
            has_query(operation, size)?;
            list(items)?;
            value(pages)
        }
        Page::Cursor { cursor, r#in, size, items, next, more } => {
            match r#in {
                CursorPlace::Query => has_query(operation, cursor)?,
                CursorPlace::Body => has_field(operation, cursor)?,
            }
            if has_query(operation, size).is_err() {
                has_field(operation, size)?;
            }
            list(items)?;
            value(next)?;
            more.as_deref().map_or(Ok(()), value)
        }
        Page::Token { operation: next_operation, param, items, next } => {
            let follow = document.operation(next_operation).with_context(|| {
                format!("`page.operation` is `{next_operation}`, which is no operation")
            })?;
            ensure!(
                follow.params.iter().any(|known| known.wire == *param),
                "`page.param` is `{param}`, which is no parameter of `{next_operation}`"
            );
            list(items)?;
            value(next)
        }
        Page::Limit { size, items } => {
            has_query(operation, size)?;
            list(items)
        }
    }
}

fn has_query(operation: &Operation, wire: &str) -> Result<()> {
    let found =
        operation.params.iter().any(|param| param.wire == wire && param.place == Place::Query);
    ensure!(found, "the overlay names `{wire}`, which is no query parameter");
    Ok(())
}

fn has_field(operation: &Operation, wire: &str) -> Result<()> {
    let found = operation.body.iter().flat_map(|body| &body.fields).any(|field| field.wire == wire);
    ensure!(found, "the overlay names `{wire}`, which is no field of the body");
    Ok(())
}

fn answers(document: &Document, operation: &Operation, path: &str) -> Result<()> {
    let answer =
        operation.answer().context("the overlay says how it is paged, and it answers no JSON")?;
    match at_path(&document.root, answer, path) {
        Some(_) => Ok(()),
        None => bail!("the overlay names `{path}`, which is not in the answer"),
    }
}

fn has_list(document: &Document, operation: &Operation, path: &str) -> Result<()> {
    answers(document, operation, path)?;
    let found = operation.answer().and_then(|answer| at_path(&document.root, answer, path));
    ensure!(
        found.is_some_and(|schema| is_list(&document.root, schema)),
        "the overlay says that the items are at `{path}`, where the answer has no list"
    );
    Ok(())
}
