//! Resource builders of the facade: `av.videos().list().page_size(50).send()`.

mod call;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Ident};

use super::output::Output;
use super::service::SERVICES;
use super::typed::syntax::docs;
use super::typed::{Typed, plain};
use call::Call;

const FOLDER: &str = "crates/framekey/src/generated";

/// Writes the facade's `generated/` folder.
pub(crate) fn generate(services: &[Typed<'_>], output: &mut Output) -> Result<()> {
    output.folder(FOLDER);
    let modules = SERVICES.map(|service| {
        let (feature, module) = (service.slug, format_ident!("{}", service.module));
        quote!(#[cfg(feature = #feature)] pub mod #module;)
    });
    output.rust(
        &format!("{FOLDER}/mod.rs"),
        "Resources and their calls.",
        quote!(mod request; #(#modules)*),
    )?;
    output.rust(&format!("{FOLDER}/request.rs"), "What every call can do.", request_macro())?;
    for typed in services {
        generate_service(typed, output)
            .with_context(|| format!("spec/{}/openapi.yaml", typed.document.service.slug))?;
    }
    Ok(())
}

/// Sending and awaiting are the same for all calls. Arguments may be secrets: Debug shows none.
fn request_macro() -> TokenStream {
    quote! {
        macro_rules! request {
            ($name:ident, $id:literal, $answer:ty) => {
                impl $name {
                    /// Sends it and answers the value alone.
                    ///
                    /// # Errors
                    /// See [`framekey_runtime::Session::send`].
                    pub async fn send(self) -> Result<$answer, framekey_runtime::Error> {
                        Ok(self.response().await?.into_inner())
                    }
                }

                impl ::std::future::IntoFuture for $name {
                    type Output = Result<$answer, framekey_runtime::Error>;
                    type IntoFuture = framekey_runtime::BoxFuture<'static, Self::Output>;

                    fn into_future(self) -> Self::IntoFuture {
                        Box::pin(self.send())
                    }
                }

                impl ::std::fmt::Debug for $name {
                    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str(concat!("a call of ", $id))
                    }
                }
            };
        }

        pub(crate) use request;
    }
}

fn generate_service(typed: &Typed<'_>, output: &mut Output) -> Result<()> {
    let service = typed.document.service;
    let folder = format!("{FOLDER}/{}", service.module);
    let core = format_ident!("framekey_{}", service.core.replace('-', "_"));
    let client = format_ident!("{}", service.variant);
    let mut resources: BTreeSet<&str> = BTreeSet::new();
    for operation in &typed.document.operations {
        let mut resource = operation.resource.as_str();
        resources.insert(resource);
        while let Some((outer, _)) = resource.rsplit_once('.') {
            resources.insert(outer);
            resource = outer;
        }
    }
    let mut groups: BTreeMap<&str, Vec<TokenStream>> = BTreeMap::new();
    for resource in &resources {
        let group = resource.split('.').next().unwrap_or(resource);
        groups.entry(group).or_default().push(write_resource(typed, resource, &resources)?);
    }
    let modules: Vec<Ident> = groups.keys().map(|name| format_ident!("{name}")).collect();
    let outermost = resources.iter().filter(|resource| !resource.contains('.')).map(|resource| {
        let (method, ty) = (format_ident!("{resource}"), camel(resource));
        let doc = tag_text(typed, resource);
        quote! {
            #(#doc)*
            #[must_use]
            pub fn #method(&self) -> #ty {
                #ty { core: self.core.clone() }
            }
        }
    });
    let tokens = quote! {
        #(mod #modules;)*

        pub use #core::types;
        #(pub use #modules::*;)*

        impl crate::#client { #(#outermost)* }
    };
    output.rust(&format!("{folder}/mod.rs"), &format!("Resources of {}.", service.slug), tokens)?;
    for (name, code) in groups {
        let tokens = quote! {
            #[allow(unused_imports)]
            use framekey_runtime::typed::{EventStream, File, Patch, ResponseValue, SecretText};
            use framekey_runtime::Error;
            #[allow(unused_imports)]
            use #core::{Client, types};

            use crate::generated::request::request;

            #(#code)*
        };
        output.rust(&format!("{folder}/{name}.rs"), &format!("Calls of `{name}`."), tokens)?;
    }
    Ok(())
}

fn camel(text: &str) -> Ident {
    format_ident!("{}", text.replace('.', "_").to_upper_camel_case())
}

fn tag_text(typed: &Typed<'_>, resource: &str) -> Vec<Attribute> {
    let tags = typed.document.root.get("tags").and_then(serde_json::Value::as_array);
    let tag =
        tags.into_iter().flatten().find(|tag| tag.get("name").is_some_and(|name| name == resource));
    let text = tag.and_then(|tag| tag.get("description")?.as_str()).unwrap_or_default();
    docs(&[if text.is_empty() { format!("Operations of `{resource}`.") } else { plain(text) }])
}

fn write_resource(typed: &Typed<'_>, resource: &str, all: &BTreeSet<&str>) -> Result<TokenStream> {
    let name = camel(resource);
    let doc = tag_text(typed, resource);
    let prefix = format!("{resource}.");
    let inner: Vec<&str> = all
        .iter()
        .filter_map(|other| other.strip_prefix(&prefix))
        .filter(|rest| !rest.contains('.'))
        .collect();
    let nested = inner.iter().map(|rest| {
        let (method, ty) = (format_ident!("{rest}"), camel(&format!("{prefix}{rest}")));
        let doc = tag_text(typed, &format!("{prefix}{rest}"));
        quote! {
            #(#doc)*
            #[must_use]
            pub fn #method(&self) -> #ty {
                #ty { core: self.core.clone() }
            }
        }
    });
    let own = typed.methods.iter().filter(|method| method.operation.resource == resource);
    let mut verbs = Vec::new();
    let mut calls = Vec::new();
    for method in own {
        let operation = method.operation;
        ensure!(
            !inner.contains(&operation.verb.as_str()),
            "operation `{}`: its verb is also a resource inside `{resource}`",
            operation.id
        );
        let call =
            Call::of(typed, method).with_context(|| format!("operation `{}`", operation.id))?;
        verbs.push(call.verb(operation));
        calls.push(call.code(typed, method)?);
    }
    Ok(quote! {
        #(#doc)*
        #[derive(Clone, Debug)]
        pub struct #name {
            pub(super) core: Client,
        }

        impl #name { #(#verbs)* #(#nested)* }

        #(#calls)*
    })
}
