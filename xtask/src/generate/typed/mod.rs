//! The typed door: progenitor's methods and typify's types, remade over our session.

mod by_id;
mod code;
mod docs;
mod enums;
mod files;
pub(crate) mod methods;
mod prepare;
mod secrets;
mod special;
pub(crate) mod syntax;
pub(crate) mod types;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use anyhow::{Context, Result, anyhow, ensure};
use heck::ToSnakeCase;
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use syn::{Ident, Item};

use super::document::Document;
use super::output::Output;
use super::pointer::reference_name;
pub(crate) use by_id::Held;
use methods::Method;
use types::Types;

pub(crate) use docs::{operation as operation_docs, plain};
pub(crate) use special::reasons as special_reasons;

/// The typed door of one service.
pub(crate) struct Typed<'a> {
    pub(crate) document: &'a Document,
    pub(crate) methods: Vec<Method<'a>>,
    pub(crate) types: Types,
}

/// Makes a service's typed door and writes it into its crate.
pub(crate) fn generate<'a>(document: &'a Document, output: &mut Output) -> Result<Typed<'a>> {
    let typed = make(document)?;
    files::write(&typed, output)?;
    by_id::write(&typed, output)?;
    Ok(typed)
}

fn make(document: &Document) -> Result<Typed<'_>> {
    let place = format!("spec/{}/openapi.yaml", document.service.slug);
    let prepared =
        serde_json::from_value(prepare::prepare(document)).with_context(|| place.clone())?;
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_map_type("::std::collections::BTreeMap");
    // Some of its refusals are panics; it shares nothing with us that could be left half-made.
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&prepared)
    }));
    let tokens = outcome
        .map_err(|_| anyhow!("{place}: progenitor panics over it (its words are above)"))?
        .map_err(|fault| anyhow!("{place}: progenitor refuses it: {fault}"))?;
    let mut file: syn::File =
        syn::parse2(tokens).with_context(|| format!("{place}: progenitor made no Rust"))?;
    let at = file
        .items
        .iter()
        .position(|item| matches!(item, Item::Mod(module) if module.ident == "types"));
    let items = match at.map(|at| file.items.remove(at)) {
        Some(Item::Mod(module)) => module.content.map(|(_, items)| items).unwrap_or_default(),
        _ => Vec::new(),
    };
    ensure!(!items.is_empty(), "{place}: progenitor made no types");
    let types = types::remake(document, items).with_context(|| place.clone())?;
    let methods = methods::read(document, &file)?;
    Ok(Typed { document, methods, types })
}

/// The names of the schemas that are forms.
fn form_names(document: &Document) -> BTreeSet<String> {
    let bodies = document.operations.iter().filter_map(|operation| operation.body.as_ref());
    bodies
        .filter(|body| body.multipart)
        .filter_map(|body| reference_name(&body.schema))
        .map(str::to_owned)
        .collect()
}

/// typify's name of a property.
pub(crate) fn field_ident(wire: &str) -> Ident {
    let name = wire.to_snake_case();
    syn::parse_str::<Ident>(&name).unwrap_or_else(|_| quote::format_ident!("{name}_"))
}
