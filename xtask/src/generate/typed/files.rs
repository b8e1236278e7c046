//! Which file of a core crate holds what: one file a resource for methods, and one for the types
//! that only this resource uses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::Typed;
use super::methods::Answer;
use super::syntax::idents;
use crate::generate::document::Operation;
use crate::generate::output::Output;

/// Types that several resources use.
const SHARED: &str = "shared";

pub(crate) fn write(typed: &Typed<'_>, output: &mut Output) -> Result<()> {
    let service = typed.document.service;
    let folder = format!("crates/{}/src/generated", service.core);
    output.folder(&folder);
    let tokens = quote! {
        #[cfg(feature = "by-id")]
        pub(crate) mod by_id;
        mod client;
        pub mod types;

        pub use client::Client;
    };
    output.rust(&format!("{folder}/mod.rs"), "The typed client and its types.", tokens)?;
    write_client(typed, &folder, output)?;
    write_types(typed, &folder, output)
}

/// The outermost resource of an operation.
pub(crate) fn group(operation: &Operation) -> &str {
    operation.resource.split('.').next().unwrap_or(&operation.resource)
}

fn write_client(typed: &Typed<'_>, folder: &str, output: &mut Output) -> Result<()> {
    let mut groups: BTreeMap<&str, Vec<TokenStream>> = BTreeMap::new();
    for method in &typed.methods {
        let code = method.code(typed.document);
        let stream = method.stream_code(typed.document)?.map(|(code, _)| code);
        groups.entry(group(method.operation)).or_default().push(quote!(#code #stream));
    }
    let modules = groups.keys().map(|name| format_ident!("{name}"));
    let doc = format!(
        " The typed client of {}: one method an operation, arguments by position.",
        typed.document.service.slug
    );
    let tokens = quote! {
        #(mod #modules;)*

        use framekey_runtime::Session;

        #[doc = #doc]
        /// Clones share everything.
        #[derive(Clone, Debug)]
        pub struct Client {
            session: Session,
        }

        impl Client {
            /// A client over a session. The session's credentials decide what may be called.
            #[must_use]
            pub const fn new(session: Session) -> Self {
                Client { session }
            }

            /// The session that every call passes.
            #[must_use]
            pub const fn session(&self) -> &Session {
                &self.session
            }
        }
    };
    output.rust(&format!("{folder}/client/mod.rs"), "The client.", tokens)?;
    for (name, code) in groups {
        let tokens = quote! {
            #[allow(unused_imports)]
            use framekey_runtime::typed::{EventStream, Form, Framing, RequestBuilder, ResponseValue, encode_path};
            use framekey_runtime::{Error, catalog};

            use super::Client;
            #[allow(unused_imports)]
            use crate::generated::types;

            impl Client { #(#code)* }
        };
        output.rust(
            &format!("{folder}/client/{name}.rs"),
            &format!("Operations of `{name}`."),
            tokens,
        )?;
    }
    Ok(())
}

fn write_types(typed: &Typed<'_>, folder: &str, output: &mut Output) -> Result<()> {
    let homes = homes(typed)?;
    let mut groups: BTreeMap<&str, Vec<TokenStream>> = BTreeMap::new();
    for (name, home) in &homes {
        if let Some(made) = typed.types.get(*name) {
            let items = &made.items;
            groups.entry(home).or_default().push(quote!(#(#items)*));
        }
    }
    let modules: Vec<_> = groups.keys().map(|name| format_ident!("{name}")).collect();
    let tokens = quote! {
        #(mod #modules;)*

        #(pub use #modules::*;)*
    };
    output.rust(&format!("{folder}/types/mod.rs"), "What is sent and answered.", tokens)?;
    for (name, items) in groups {
        let head = match name {
            SHARED => "Types of several resources.".to_owned(),
            name => format!("Types of `{name}`."),
        };
        let tokens = quote! {
            #[allow(unused_imports)]
            use framekey_runtime::open_enum;
            #[allow(unused_imports)]
            use framekey_runtime::typed::{Extra, File, OpenEnum, Patch, SecretText};

            #[allow(unused_imports)]
            use super::*;

            #(#items)*
        };
        output.rust(&format!("{folder}/types/{name}.rs"), &head, tokens)?;
    }
    Ok(())
}

/// The file of each type that some method reaches; bodies of errors are reached by none.
fn homes<'a>(typed: &'a Typed<'_>) -> Result<BTreeMap<&'a str, &'a str>> {
    let mut homes: BTreeMap<&str, &str> = BTreeMap::new();
    for method in &typed.methods {
        let group = group(method.operation);
        let mut words: BTreeSet<String> = BTreeSet::new();
        for argument in &method.arguments {
            let ty = &argument.ty;
            words.extend(idents(quote!(#ty)));
        }
        if let Answer::Json(ty) | Answer::Events(ty, _) = &method.answer {
            words.extend(idents(quote!(#ty)));
        }
        if let Some((_, event)) = method.stream_code(typed.document)? {
            words.extend(idents(quote!(#event)));
        }
        let mut open: Vec<&str> = words
            .iter()
            .filter_map(|word| typed.types.get_key_value(word))
            .map(|(name, _)| name.as_str())
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            homes
                .entry(name)
                .and_modify(|home| {
                    if *home != group {
                        *home = SHARED
                    }
                })
                .or_insert(group);
            if let Some(made) = typed.types.get(name) {
                open.extend(made.mentions.iter().map(String::as_str));
            }
        }
    }
    Ok(homes)
}
