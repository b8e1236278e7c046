//! The option and error tables of the catalog, from `spec/options.yaml` and `spec/errors.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde::Deserialize;
use serde_json::Value;

use super::output::Output;
use super::service::SERVICES;
use super::yaml;

const ERRORS: &str = "spec/errors.yaml";
const OPTIONS: &str = "spec/options.yaml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorFile {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorEntry {
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) doc: String,
    #[serde(default)]
    pub(crate) status: Vec<u16>,
    codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionFile {
    options: Vec<OptionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptionEntry {
    pub(crate) name: String,
    on: OneOrMany,
    pub(crate) r#type: OptionType,
    /// It needs an operating system.
    #[serde(default)]
    pub(crate) native: bool,
    pub(crate) services: Vec<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, Vec<String>>,
    default: Option<Value>,
    pub(crate) doc: String,
    /// What a function in the place of the value is for, where one may stand there.
    pub(crate) function: Option<String>,
}

impl OptionEntry {
    /// Whether a client takes it.
    pub(crate) fn on_client(&self) -> bool {
        self.has(Target::Client)
    }

    fn has(&self, target: Target) -> bool {
        match &self.on {
            OneOrMany::One(one) => *one == target,
            OneOrMany::Many(many) => many.contains(&target),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Target),
    Many(Vec<Target>),
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    Client,
    Call,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OptionType {
    Secret,
    String,
    /// The name of a file: a text, but Python has a class of its own for it.
    Path,
    Boolean,
    Integer,
    Seconds,
    /// A function that gives a text.
    Callback,
    /// A function that is told something.
    Listener,
}

impl OptionType {
    pub(crate) fn is_function(self) -> bool {
        matches!(self, OptionType::Callback | OptionType::Listener)
    }
}

/// The rows of `spec/errors.yaml`.
pub(crate) fn read_errors(root: &Path) -> Result<Vec<ErrorEntry>> {
    let file: ErrorFile = yaml::parse(ERRORS, &yaml::text(root, ERRORS)?)?;
    Ok(file.errors)
}

/// The rows of `spec/options.yaml`.
pub(crate) fn read_options(root: &Path) -> Result<Vec<OptionEntry>> {
    let file: OptionFile = yaml::parse(OPTIONS, &yaml::text(root, OPTIONS)?)?;
    Ok(file.options)
}

/// Writes `errors.rs` and `options.rs`.
pub(crate) fn generate(root: &Path, output: &mut Output) -> Result<()> {
    let rows = errors(&read_errors(root)?)?;
    output.rust("crates/catalog/src/generated/errors.rs", "Every way a call can fail.", rows)?;
    let rows = options(&read_options(root)?)?;
    output.rust(
        "crates/catalog/src/generated/options.rs",
        "Every option of a client and of a call.",
        rows,
    )
}

fn errors(entries: &[ErrorEntry]) -> Result<TokenStream> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for ErrorEntry { kind, class, doc, status, codes } in entries {
        ensure!(seen.insert(("kind", kind)), "{ERRORS}: the kind `{kind}` stands there twice");
        ensure!(
            seen.insert(("class", class)),
            "{ERRORS}: the class `{class}` of the kind `{kind}` is taken already"
        );
        ensure!(!codes.is_empty(), "{ERRORS}: the kind `{kind}` has no `codes`");
        for code in codes {
            ensure!(
                seen.insert(("code", code)),
                "{ERRORS}: the code `{code}` of the kind `{kind}` is taken already"
            );
        }
        rows.push(quote! {
            ErrorRow { kind: #kind, class: #class, doc: #doc, status: &[#(#status),*], codes: &[#(#codes),*] }
        });
    }
    Ok(quote! {
        /// One kind of failure.
        #[derive(Debug)]
        pub struct ErrorRow {
            /// What code matches on: `rate_limited`.
            pub kind: &'static str,
            /// The exception's name in Python and JavaScript: `RateLimitError`.
            pub class: &'static str,
            /// What it means.
            pub doc: &'static str,
            /// The HTTP statuses that lead to it.
            pub status: &'static [u16],
            /// The stable codes that tell its cases apart.
            pub codes: &'static [&'static str],
        }

        /// One row per kind.
        pub static ERRORS: &[ErrorRow] = &[#(#rows),*];
    })
}

fn options(entries: &[OptionEntry]) -> Result<TokenStream> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for entry in entries {
        let OptionEntry { name, doc, .. } = entry;
        ensure!(*name == name.to_snake_case(), "{OPTIONS}: `{name}` is not in snake case");
        ensure!(seen.insert(name), "{OPTIONS}: the option `{name}` stands there twice");
        // What is set by name is a value: Rust's builders have methods for functions.
        if entry.r#type.is_function() {
            continue;
        }
        let (on_client, on_call) = (entry.has(Target::Client), entry.has(Target::Call));
        let kind = match entry.r#type {
            OptionType::Path => OptionType::String,
            other => other,
        };
        let kind = format_ident!("{kind:?}");
        let services =
            entry.services.iter().map(|slug| service(name, slug)).collect::<Result<Vec<_>>>()?;
        let mut env = Vec::new();
        for (slug, names) in &entry.env {
            ensure!(
                entry.services.contains(slug),
                "{OPTIONS}: `{name}` has `env` for {slug}, which it is not for"
            );
            let service = service(name, slug)?;
            env.push(quote!((#service, &[#(#names),*])));
        }
        let default = match &entry.default {
            None => quote!(None),
            Some(Value::String(text)) => quote!(Some(#text)),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => {
                let text = value.to_string();
                quote!(Some(#text))
            }
            Some(_) => bail!("{OPTIONS}: the default of `{name}` is not a text, number or flag"),
        };
        let native = entry.native.then(|| quote!(#[cfg(not(target_arch = "wasm32"))]));
        rows.push(quote! {
            #native
            OptionRow {
                name: #name, on_client: #on_client, on_call: #on_call, kind: OptionKind::#kind,
                services: &[#(#services),*], env: &[#(#env),*], default: #default,
                #[cfg(not(target_arch = "wasm32"))]
                doc: #doc,
            }
        });
    }
    Ok(quote! {
        use crate::Service;

        /// One option.
        #[derive(Debug)]
        pub struct OptionRow {
            /// Its name; in camel case in JavaScript.
            pub name: &'static str,
            /// Whether a client takes it.
            pub on_client: bool,
            /// Whether a single call takes it.
            pub on_call: bool,
            /// What it takes.
            pub kind: OptionKind,
            /// The services whose clients have it.
            pub services: &'static [Service],
            /// The environment variables it is read from where it is not given, first found wins.
            pub env: &'static [(Service, &'static [&'static str])],
            /// Its value where nothing says otherwise, as text.
            pub default: Option<&'static str>,
            /// What it does. A browser's module leaves it to the declarations.
            #[cfg(not(target_arch = "wasm32"))]
            pub doc: &'static str,
        }

        /// What an option takes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum OptionKind {
            /// A text that is never shown.
            Secret,
            /// A text.
            String,
            /// A flag.
            Boolean,
            /// A whole number from 0.
            Integer,
            /// A time in seconds, fractions allowed.
            Seconds,
        }

        /// One row per option.
        pub static OPTIONS: &[OptionRow] = &[#(#rows),*];
    })
}

fn service(option: &str, slug: &str) -> Result<TokenStream> {
    let service = SERVICES
        .iter()
        .find(|service| service.slug == slug)
        .with_context(|| format!("{OPTIONS}: `{option}` is for `{slug}`, which is no service"))?;
    let variant = format_ident!("{}", service.variant);
    Ok(quote!(Service::#variant))
}
